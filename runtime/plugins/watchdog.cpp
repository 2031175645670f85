#include "runtime/plugins/watchdog.hpp"

#include "runtime/plugins/breadcrumb.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/job_pool.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 50ms;
constexpr int64_t first_report_ns = 200'000'000;
constexpr int64_t next_report_ns = 1'000'000'000;
// Making an instance may take its time; but while it does, no other is made, and nothing reloaded.
constexpr int64_t control_report_ns = 5'000'000'000;

// What was said of one thread's call.
struct Report {
    int64_t call_started_ns = 0;
    int64_t due_ns = 0;
    bool is_said = false;
};

// What blocks a lane for more than a second may never come back: it counts as a fault now, and with
// every second, so that the instance is turned off and says why.
void report(const CallMark& mark, int64_t started_ns, bool is_first) {
    const std::lock_guard instance_is_there(marked_instances());
    const auto call = mark.get();
    if (call.started_ns != started_ns) return;
    const auto what = fmt::format("{} has been blocking {} for {} ms", call.slot,
                                  call.on_lane ? "a lane" : "all changes of plugins",
                                  (coarse_now_ns() - started_ns) / 1'000'000);
    if (call.whose && !is_first) return call.whose->fault(what);
    spdlog::warn("plugin {}: {}", call.instance, what);
}

void look(const CallMark& mark, Report& said) {
    const auto call = mark.get();
    if (call.started_ns == 0) return;
    if (call.started_ns != said.call_started_ns)
        said = {call.started_ns,
                call.started_ns + (call.on_lane ? first_report_ns : control_report_ns), false};
    const auto now = coarse_now_ns();
    if (now < said.due_ns) return;
    const bool is_first = !std::exchange(said.is_said, true);
    said.due_ns = now + (call.on_lane ? next_report_ns : control_report_ns);
    report(mark, call.started_ns, is_first);
}

}  // namespace

Watchdog::Watchdog(JobPool* jobs)
    : thread_([jobs](const std::stop_token& stop) { watch(stop, jobs); }) {}

void Watchdog::watch(const std::stop_token& stop, JobPool* jobs) {
    std::array<Report, call_mark_count> reports{};
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    while (!never.wait_for(lock, stop, look_every, [&] { return stop.stop_requested(); })) {
        for (size_t i = 0; i < reports.size(); ++i) look(call_marks()[i], reports[i]);
        if (jobs) jobs->watch();
    }
}

}  // namespace patchbay::plugins
