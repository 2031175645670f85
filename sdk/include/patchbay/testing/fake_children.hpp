// Models and agents that answer an agent or tool under test by script.
#pragma once

#include <patchbay/abi/chat.h>
#include <patchbay/error.hpp>
#include <patchbay/json_text.hpp>
#include <patchbay/testing/fake_pending.hpp>
#include <patchbay/testing/fake_stream.hpp>
#include <patchbay/testing/json_check.hpp>
#include <patchbay/testing/lent_text.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::testing {

struct ScriptedCall {
    std::string id;
    std::string name;
    std::string arguments_json = "{}";
};

// One answer: its chunks, its tool calls, then its end.
struct ChildAnswer {
    std::vector<std::string> chunks = {};  // deltas of the answer
    std::vector<ScriptedCall> tool_calls = {};
    uint32_t reason = 0;  // PATCHBAY_FINISH_…; 0: TOOL_CALLS with tool calls, else STOP
    std::optional<Error> failure = {};
    patchbay_usage usage = {};
    std::chrono::milliseconds delay{0};  // of each chunk, and of the end
};

// What a plugin asked for: as patchbay_chat_start, owned.
struct ChildRecord {
    std::string agent;
    std::string method;
    std::string input_json;
    std::string model;
    std::string messages_json;
    std::string system;
    std::string options_json;
    std::string tools_json;
    uint32_t max_tokens = 0;
    uint32_t flags = 0;
    bool cancelled = false;
    bool over = false;  // done() has been called
};

class FakeChildren {
public:
    FakeChildren(FakeLane& lane, FakePending& pending) : lane_(lane), pending_(pending) {}

    // The next child of this name, an agent's instance or a model, gets this answer; several are
    // given in order. "" = the run's own model. A child without one fails with `upstream`.
    void answer(ChildAnswer answer) { this->answer("", std::move(answer)); }
    void answer(const std::string& name, ChildAnswer answer) {
        answers_[name].push_back(std::move(answer));
    }
    // The next start fails.
    void refuse(ErrorCode code) { refusal_ = code; }

    const std::deque<ChildRecord>& asked() const { return records_; }

    // --- for the fake host ----------------------------------------------------------------------
    patchbay_status start(FakeStream& owner, const patchbay_chat_start& request,
                          const patchbay_chat_handler* handler, void* user, patchbay_handle* child);
    patchbay_status resume(uint64_t id);
    patchbay_status cancel(uint64_t id) {
        if (!children_.contains(id)) return PATCHBAY_E_STALE;
        pending_.cancel(id);
        return PATCHBAY_OK;
    }
    void release_held(const FakeOwner& owner);  // the owner was resumed

    static constexpr const char* kind = "child";

private:
    struct Child {
        FakeStream& owner;
        ChildRecord& record;
        ChildAnswer answer;
        const patchbay_chat_handler* handler;
        void* user;
        size_t next = 0;       // of the chunks, then of the tool calls
        bool held = false;     // by events()
        bool waiting = false;  // for the owner's reader
    };

    bool forwards(const Child& child) const { return child.record.flags & PATCHBAY_CHAT_FORWARD; }
    void schedule(uint64_t id) {
        lane_.turns.add([this, id] { step(id); }, children_.at(id)->answer.delay);
    }
    void step(uint64_t id);
    void say(Child& child, const patchbay_event& event);
    void end(uint64_t id, bool cancelled);

    FakeLane& lane_;
    FakePending& pending_;
    std::map<std::string, std::deque<ChildAnswer>> answers_;
    std::optional<ErrorCode> refusal_;
    std::deque<ChildRecord> records_;
    std::map<uint64_t, std::unique_ptr<Child>> children_;
};

