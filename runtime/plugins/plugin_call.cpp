#include "runtime/plugins/plugin_call.hpp"

#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/late_calls.hpp"

#include <fmt/format.h>

namespace patchbay::plugins {
namespace {

// Beyond this a call on a lane is a fault.
constexpr int64_t lane_limit_ns = 5'000'000;

constinit thread_local PluginCall* innermost = nullptr;

// The coarse clock is late by up to one tick at either end: what is over this is surely over.
int64_t sure_limit_ns() {
    static const int64_t limit = lane_limit_ns + coarse_tick_ns();
    return limit;
}

}  // namespace

PluginCall* PluginCall::current() { return innermost; }

bool PluginCall::is_inside(const Instance& instance) {
    for (const auto* call = innermost; call; call = call->outer_) {
        if (&call->instance_ == &instance) return true;
    }
    return false;
}

PluginCall::PluginCall(Instance& instance, const char* slot, Where where, std::string_view run_id)
    : instance_(instance),
      where_(where),
      breadcrumb_{instance.lasting_name(), slot, run_id, current_breadcrumb()},
      outer_(innermost) {
    set_breadcrumb(&breadcrumb_);
    innermost = this;
    auto* const mark = CallMark::of_this_thread();  // and with it a stack for signal handlers
    if (where_ == Where::worker) return;
    started_ns_ = coarse_now_ns();
    if (on_lane() && !outer_) note_call_begins(started_ns_);
    if (!mark) return;
    if (outer_) outer_mark_ = mark->get();
    mark->set(
        {started_ns_, breadcrumb_.instance, slot, on_lane() ? &instance : nullptr, on_lane()});
}

PluginCall::~PluginCall() {
    innermost = outer_;
    set_breadcrumb(breadcrumb_.outer);
    if (where_ == Where::worker) return;
    const auto in_all_ns = coarse_now_ns() - started_ns_;
    if (outer_) outer_->others_ns_ += in_all_ns;
    if (auto* const mark = CallMark::of_this_thread()) {
        if (outer_mark_.started_ns != 0) outer_mark_.started_ns += in_all_ns;
        mark->set(outer_mark_);
    }
    const auto held_ns = in_all_ns - others_ns_;
    if (on_lane() && held_ns > sure_limit_ns())
        instance_.fault(
            fmt::format("{} held its lane for {} ms", breadcrumb_.slot, held_ns / 1'000'000),
            instance_.late_calls().weigh(held_ns, processor_wait_ns()));
}

Error PluginCall::error_of(patchbay_status status) {
    if (error_) return *std::exchange(error_, std::nullopt);
    return {.code = code_of(status),
            .message = fmt::format("{}: {} failed ({}) without saying why", instance_.name(),
                                   breadcrumb_.slot, name_of(code_of(status)))};
}

void PluginCall::threw(std::string_view what) noexcept {
    instance_.fault(
        fmt::format("{} let a C++ exception out: {}", breadcrumb_.slot, printable(what, 200)));
    error_ = Error{.code = ErrorCode::internal,
                   .message = fmt::format("{}: {} let a C++ exception out: {}", instance_.name(),
                                          breadcrumb_.slot, printable(what, 200))};
}

}  // namespace patchbay::plugins
