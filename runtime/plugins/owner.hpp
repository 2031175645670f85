// What a stream and a request have in common: HTTP calls, timers, children and posts hang on them,
// and the plugin's state is closed when all of those have had their completion.
//
//   live → (cancelling)? → over → closed
//
// Re-entry   the plugin is called from the lane's loop alone: what a host function causes comes on
//            a later turn.
// Ownership  an owner owns itself from live_on() until it is closed.
#pragma once

#include "runtime/plugins/attachment.hpp"
#include "runtime/plugins/handles.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/plugin_call.hpp"

#include <patchbay/abi/http.h>
#include <patchbay/abi/timer.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::plugins {

class RunScope;

class Owner {
public:
    virtual ~Owner();
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;

    // What the host's interfaces do: see stream.h, timer.h and http.h.
    static patchbay_status post(Instance& caller, patchbay_handle owner, patchbay_posted callback,
                                void* user);
    patchbay_status start_timer(uint64_t delay_us, patchbay_posted callback, void* user,
                                patchbay_handle* timer);
    static patchbay_status cancel_timer(const Instance& caller, patchbay_handle timer);
    patchbay_status start_call(const patchbay_http_start& request,
                               const patchbay_http_handler& handler, void* user,
                               patchbay_handle* call);

    // Whether one more of this kind may hang on it: OK, CANCELLED (it is ending) or LIMIT.
    patchbay_status admits(Attachment::Kind kind) const;

    // For what hangs on it. completed() deletes it, and perhaps the owner.
    void attach(std::unique_ptr<Attachment> attachment);
    void completed(const Attachment& attachment);
    template <class Call>
    void call_plugin(const char* slot, Call&& call);

    // The plugin broke its contract in what hangs on it: as after an exception in a callback.
    void fail(Error error);

    // The run that it answers in, while it is live; nullptr where there is none to ask.
    virtual RunScope* scope() const { return nullptr; }
    bool is_live() const { return stage_ == Stage::live; }

    net::Lane& lane() const { return lane_; }
    Instance& instance() const { return *instance_; }
    const InstanceRef& instance_ref() const { return instance_; }
    patchbay_handle handle() const { return handle_; }
    const std::string& run_id() const { return run_id_; }

protected:
    enum class Stage { live, cancelling, over, closed };

    Owner(net::Lane& lane, InstanceRef instance, HandleKind kind, std::string run_id);

    Stage stage() const { return stage_; }

    // The plugin took it over: from now on the owner owns itself.
    static void live_on(std::unique_ptr<Owner> self);

    // The plugin refused it: it hears nothing more, not even from what it has started.
    static void abandon(std::unique_ptr<Owner> self);

    // Cancels what hangs on it and, on a later turn, the plugin's state; after 5 s it is over.
    void cancel_plugin(patchbay_reason reason);

    // The plugin owes nothing more: closes when the last completion has been.
    void end();

    void pause_attached();
    void resume_attached();

    // Runs `step` on a later turn, and closes afterwards if it is time. Not closed before.
    template <class Step>
    void later(Step step);

    // Runs `step` unless the owner ends before, or another limit takes its place.
    void limit(std::chrono::milliseconds delay, net::Task step);

    // The plugin's slots.
    virtual void call_cancel(patchbay_reason reason) = 0;
    virtual void call_close() = 0;
    virtual void on_broken(Error error) = 0;  // a C++ exception came out of a callback

private:
    void run_post(patchbay_posted callback, void* user);
    template <class Chosen>
    void abort_if(Chosen chosen);
    void abort_all();
    void seal();
    void on_grace_over();
    void settle();

    net::Lane& lane_;
    InstanceRef instance_;
    std::string run_id_;
    patchbay_handle handle_;
    HandleKind kind_;
    Stage stage_ = Stage::live;
    bool muted_ = false;
    bool attached_paused_ = false;
    unsigned waiting_ = 0;  // steps on their way
    net::TimerId limit_ = 0;
    std::vector<std::unique_ptr<Attachment>> attached_;
    std::unique_ptr<Owner> self_;
};

template <class Call>
void Owner::call_plugin(const char* slot, Call&& call) {
    if (muted_) return;
    std::optional<Error> broken;
    {
        PluginCall frame(*instance_, slot, PluginCall::Where::lane, run_id_);
        if (!frame.guarded(std::forward<Call>(call))) broken = frame.error_of(PATCHBAY_E_INTERNAL);
    }
    if (broken && stage_ != Stage::closed) on_broken(std::move(*broken));
}

template <class Step>
void Owner::later(Step step) {
    ++waiting_;
    lane_.post([this, step = std::move(step)]() mutable {
        --waiting_;
        step();
        settle();
    });
}

// Whether a plugin names what is another's, in a call from any thread: that is counted as a fault.
// What is gone is no fault there: it may have gone on its lane meanwhile.
bool is_foreign(Instance& caller, patchbay_handle handle, const char* slot);

// The stream or request that a plugin names in a [lane] call; another instance's is stale. OK,
// STALE or WRONG_THREAD: the last two are counted as faults.
patchbay_status find_owner(const patchbay_host* host, patchbay_handle handle, const char* slot,
                           Owner*& owner);

}  // namespace patchbay::plugins
