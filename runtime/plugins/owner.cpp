#include "runtime/plugins/owner.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

constexpr auto grace = 5s;             // from cancel() until the host stops waiting for the plugin
constexpr auto call_end_time = 500ms;  // from finish() until HTTP calls that still run are aborted
constexpr size_t calls_limit = 64;
constexpr size_t timers_limit = 64;
constexpr unsigned posts_limit = 1024;
constexpr uint64_t longest_delay_us = 24ull * 60 * 60 * 1'000'000;

}  // namespace

struct Owner::Timer {
    Owner* owner;
    patchbay_posted callback;
    void* user;
    patchbay_handle handle{};
    net::TimerId id = 0;
    bool cancelled = false;
};

Owner::Owner(net::Lane& lane, InstanceRef instance, HandleKind kind, std::string run_id)
    : lane_(lane),
      instance_(std::move(instance)),
      run_id_(std::move(run_id)),
      handle_(handles().add(kind, this, lane, run_id_)),
      kind_(kind) {}

Owner::~Owner() {
    // Last of all: who waits until no handle is open may destroy the instance now.
    if (handle_.bits) handles().free(handle_);
}

void Owner::live_on(std::unique_ptr<Owner> self) {
    auto& owner = *self;
    owner.self_ = std::move(self);
}

void Owner::abandon(std::unique_ptr<Owner> self) {
    auto& owner = *self;
    owner.self_ = std::move(self);
    owner.muted_ = true;
    if (!owner.calls_.empty() || !owner.timers_.empty())
        owner.instance_->fault("left HTTP calls or timers behind in a call that failed");
    owner.stage_ = Stage::over;
    owner.seal();
    owner.cancel_timers();
    owner.cancel_calls();
    owner.settle();
}

// --- the end ------------------------------------------------------------------------------------

void Owner::cancel_plugin(patchbay_reason reason) {
    if (stage_ != Stage::live) return;
    stage_ = Stage::cancelling;
    // Posted before the completions of what is cancelled below, so the plugin hears it first.
    later([this, reason] {
        if (stage_ == Stage::cancelling) call_cancel(reason);
    });
    cancel_timers();
    cancel_calls();
    limit(grace, [this] { on_grace_over(); });
}

void Owner::on_grace_over() {
    instance_->fault("did not end within 5 s of cancel()");
    handles().expire(handle_);
    end();
}

void Owner::end() {
    stage_ = Stage::over;
    lane_.loop().cancel(std::exchange(limit_, 0));
    seal();
    cancel_timers();
    if (!calls_.empty()) {
        // A call that is about to end keeps its connection for the next one.
        resume_calls();
        limit(call_end_time, [this] { cancel_calls(); });
    }
    later([] {});
}

void Owner::settle() {
    const bool pending = waiting_ > 0 || !calls_.empty() || !timers_.empty();
    if (stage_ != Stage::over || pending || !self_) return;
    if (!handles().retire(handle_)) return;  // posts are on their way
    lane_.loop().cancel(std::exchange(limit_, 0));
    call_close();
    const auto last = std::move(self_);
}

void Owner::seal() {
    net::Lane* lane = nullptr;
    handles().seal(handle_, kind_, lane);
}

void Owner::limit(std::chrono::milliseconds delay, net::Task step) {
    lane_.loop().cancel(limit_);
    limit_ = lane_.loop().after(delay, [this, step = std::move(step)]() mutable {
        limit_ = 0;
        auto once = std::move(step);  // the step may set the next limit
        once();
    });
}

// --- posts --------------------------------------------------------------------------------------

patchbay_status Owner::post(patchbay_handle owner, patchbay_posted callback, void* user) {
    if (!callback) return PATCHBAY_E_BAD_REQUEST;
    void* object = nullptr;
    net::Lane* lane = nullptr;
    const auto status = handles().pin(owner, posts_limit, object, lane);
    if (status != PATCHBAY_OK) return status;
    lane->post(
        [self = static_cast<Owner*>(object), callback, user] { self->run_post(callback, user); });
    return PATCHBAY_OK;
}

void Owner::run_post(patchbay_posted callback, void* user) {
    const patchbay_status status = stage_ == Stage::over ? PATCHBAY_E_CANCELLED : PATCHBAY_OK;
    call_plugin("posted", [&] { callback(user, status); });
    handles().unpin(handle_);
    settle();
}

