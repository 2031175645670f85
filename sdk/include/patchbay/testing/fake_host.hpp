// A host for a plugin's unit tests: no server, no network, no waiting.
//
//   FakeHost host;
//   ASSERT_TRUE(host.create(**load_plugin(path), R"({"base_url": "http://x"})"));
//   host.http().answer("http://x/chat/completions", {.chunks = {"data: …\n\n"}});
//   auto chat = host.open(ChatInput{.model = "m"});
//   host.run_until([&] { return (*chat)->closed(); });
//   EXPECT_EQ((*chat)->text(), "Hello");
//   EXPECT_TRUE(host.faults().empty());
//
// Life       one instance of one plugin. The destructor ends what is open and destroys it.
// Threads    the test's thread is the lane. A plugin's own threads may call [any-thread] functions.
// Time       virtual: it moves in advance() and run_until() only.
// Children   models, agents, tools, people and the history answer by script: see their headers.
// Checks     one finish, no emit after it, order, threads, UTF-8, limits, a reason for each
//            failure: what breaks the contract is in faults(). The JSON of events is not parsed.
#pragma once

#include <patchbay/abi/agent.h>
#include <patchbay/abi/exporter.h>
#include <patchbay/abi/history.h>
#include <patchbay/abi/log.h>
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
#include <patchbay/abi/secrets.h>
#include <patchbay/abi/timer.h>
#include <patchbay/abi/tool.h>
#include <patchbay/testing/fake_approval.hpp>
#include <patchbay/testing/fake_check.hpp>
#include <patchbay/testing/fake_children.hpp>
#include <patchbay/testing/fake_http.hpp>
#include <patchbay/testing/fake_inputs.hpp>
#include <patchbay/testing/fake_kv.hpp>
#include <patchbay/testing/fake_metrics.hpp>
#include <patchbay/testing/fake_pending.hpp>
#include <patchbay/testing/fake_secrets.hpp>
#include <patchbay/testing/fake_stream.hpp>
#include <patchbay/testing/fake_tools.hpp>
#include <patchbay/testing/fake_turn.hpp>
#include <patchbay/testing/fake_worker.hpp>
#include <patchbay/testing/lent_text.hpp>
#include <patchbay/testing/plugin_library.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::testing {

struct LogLine {
    uint32_t level = 0;
    std::string message;
    std::string fields_json;
};

// As patchbay_credential, owned.
struct FakeCredential {
    std::string id = {};
    std::string sha256 = {};  // 32 bytes
    std::string owner = "user:test";
    std::string name = "test";
    uint32_t role = PATCHBAY_ROLE_USER;
    bool revoked = false;
    int64_t expires_at_ms = 0;
};

class FakeHost {
public:
    FakeHost() {
        raw_.host = {.abi = PATCHBAY_ABI_MAJOR,
                     .draft = PATCHBAY_ABI_DRAFT,
                     .version = "0.0.0-fake",
                     .get_interface = &get_interface,
                     .set_error = &set_error};
        raw_.self = this;
    }
    ~FakeHost() { shut_down(); }
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    // --- the plugin -----------------------------------------------------------------------------
    // Makes the instance. Once.
    Result<void> create(const patchbay_plugin& plugin, std::string_view config_json = "{}");

    // What models(), methods() or describe() says; "" when the plugin is no such thing, or has no
    // such function.
    std::string models() const;
    std::string methods() const;
    std::string describe() const;

    // Opens a chat, an agent's answer, a tool's call; the error is the one that was given to
    // set_error().
    Result<FakeStream*> open(const ChatInput& input = {});
    Result<FakeStream*> open(const AgentInput& input);
    Result<FakeStream*> call(const ToolInput& input);

    // A turn before the middleware.
    FakeTurn& turn(const TurnInput& input = {});

    // Hands over a batch of spans, on no lane.
    Result<void> export_spans(std::string_view spans_json);

    // Asks for a decision.
    FakeCheck& check(const CheckInput& input);

    // Cancels what is open, runs it to its end, destroys the instance. What is not closed by then
    // is a fault.
    void shut_down();

    // --- the world around it --------------------------------------------------------------------
    FakeHttp& http() { return http_; }
    FakeChildren& children() { return children_; }
    FakeTools& tools() { return tools_; }
    FakeApproval& approval() { return approval_; }
    FakeKv& kv() { return kv_; }
    FakeWorker& worker() { return worker_; }
    const FakeMetrics& metrics() const { return metrics_; }

    // What a read of the history gives: messages, or a failure.
    void set_history(Result<std::string> messages_json) { history_ = std::move(messages_json); }
    const std::vector<uint32_t>& history_reads() const { return history_reads_; }  // max_tokens

    void add_credential(FakeCredential credential) {
        credentials_[credential.id] = std::move(credential);
    }
    // `reference`: "${NAME}" or "${file:/path}".
    void add_secret(const std::string& reference, std::string value) {
        secrets_.add(reference, std::move(value));
    }
    // Hides one of the host's interfaces: an older host. Before create().
    void hide(std::string interface_id) { hidden_.insert(std::move(interface_id)); }

