#include "runtime/plugins/owner.hpp"

#include "runtime/plugins/bound_call.hpp"
#include "runtime/plugins/bound_timer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

constexpr auto grace = 5s;             // from cancel() until the host stops waiting for the plugin
constexpr auto call_end_time = 500ms;  // from finish() until HTTP calls that still run are aborted
constexpr unsigned posts_limit = 1024;
constexpr uint64_t longest_delay_us = 24ull * 60 * 60 * 1'000'000;

// How many of a kind may hang on one owner at a time: what the headers promise.
constexpr size_t limit_of(Attachment::Kind kind) {
    switch (kind) {
        case Attachment::Kind::timer:
        case Attachment::Kind::http_call: return 64;
        case Attachment::Kind::read: return 4;
        default: return 16;
    }
}

}  // namespace

Owner::Owner(net::Lane& lane, InstanceRef instance, HandleKind kind, std::string run_id)
    : lane_(lane),
      instance_(std::move(instance)),
      run_id_(std::move(run_id)),
      handle_(handles().add(kind, this, lane, run_id_, instance_.get())),
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
    if (!owner.attached_.empty())
        owner.instance_->fault(
            "left HTTP calls, timers, children or jobs behind in a call that failed");
    owner.stage_ = Stage::over;
    owner.seal();
    owner.abort_all();
    owner.settle();
}

// --- the end ------------------------------------------------------------------------------------

void Owner::cancel_plugin(patchbay_reason reason) {
    if (stage_ != Stage::live) return;
    stage_ = Stage::cancelling;
    // Who waits for a child, a tool, an upstream or the reader has done its part.
    const bool waits = attached_paused_ || std::ranges::any_of(attached_, [](const auto& each) {
                           return each->kind() != Attachment::Kind::timer;
                       });
    if (reason == PATCHBAY_REASON_DEADLINE && kind_ == HandleKind::stream && !waits)
        instance_->fault("had not finished its answer when the time of its run was up",
                         FaultWeight::forgiven);
    // Posted before the completions of what is cancelled below, so the plugin hears it first.
    later([this, reason] {
        if (stage_ == Stage::cancelling) call_cancel(reason);
    });
    abort_all();
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
    // A call that is about to end keeps its connection for the next one.
    const auto may_end = [](const Attachment& each) {
        return each.kind() == Attachment::Kind::http_call;
    };
    abort_if([&](const Attachment& each) { return !may_end(each); });
    if (!attached_.empty()) {
        resume_attached();
        limit(call_end_time, [this] { abort_all(); });
    }
    later([] {});
}

void Owner::settle() {
    const bool pending = waiting_ > 0 || !attached_.empty();
    if (stage_ != Stage::over || pending || !self_) return;
    if (!handles().retire(handle_)) return;  // posts are on their way
    lane_.loop().cancel(std::exchange(limit_, 0));
    stage_ = Stage::closed;  // what close() does wrong is counted, and nothing may follow
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

patchbay_status Owner::post(Instance& caller, patchbay_handle owner, patchbay_posted callback,
                            void* user) {
    if (!callback) return PATCHBAY_E_BAD_REQUEST;
    if (is_foreign(caller, owner, "post()")) return PATCHBAY_E_STALE;
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

// --- what hangs on it ---------------------------------------------------------------------------

patchbay_status Owner::admits(Attachment::Kind kind) const {
    if (stage_ != Stage::live) return PATCHBAY_E_CANCELLED;
    const auto same =
        std::ranges::count_if(attached_, [&](const auto& each) { return each->kind() == kind; });
    return static_cast<size_t>(same) < limit_of(kind) ? PATCHBAY_OK : PATCHBAY_E_LIMIT;
}

void Owner::attach(std::unique_ptr<Attachment> attachment) {
    if (attached_paused_) attachment->pause();
    attached_.push_back(std::move(attachment));
}

void Owner::completed(const Attachment& attachment) {
    std::erase_if(attached_, [&](const auto& each) { return each.get() == &attachment; });
    settle();
}

void Owner::fail(Error error) {
    if (!muted_) on_broken(std::move(error));
}

// By index: an abort may complete what it ends, but never on this turn.
template <class Chosen>
void Owner::abort_if(Chosen chosen) {
    for (size_t i = 0; i < attached_.size(); ++i) {
        if (chosen(*attached_[i])) attached_[i]->abort();
    }
}

void Owner::abort_all() {
    abort_if([](const Attachment&) { return true; });
}

void Owner::pause_attached() {
    if (std::exchange(attached_paused_, true)) return;
    for (const auto& each : attached_) each->pause();
}

void Owner::resume_attached() {
    if (!std::exchange(attached_paused_, false)) return;
    for (const auto& each : attached_) each->resume();
}

patchbay_status Owner::start_timer(uint64_t delay_us, patchbay_posted callback, void* user,
                                   patchbay_handle* timer) {
    if (!callback || !timer || delay_us > longest_delay_us) return PATCHBAY_E_BAD_REQUEST;
    if (const auto status = admits(Attachment::Kind::timer); status != PATCHBAY_OK) return status;
    auto added = std::make_unique<BoundTimer>(*this, callback, user);
    if (!added->start(delay_us)) return PATCHBAY_E_LIMIT;
    *timer = added->handle();
    attach(std::move(added));
    return PATCHBAY_OK;
}

patchbay_status Owner::cancel_timer(const Instance& caller, patchbay_handle timer) {
    void* object = nullptr;
    const auto status = handles().find(timer, HandleKind::timer, object);
    if (status != PATCHBAY_OK) return status;
    auto& found = static_cast<BoundTimer&>(*static_cast<Attachment*>(object));
    if (&found.owner().instance() != &caller || found.is_cancelled()) return PATCHBAY_E_STALE;
    found.abort();
    return PATCHBAY_OK;
}

patchbay_status Owner::start_call(const patchbay_http_start& request,
                                  const patchbay_http_handler& handler, void* user,
                                  patchbay_handle* call) {
    if (const auto status = admits(Attachment::Kind::http_call); status != PATCHBAY_OK)
        return status;
    auto added = std::make_unique<BoundCall>(*this, request.flags, handler, user);
    if (const auto status = added->start(request); status != PATCHBAY_OK) return status;
    *call = added->handle();
    attach(std::move(added));
    return PATCHBAY_OK;
}

// --- finding ------------------------------------------------------------------------------------

bool is_foreign(Instance& caller, patchbay_handle handle, const char* slot) {
    if (!handles().is_foreign(handle, caller)) return false;
    caller.fault(fmt::format("called {} with a handle of another plugin's", slot));
    return true;
}

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