inline patchbay_status FakeChildren::start(FakeStream& owner, const patchbay_chat_start& request,
                                           const patchbay_chat_handler* handler, void* user,
                                           patchbay_handle* child) {
    if (refusal_) return status_of(*std::exchange(refusal_, std::nullopt));
    if (pending_.count(owner, kind) >= 16) return PATCHBAY_E_LIMIT;
    for (const auto json : {request.messages_json, request.tools_json})
        if (json.size > 0 && !json_elements(text_of(json))) return PATCHBAY_E_BAD_REQUEST;
    for (const auto json : {request.input_json, request.options_json, request.extra_json})
        if (!is_object_or_empty(json)) return PATCHBAY_E_BAD_REQUEST;

    auto& record = records_.emplace_back(
        ChildRecord{.agent = std::string(text_of(request.agent)),
                    .method = std::string(text_of(request.method)),
                    .input_json = std::string(text_of(request.input_json)),
                    .model = std::string(text_of(request.model)),
                    .messages_json = std::string(text_of(request.messages_json)),
                    .system = std::string(text_of(request.system)),
                    .options_json = std::string(text_of(request.options_json)),
                    .tools_json = std::string(text_of(request.tools_json)),
                    .max_tokens = request.max_tokens,
                    .flags = request.flags});

    const auto& name = record.agent.empty() ? record.model : record.agent;
    ChildAnswer script = {.failure =
                              Error{.code = ErrorCode::upstream,
                                    .message = "no answer is scripted for \"" + name + "\""}};
    if (auto& answers = answers_[name]; !answers.empty()) {
        script = std::move(answers.front());
        answers.pop_front();
    }
    const auto id = pending_.add(owner, kind, std::nullopt, {});
    if (id == 0) return PATCHBAY_E_STALE;
    children_.emplace(id, std::make_unique<Child>(Child{.owner = owner,
                                                        .record = record,
                                                        .answer = std::move(script),
                                                        .handler = handler,
                                                        .user = user}));
    pending_.on_complete(id, [this, id](bool cancelled) { end(id, cancelled); });
    *child = {id};
    schedule(id);
    return PATCHBAY_OK;
}

inline void FakeChildren::step(uint64_t id) {
    const auto found = children_.find(id);
    if (found == children_.end() || !pending_.running(id)) return;
    auto& child = *found->second;
    if (forwards(child) && child.owner.paused()) {
        child.waiting = true;
        return;
    }
    if (child.held) return;
    const auto& [chunks, calls, reason, failure, usage, delay] = child.answer;
    const auto next = child.next++;
    if (next >= chunks.size() + calls.size()) return pending_.complete(id);

    LentText lent;
    patchbay_event event = {};
    if (next < chunks.size()) {
        event.kind = PATCHBAY_EVENT_DELTA;
        event.text = lent.lend(chunks[next]);
    } else {
        const auto& call = calls[next - chunks.size()];
        event.kind = PATCHBAY_EVENT_TOOL_CALL;
        event.id = lent.lend(call.id);
        event.name = lent.lend(call.name);
        event.text = lent.lend(call.arguments_json);
    }
    say(child, event);
    if (!child.held) schedule(id);
}

inline void FakeChildren::say(Child& child, const patchbay_event& event) {
    if (forwards(child)) return child.owner.forwarded(event);
    if (!child.handler->events) return;
    child.held = child.handler->events(child.user, &event, 1) == PATCHBAY_PAUSE;
}

inline patchbay_status FakeChildren::resume(uint64_t id) {
    const auto found = children_.find(id);
    if (found == children_.end()) return PATCHBAY_E_STALE;
    if (std::exchange(found->second->held, false)) schedule(id);
    return PATCHBAY_OK;
}

inline void FakeChildren::release_held(const FakeOwner& owner) {
    for (auto& [id, child] : children_)
        if (&child->owner == &owner && std::exchange(child->waiting, false)) schedule(id);
}

inline void FakeChildren::end(uint64_t id, bool cancelled) {
    const auto child = std::move(children_.at(id));
    children_.erase(id);
    child->record.over = true;
    child->record.cancelled = cancelled;

    const auto& answer = child->answer;
    LentText lent;
    patchbay_error error = {};
    patchbay_chat_end view = {};
    std::string text, calls;
    for (const auto& chunk : answer.chunks) text += chunk;
    for (const auto& call : answer.tool_calls)
        calls += (calls.empty() ? "" : ",") + std::string("{\"id\":") + json_quoted(call.id) +
                 ",\"name\":" + json_quoted(call.name) + ",\"arguments\":" + call.arguments_json +
                 "}";
    view.reason = answer.tool_calls.empty() ? PATCHBAY_FINISH_STOP : PATCHBAY_FINISH_TOOL_CALLS;
    if (answer.reason != 0) view.reason = answer.reason;
    if (answer.failure) {
        error = lent.lend(*answer.failure);
        view.reason = PATCHBAY_FINISH_ERROR;
        view.error = &error;
    }
    if (cancelled) {
        view.reason = PATCHBAY_FINISH_CANCELLED;
        view.error = nullptr;
    }
    if (child->record.flags & PATCHBAY_CHAT_COLLECT) view.text = lent.lend(text);
    if (!calls.empty()) view.tool_calls_json = lent.lend("[" + calls + "]");
    view.usage = answer.usage;
    child->handler->done(child->user, &view);
}

}  // namespace patchbay::testing