// --- timers -------------------------------------------------------------------------------------

patchbay_status Owner::start_timer(uint64_t delay_us, patchbay_posted callback, void* user,
                                   patchbay_handle* timer) {
    if (!callback || !timer || delay_us > longest_delay_us) return PATCHBAY_E_BAD_REQUEST;
    if (stage_ != Stage::live) return PATCHBAY_E_CANCELLED;
    if (timers_.size() >= timers_limit) return PATCHBAY_E_LIMIT;
    auto& added = *timers_.emplace_back(std::make_unique<Timer>(Timer{this, callback, user}));
    added.handle = handles().add(HandleKind::timer, &added, lane_, run_id_);
    if (!added.handle.bits) {
        timers_.pop_back();
        return PATCHBAY_E_LIMIT;
    }
    added.id = lane_.loop().after(std::chrono::microseconds(delay_us),
                                  [this, &added] { run_timer(added, PATCHBAY_OK); });
    *timer = added.handle;
    return PATCHBAY_OK;
}

patchbay_status Owner::cancel_timer(const Instance& caller, patchbay_handle timer) {
    void* object = nullptr;
    const auto status = handles().find(timer, HandleKind::timer, object);
    if (status != PATCHBAY_OK) return status;
    auto& found = *static_cast<Timer*>(object);
    if (&found.owner->instance() != &caller || found.cancelled) return PATCHBAY_E_STALE;
    found.owner->cancel(found);
    return PATCHBAY_OK;
}

void Owner::cancel(Timer& timer) {
    if (std::exchange(timer.cancelled, true)) return;
    lane_.loop().cancel(timer.id);
    lane_.post([this, &timer] { run_timer(timer, PATCHBAY_E_CANCELLED); });
}

void Owner::cancel_timers() {
    for (const auto& timer : timers_) cancel(*timer);
}

void Owner::run_timer(const Timer& timer, patchbay_status status) {
    const auto place = std::find_if(timers_.begin(), timers_.end(),
                                    [&](const auto& each) { return each.get() == &timer; });
    const auto ended = std::move(*place);
    timers_.erase(place);
    handles().retire(ended->handle);
    handles().free(ended->handle);
    call_plugin("timer", [&] { ended->callback(ended->user, status); });
    settle();
}

// --- HTTP calls ---------------------------------------------------------------------------------

patchbay_status Owner::start_call(const patchbay_http_start& request,
                                  const patchbay_http_handler& handler, void* user,
                                  patchbay_handle* call) {
    if (stage_ != Stage::live) return PATCHBAY_E_CANCELLED;
    if (calls_.size() >= calls_limit) return PATCHBAY_E_LIMIT;
    auto added = std::make_unique<BoundCall>(*this, request.flags, handler, user);
    if (const auto status = added->start(request); status != PATCHBAY_OK) return status;
    if (calls_paused_) added->pause();
    *call = added->handle();
    calls_.push_back(std::move(added));
    return PATCHBAY_OK;
}

void Owner::completed(const BoundCall& call) {
    std::erase_if(calls_, [&](const auto& each) { return each.get() == &call; });
    settle();
}

void Owner::cancel_calls() {
    for (const auto& call : calls_) call->abort();
}

void Owner::pause_calls() {
    if (std::exchange(calls_paused_, true)) return;
    for (const auto& call : calls_) call->pause();
}

void Owner::resume_calls() {
    if (!std::exchange(calls_paused_, false)) return;
    for (const auto& call : calls_) call->resume();
}

// --- finding ------------------------------------------------------------------------------------

patchbay_status find_owner(const patchbay_host* host, patchbay_handle handle, const char* slot,
                           Owner*& owner) {
    void* object = nullptr;
    auto status = handles().find_owner(handle, object);
    owner = static_cast<Owner*>(object);
    if (status == PATCHBAY_OK && owner->instance().host() != host) status = PATCHBAY_E_STALE;
    if (status != PATCHBAY_OK)
        Instance::of(host).fault(fmt::format("called {} {}", slot,
                                             status == PATCHBAY_E_STALE
                                                 ? "with a stale handle"
                                                 : "from a thread that is not its lane"));
    return status;
}

}  // namespace patchbay::plugins
