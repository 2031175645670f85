// One instance of the plugin under test, in a fake host, with a probe on the border between them.
//
//   plugin ⇄ Probe (plugin_side, host_side) ⇄ testing::FakeHost
//
// The fake host keeps the contract's rules and the virtual time; the border between them watches:
// it wraps the tables of both, so that neither knows of it.
#pragma once

#include "runtime/validate/lent_pages.hpp"
#include "runtime/validate/probe.hpp"
#include "runtime/validate/world.hpp"

#include <patchbay/abi/plugin.h>
#include <patchbay/testing/fake_host.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace patchbay::validate {

// Which of the host's functions refuse, in a test about that.
enum class Refusal { none, timers, calls, posts, children, tools, reads, store, jobs, questions };

// What a plugin says that it can do.
enum class Offer { models, methods, tools };

struct HostTraits {
    Conduct conduct = {};
    std::set<std::string> hidden = {};  // interfaces that this host does not have
    const char* version = "0.1.0";
    bool newer = false;  // it has event kinds and error codes that nobody knows yet
};

class Session {
public:
    // `plugin` lives as long as the process. Sessions may live side by side, on one thread.
    Session(const patchbay_plugin& plugin, HostTraits traits);
    ~Session();  // ends what is open, destroys the instance
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Makes the instance. Once. A failure without a reason is a finding too.
    Result<void> create(std::string_view config_json);

    // Runs turns until `done`, or until nothing can come any more. Returns done(). The clock jumps
    // from turn to turn; when the plugin has threads of its own, it gives them time to act.
    bool run_until(const std::function<bool()>& done,
                   std::chrono::microseconds limit = std::chrono::minutes(10));

    // Ends what is open and destroys the instance: what the destructor does, when it matters what
    // came of it.
    void shut_down();

    testing::FakeHost& host() { return host_; }
    Probe& probe() { return probe_; }
    const patchbay_plugin& plugin() const { return plugin_; }

    // What the plugin meets from now on.
    void set_world(World world) { world_ = std::move(world); }

    // models(), methods() or describe(): asked once, as the server does.
    const std::string& offer(Offer offer);

    // From now on these functions of the host fail with LIMIT.
    void set_refusal(Refusal refusal) { refusal_ = refusal; }

    // The host's interfaces that the plugin asked for so far.
    std::set<std::string> asked_interfaces() const {
        const std::lock_guard lock(asked_mutex_);
        return asked_;
    }
    size_t http_calls() const { return http_calls_; }

    // --- for the two sides of the border --------------------------------------------------------
    struct HostView {
        patchbay_host table;  // first: the plugin's host pointer is the HostView's
        Session* session;
        const patchbay_host* inner;
    };
    static Session& of(const patchbay_host* host) {
        return *reinterpret_cast<const HostView*>(host)->session;
    }
    const patchbay_host* inner() const { return view_.inner; }
    Refusal refusal() const { return refusal_; }

    // Handles as the plugin sees them: the fake host's 1, 2, 3 spread over all 64 bits, other ones
    // in each session, so that one who keeps, cuts or computes them meets nothing.
    patchbay_handle outer_handle(patchbay_handle inner) const;
    patchbay_handle inner_handle(patchbay_handle outer) const;

    // Runs `body`, which calls the plugin, with `lent` as what host functions may lend in it. False
    // when it let an exception out.
    bool call(const char* slot, Tag tag, LentMemory& lent, const std::function<void()>& body);

    // Memory that is lent until the plugin returns from the call that runs now.
    LentMemory* lent_in_call() { return lent_in_call_; }

    // Have the world answer what is about to be asked. False: the owner has had its 256.
    void add_answer(const patchbay_http_start& request);
    bool add_child(const patchbay_chat_start& request, patchbay_handle owner);
    bool add_tool_call(const patchbay_tool_start& request, patchbay_handle owner);
    void decide();
    bool odd_events() const { return world_.odd_events || traits_.newer; }
    bool is_newer() const { return traits_.newer; }

    // Around a call that may fail with a reason: open, check.
    void expect_reason() { error_set_ = false; }
    bool reason_given() const { return error_set_; }

    // The stream was told to pause, in the call that runs now; or to go on.
    void paused(uint64_t stream);
    void resumed(uint64_t stream) { pauses_.erase(stream); }

    // Of a middleware: where its own events go, and the batch that it is asked about now.
    void add_out(patchbay_handle out) { outs_.insert(out.bits); }
    bool is_out(patchbay_handle stream) const { return outs_.contains(stream.bits); }
    struct Batch {
        std::set<uint32_t> kinds;  // of its events
        size_t emitted = 0;        // by the middleware, meanwhile
    };
    Batch* batch = nullptr;

    std::map<uint32_t, uint32_t> metric_labels;  // metric → how many it has

private:
    static patchbay_status create_instance(const patchbay_host* host, patchbay_str config_json,
                                           void** instance);
    static void destroy_instance(void* instance);
    static const void* get_interface(patchbay_str interface_id);
    static const void* host_interface(const patchbay_host* host, patchbay_str interface_id);
    static void set_error(const patchbay_host* host, const patchbay_error* error);

    const patchbay_plugin& plugin_;
    HostTraits traits_;
    patchbay_plugin wrapped_;
    HostView view_ = {};
    testing::FakeHost host_;
    Probe probe_;
    World world_;
    std::map<Offer, std::string> offers_;
    std::map<uint64_t, size_t> children_;  // owner → how many it has had
    std::map<uint64_t, size_t> tool_calls_;
    std::set<uint64_t> outs_;
    LentMemory* lent_in_call_ = nullptr;
    Refusal refusal_ = Refusal::none;
    mutable std::mutex asked_mutex_;  // of asked_
    std::set<std::string> asked_;
    std::map<uint64_t, uint64_t> pauses_;  // stream → the call in which it was told
    size_t http_calls_ = 0;
    uint64_t first_handle_;  // what is added to the fake host's
    bool created_ = false;
    bool error_set_ = false;
};

// The host's table with this id, as the plugin sees it; nullptr = none. host_side.cpp
const void* wrapped_host_table(std::string_view id);

// The plugin's table with this id, as the fake host sees it. Calls go to `table`. plugin_side.cpp
const void* wrapped_plugin_table(std::string_view id, const void* table);

// What the fake host knows as the plugin's instance.
struct WrappedInstance {
    Session* session;
    void* instance;
};

}  // namespace patchbay::validate
