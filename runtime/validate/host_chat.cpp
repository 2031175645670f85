// What an agent asks for: patchbay.chat/1, patchbay.tools/1 and patchbay.approval/1, as the plugin
// sees them.
#include "runtime/validate/host_side.hpp"
#include "runtime/validate/lent_abi.hpp"

#include <memory>

namespace patchbay::validate {
namespace {

// --- chat ---------------------------------------------------------------------------------------
struct Child {
    Session* session;
    const patchbay_chat_handler* handler;
    void* user;
};

patchbay_status hand_events(const Child& child, const patchbay_event* events, uint32_t count) {
    LentMemory lent("chat.events", child.session->probe().guards_views());
    const auto* views = lend_events(lent, events, count);
    patchbay_status status = PATCHBAY_OK;
    child.session->call("chat.events", Tag::lane, lent,
                        [&] { status = child.handler->events(child.user, views, count); });
    return status;
}

patchbay_status on_events(void* user, const patchbay_event* events, uint32_t count) {
    const auto& child = *static_cast<Child*>(user);
    if (!child.handler->events) return PATCHBAY_OK;
    if (child.session->odd_events()) {
        constexpr uint32_t unknown = 99;
        patchbay_event odd = *events;
        odd.kind = unknown;
        odd.channel = unknown;
        hand_events(child, &odd, 1);
    }
    return hand_events(child, events, count);
}

void on_done(void* user, const patchbay_chat_end* end) {
    const std::unique_ptr<Child> child(static_cast<Child*>(user));
    LentMemory lent("chat.done", child->session->probe().guards_views());
    auto views = *end;
    views.error = lend_failure(*child->session, lent, end->error);
    views.text = lent.text(end->text, "end.text");
    views.tool_calls_json = lent.text(end->tool_calls_json, "end.tool_calls_json");
    views.extra_json = lent.text(end->extra_json, "end.extra_json");
    const auto* view = lent.object(views, "end");
    child->session->call("chat.done", Tag::lane, lent,
                         [&] { child->handler->done(child->user, view); });
}

const patchbay_chat_handler wrapped_handler = {.events = &on_events, .done = &on_done};

bool in_order(Probe& probe, const patchbay_chat_start& request) {
    return HandedOver(probe, "chat.start")
        .text(request.agent, "an agent")
        .text(request.method, "a method")
        .text(request.model, "a model")
        .text(request.system, "a system text")
        .object(request.input_json, "an input")
        .object(request.options_json, "options")
        .object(request.extra_json, "an extra_json")
        .array(request.messages_json, "messages")
        .array(request.tools_json, "tools")
        .in_order();
}

patchbay_status start_child(const patchbay_host* host, patchbay_handle owner,
                            const patchbay_chat_start* request,
                            const patchbay_chat_handler* handler, void* user,
                            patchbay_handle* child) {
    auto& session = Session::of(host);
    if (!session.probe().allows("chat.start", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (!in_order(session.probe(), *request)) return PATCHBAY_E_BAD_REQUEST;
    patchbay_handle started = {};
    const auto status =
        start_pending(session, {"chat.start", Refusal::children, "a handler without done()"},
                      Child{&session, handler, user}, [&](Child* wrapped) -> patchbay_status {
                          if (!handler->done) return PATCHBAY_E_BAD_REQUEST;
                          if (!session.add_child(*request, owner)) return PATCHBAY_E_LIMIT;
                          return inner_table<patchbay_chat_1>(session, PATCHBAY_CHAT_1)
                              ->start(session.inner(), session.inner_handle(owner), request,
                                      &wrapped_handler, wrapped, &started);
                      });
    if (status >= 0) *child = session.outer_handle(started);
    return status;
}

// STALE is no breach of these two: the child may have ended a moment ago.
patchbay_status resume_child(const patchbay_host* host, patchbay_handle child) {
    auto& session = Session::of(host);
    if (!session.probe().allows("chat.resume", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    return inner_table<patchbay_chat_1>(session, PATCHBAY_CHAT_1)
        ->resume(session.inner(), session.inner_handle(child));
}

patchbay_status cancel_child(const patchbay_host* host, patchbay_handle child) {
    auto& session = Session::of(host);
    if (!session.probe().allows("chat.cancel", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    return inner_table<patchbay_chat_1>(session, PATCHBAY_CHAT_1)
        ->cancel(session.inner(), session.inner_handle(child));
}

const patchbay_chat_1 chat_table = {
    .start = &start_child, .resume = &resume_child, .cancel = &cancel_child};

// --- tools --------------------------------------------------------------------------------------
using ToolCall = Pending<patchbay_tool_done>;

patchbay_status list_tools(const patchbay_host* host, patchbay_handle owner, patchbay_str* tools) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    if (!probe.allows("tools.list", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    const auto status = inner_table<patchbay_tools_1>(session, PATCHBAY_TOOLS_1)
                            ->list(session.inner(), session.inner_handle(owner), tools);
    note_stale(probe, "tools.list", status);
    if (status == PATCHBAY_OK) *tools = session.lent_in_call()->text(*tools, "tools");
    return status;
}

void tool_done(void* user, const patchbay_tool_end* end) {
    const auto call = ToolCall::taken(user);
    LentMemory lent(call->slot, call->guards_views());
    const patchbay_tool_end views = {.call_id = lent.text(end->call_id, "end.call_id"),
                                     .output_json = lent.text(end->output_json, "end.output_json"),
                                     .error = lend_failure(*call->session, lent, end->error),
                                     .extra_json = lent.text(end->extra_json, "end.extra_json")};
    const auto* view = lent.object(views, "end");
    call->call(lent, [&] { call->callback(call->user, view); });
}

patchbay_status call_tool(const patchbay_host* host, patchbay_handle owner,
                          const patchbay_tool_start* request, patchbay_tool_done done, void* user,
                          patchbay_handle* call) {
    auto& session = Session::of(host);
    if (!session.probe().allows("tools.call", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (!HandedOver(session.probe(), "tools.call")
             .text(request->name, "a name")
             .text(request->call_id, "a call_id")
             .object(request->arguments_json, "arguments")
             .object(request->extra_json, "an extra_json")
             .in_order())
        return PATCHBAY_E_BAD_REQUEST;
    patchbay_handle started = {};
    const auto status = start_pending(
        session, {"tools.call", Refusal::tools, "arguments that are no JSON object"},
        ToolCall{&session, "tools.done", done, user}, [&](ToolCall* wrapped) -> patchbay_status {
            if (!session.add_tool_call(*request, owner)) return PATCHBAY_E_LIMIT;
            return inner_table<patchbay_tools_1>(session, PATCHBAY_TOOLS_1)
                ->call(session.inner(), session.inner_handle(owner), request, &tool_done, wrapped,
                       &started);
        });
    if (status >= 0) *call = session.outer_handle(started);
    return status;
}

// STALE is no breach: the call may have ended a moment ago.
patchbay_status cancel_tool(const patchbay_host* host, patchbay_handle call) {
    auto& session = Session::of(host);
    if (!session.probe().allows("tools.cancel", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    return inner_table<patchbay_tools_1>(session, PATCHBAY_TOOLS_1)
        ->cancel(session.inner(), session.inner_handle(call));
}

const patchbay_tools_1 tools_table = {
    .list = &list_tools, .call = &call_tool, .cancel = &cancel_tool};

// --- approval -----------------------------------------------------------------------------------
using Question = Pending<patchbay_decided>;

void decided(void* user, const patchbay_decision* decision, const patchbay_error* error) {
    const auto question = Question::taken(user);
    LentMemory lent(question->slot, question->guards_views());
    const patchbay_decision* view = nullptr;
    if (decision) {
        auto views = *decision;
        views.input_json = lent.text(decision->input_json, "decision.input_json");
        views.by = lent.text(decision->by, "decision.by");
        views.comment = lent.text(decision->comment, "decision.comment");
        views.extra_json = lent.text(decision->extra_json, "decision.extra_json");
        view = lent.object(views, "decision");
    }
    const auto* why_not = lend_failure(*question->session, lent, error);
    question->call(lent, [&] { question->callback(question->user, view, why_not); });
}

patchbay_status ask(const patchbay_host* host, patchbay_handle owner,
                    const patchbay_question* question, patchbay_decided done, void* user) {
    auto& session = Session::of(host);
    if (!session.probe().allows("approval.ask", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (!HandedOver(session.probe(), "approval.ask")
             .text(question->text, "a question")
             .object(question->input_json, "an input")
             .object(question->schema_json, "a schema")
             .object(question->extra_json, "an extra_json")
             .in_order())
        return PATCHBAY_E_BAD_REQUEST;
    return start_pending(
        session,
        {"approval.ask", Refusal::questions, "no text, or a time that is not 0 to 30 days"},
        Question{&session, "approval callback", done, user}, [&](Question* wrapped) {
            session.decide();
            return inner_table<patchbay_approval_1>(session, PATCHBAY_APPROVAL_1)
                ->ask(session.inner(), session.inner_handle(owner), question, &decided, wrapped);
        });
}

const patchbay_approval_1 approval_table = {.ask = &ask};

}  // namespace

const patchbay_chat_1* wrapped_chat_table() { return &chat_table; }
const patchbay_tools_1* wrapped_tools_table() { return &tools_table; }
const patchbay_approval_1* wrapped_approval_table() { return &approval_table; }

}  // namespace patchbay::validate
