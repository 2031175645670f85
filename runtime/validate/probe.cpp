#include "runtime/validate/probe.hpp"

#include "runtime/validate/growth.hpp"
#include "runtime/validate/last_words.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <thread>

namespace patchbay::validate {
namespace {

using std::chrono::nanoseconds;

constinit thread_local const CurrentCall* current_call = nullptr;

size_t thread_count() {
    std::error_code problem;
    size_t count = 0;
    for (auto task = std::filesystem::directory_iterator("/proc/self/task", problem);
         !problem && task != std::filesystem::directory_iterator(); task.increment(problem))
        ++count;
    return count;
}

size_t own_threads = 1;

const char* name_of(Tag tag) {
    switch (tag) {
        case Tag::control: return "control";
        case Tag::lane: return "lane";
        default: return "worker";
    }
}

// How long this thread was ready to run and had no processor. 0 where the kernel does not say.
nanoseconds waited_for_processor() {
    std::ifstream file("/proc/thread-self/schedstat");
    int64_t ran = 0;
    int64_t waited = 0;
    return file >> ran >> waited ? nanoseconds(waited) : nanoseconds(0);
}

// Of the OwnTimes in the call that runs on this thread: one inside of another counts once.
constinit thread_local int own_times = 0;
constinit thread_local std::chrono::steady_clock::time_point own_start = {};
constinit thread_local nanoseconds own_time{0};

class Stopwatch {
public:
    explicit Stopwatch(bool runs) : runs_(runs) {
        if (!runs_) return;
        waited_ = waited_for_processor();
        own_time = nanoseconds(0);
        start_ = std::chrono::steady_clock::now();
    }
    nanoseconds elapsed() const {
        if (!runs_) return nanoseconds(0);
        const auto wall = std::chrono::steady_clock::now() - start_;
        return std::max(nanoseconds(0), wall - own_time - (waited_for_processor() - waited_));
    }

private:
    bool runs_;
    nanoseconds waited_{0};
    std::chrono::steady_clock::time_point start_;
};

// The heap, and what of it is the host's, in the call that is weighed on this thread.
constinit thread_local bool weighs = false;
constinit thread_local int64_t own_weight_before = 0;
constinit thread_local int64_t own_weight = 0;

int64_t heap() { return static_cast<int64_t>(bytes_in_use().value_or(0)); }

class Scales {
public:
    explicit Scales(bool on) {
        weighs = on;
        if (!on) return;
        own_weight = 0;
        before_ = heap();
    }
    ~Scales() { weighs = false; }
    int64_t weight() const { return weighs ? heap() - before_ - own_weight : 0; }

private:
    int64_t before_ = 0;
};

}  // namespace

OwnTime::OwnTime() {
    if (own_times++ > 0) return;
    if (weighs) own_weight_before = heap();
    own_start = std::chrono::steady_clock::now();
}

OwnTime::~OwnTime() {
    if (--own_times > 0) return;
    own_time += std::chrono::steady_clock::now() - own_start;
    if (weighs) own_weight += heap() - own_weight_before;
}

void count_own_threads() { own_threads = thread_count(); }

Probe::Probe(Conduct conduct, testing::Turns& turns) : conduct_(conduct), turns_(turns) {
    if (conduct.move_threads) carrier_ = std::make_unique<Carrier>();
}

const CurrentCall* Probe::current() { return current_call; }

bool Probe::call(const char* slot, Tag tag, const std::function<void()>& body) {
    const CurrentCall call{slot, tag, ++calls_};
    bool threw = false;
    if (tag == Tag::worker) {
        std::thread([&] { run(call, body, threw); }).join();
    } else if (carrier_) {
        carrier_->carry([&] { run(call, body, threw); });
        turns_.take_lane();
    } else {
        run(call, body, threw);
    }
    return !threw;
}

void Probe::run(const CurrentCall& call, const std::function<void()>& body, bool& threw) {
    const bool measured = conduct_.measure && call.tag == Tag::lane;
    if (call.tag != Tag::worker) turns_.take_lane();
    current_call = &call;
    note(last_words().slot, call.slot);
    const Scales scales(weighs_ && call.tag != Tag::worker);
    const Stopwatch watch(measured);
    try {
        body();
    } catch (const std::exception& thrown) {
        threw = true;
        find(Breach::exception,
             fmt::format("{} let an exception out: {}", call.slot, thrown.what()));
    } catch (...) {
        threw = true;
        find(Breach::exception, fmt::format("{} let an exception out", call.slot));
    }
    weight_ += scales.weight();
    if (measured) times_[{call.slot, ++calls_by_slot_[call.slot]}] = watch.elapsed();
    note(last_words().slot, "");
    current_call = nullptr;
}

void Probe::find(Breach breach, std::string what) {
    const auto* call = current();
    if (call && breach != Breach::exception) what += fmt::format(" (in {})", call->slot);
    const std::lock_guard lock(mutex_);
    findings_.push_back({breach, std::move(what)});
}

void Probe::find_alone(Breach breach, std::string what) {
    if (findings().empty()) find(breach, std::move(what));
}

bool Probe::allows(const char* function, Tag tag) {
    const auto* call = current();
    if (!call) {
        find(Breach::wrong_thread,
             fmt::format("{}() was called from a thread of the plugin's own", function));
        return false;
    }
    if (call->tag == tag) return true;
    find(Breach::wrong_thread, fmt::format("{}() is [{}], and was called from a [{}] function",
                                           function, name_of(tag), name_of(call->tag)));
    return false;
}

std::vector<Finding> Probe::findings() const {
    const std::lock_guard lock(mutex_);
    return findings_;
}

bool Probe::plugin_has_threads() const {
    return thread_count() > own_threads + (carrier_ ? Carrier::thread_count : 0);
}

}  // namespace patchbay::validate