    // --- time -----------------------------------------------------------------------------------
    Turns::Time now() const { return lane_.turns.now(); }
    void run() { lane_.turns.run(); }
    void advance(Turns::Time time) { lane_.turns.advance(time); }
    bool run_until(const std::function<bool()>& done) { return lane_.turns.run_until(done); }
    Turns& turns() { return lane_.turns; }

    // --- what came of it ------------------------------------------------------------------------
    std::vector<std::string> faults() const { return lane_.faults(); }
    std::vector<LogLine> log_lines() const {
        const std::lock_guard lock(log_mutex_);
        return log_lines_;
    }

private:
    struct Raw {
        patchbay_host host;  // first: its address is the Raw's
        FakeHost* self;
    };
    static FakeHost& of(const patchbay_host* host) {
        return *reinterpret_cast<const Raw*>(host)->self;
    }
    template <class T>
    T* find(patchbay_handle handle) {
        const std::lock_guard lock(owners_mutex_);
        const auto found = owners_.find(handle.bits);
        return found == owners_.end() ? nullptr : dynamic_cast<T*>(found->second.get());
    }
    // What timers, calls and the like hang on: a stream or a request, no middleware's out.
    FakeOwner* find_owner(patchbay_handle handle) {
        auto* found = find<FakeOwner>(handle);
        return dynamic_cast<FakeTurnOut*>(found) ? nullptr : found;
    }
    template <class T>
    T& add_owner() {
        const std::lock_guard lock(owners_mutex_);
        auto owner = std::make_unique<T>(lane_, patchbay_handle{next_++});
        auto& added = *owner;
        owners_.emplace(added.handle().bits, std::move(owner));
        return added;
    }
    template <class Table>
    const Table* table(std::string_view interface_id) const {
        return static_cast<const Table*>(plugin_->get_interface(view_of(interface_id)));
    }
    // A stream with its cancel and resume wired, and its end.
    FakeStream& add_stream();
    Result<FakeStream*> opened(FakeStream& stream, const AnswerFunctions& functions,
                               patchbay_status status, void* state);
    void cancel_all(FakeOwner& owner);
    // The owner, when something may be started for it now; else why not.
    Result<FakeOwner*> startable(patchbay_handle owner, const char* function);
    // The same for what only an answer in a run may have.
    Result<FakeStream*> startable_in_run(patchbay_handle owner, const char* function);
    patchbay_status call_posted(patchbay_handle handle, patchbay_posted callback, void* user);
    patchbay_status start_timer(FakeOwner& owner, uint64_t delay_us, patchbay_posted callback,
                                void* user, patchbay_handle* timer);
    patchbay_status read_history(FakeOwner& owner, uint32_t max_tokens, patchbay_history_read done,
                                 void* user);

    static const void* get_interface(const patchbay_host* host, patchbay_str interface_id);
    static void set_error(const patchbay_host* host, const patchbay_error* error);
    static const patchbay_stream_1 stream_table;
    static const patchbay_verdict_1 verdict_table;
    static const patchbay_timer_1 timer_table;
    static const patchbay_http_1 http_table;
    static const patchbay_secrets_1 secrets_table;
    static const patchbay_log_1 log_table;
    static const patchbay_chat_1 chat_table;
    static const patchbay_tools_1 tools_table;
    static const patchbay_history_1 history_table;
    static const patchbay_kv_1 kv_table;
    static const patchbay_worker_1 worker_table;
    static const patchbay_approval_1 approval_table;
    static const patchbay_metrics_1 metrics_table;

    FakeLane lane_;
    FakeHttp http_{lane_};
    FakePending pending_{lane_};
    FakeChildren children_{lane_, pending_};
    FakeTools tools_{pending_};
    FakeApproval approval_{pending_};
    FakeKv kv_{lane_, pending_};
    FakeMetrics metrics_{lane_};
    Result<std::string> history_ = "[]";
    std::vector<uint32_t> history_reads_;
    bool creating_ = false;
    Raw raw_ = {};
    const patchbay_plugin* plugin_ = nullptr;
    bool lets_in_ = false;  // it is an auth plugin; host functions do not call it to ask
    void* instance_ = nullptr;
    std::optional<Error> last_error_;  // of the current call
    std::set<std::string> hidden_;
    std::map<std::string, FakeCredential, std::less<>> credentials_;
    FakeSecrets secrets_;
    std::mutex owners_mutex_;  // of owners_
    std::map<uint64_t, std::unique_ptr<FakeOwner>> owners_;
    uint64_t next_ = 1;
    mutable std::mutex log_mutex_;
    std::vector<LogLine> log_lines_;
    FakeWorker worker_{lane_, pending_};  // goes first: its threads may use the rest
};

}  // namespace patchbay::testing

#include <patchbay/testing/fake_host_calls.hpp>
#include <patchbay/testing/fake_host_tables.hpp>
#include <patchbay/testing/fake_run_tables.hpp>
