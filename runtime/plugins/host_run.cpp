// The host's interfaces to the run: chat.h, tools.h, approval.h and history.h.
#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/bound_child.hpp"
#include "runtime/plugins/bound_query.hpp"
#include "runtime/plugins/host_interfaces.hpp"

namespace patchbay::plugins {
namespace {

constexpr int64_t longest_wait_ms = int64_t{30} * 24 * 60 * 60 * 1000;

// The owner of a call that wants a run, or why it cannot have one: what is ending has none any
// more.
patchbay_status find_answering(const patchbay_host* host, patchbay_handle handle, const char* slot,
                               Owner*& owner) {
    if (const auto status = find_owner(host, handle, slot, owner); status != PATCHBAY_OK)
        return status;
    if (!owner->is_live()) return PATCHBAY_E_CANCELLED;
    return owner->scope() ? PATCHBAY_OK : PATCHBAY_E_UNSUPPORTED;
}

// The same for what is going to hang on it.
patchbay_status find_answering(const patchbay_host* host, patchbay_handle handle, const char* slot,
                               Attachment::Kind kind, Owner*& owner) {
    if (const auto status = find_answering(host, handle, slot, owner); status != PATCHBAY_OK)
        return status;
    return owner->admits(kind);
}

// A child or tool call of the caller's own, by its handle.
patchbay_status find_attachment(const patchbay_host* host, patchbay_handle handle, HandleKind kind,
                                Attachment*& found) {
    void* object = nullptr;
    const auto status = handles().find(handle, kind, object);
    if (status != PATCHBAY_OK) return status;
    found = static_cast<Attachment*>(object);
    return found->owner().instance().host() == host ? PATCHBAY_OK : PATCHBAY_E_STALE;
}

// Puts what was asked under its owner, or says why it was refused.
template <class Value, class Ask>
patchbay_status attach(Owner& owner, std::unique_ptr<BoundQuery<Value>> query, const char* slot,
                       Ask&& ask) {
    const auto started = query->start(std::forward<Ask>(ask));
    if (!started) {
        owner.instance().note(std::string(slot) + ": " + printable(started.error().message, 500));
        return status_of(started.error().code);
    }
    owner.attach(std::move(query));
    return PATCHBAY_OK;
}

// --- chat.h -------------------------------------------------------------------------------------

patchbay_status start_child(const patchbay_host* host, patchbay_handle owner,
                            const patchbay_chat_start* request,
                            const patchbay_chat_handler* handler, void* user,
                            patchbay_handle* child) noexcept {
    if (!request || !handler || !child) return PATCHBAY_E_BAD_REQUEST;
    Owner* found = nullptr;
    const auto status = find_answering(host, owner, "chat.start()", Attachment::Kind::child, found);
    if (status != PATCHBAY_OK) return status;
    auto added = std::make_unique<BoundChild>(*found, *handler, user);
    if (const auto started = added->start(*request); started != PATCHBAY_OK) return started;
    *child = added->handle();
    found->attach(std::move(added));
    return PATCHBAY_OK;
}

patchbay_status resume_child(const patchbay_host* host, patchbay_handle child) noexcept {
    Attachment* found = nullptr;
    const auto status = find_attachment(host, child, HandleKind::child, found);
    if (status == PATCHBAY_OK) static_cast<BoundChild*>(found)->go_on();
    return status;
}

patchbay_status cancel_child(const patchbay_host* host, patchbay_handle child) noexcept {
    Attachment* found = nullptr;
    const auto status = find_attachment(host, child, HandleKind::child, found);
    if (status == PATCHBAY_OK) found->abort();
    return status;
}

// --- tools.h ------------------------------------------------------------------------------------

patchbay_status list_tools(const patchbay_host* host, patchbay_handle owner,
                           patchbay_str* tools) noexcept {
    if (!tools) return PATCHBAY_E_BAD_REQUEST;
    Owner* found = nullptr;
    const auto status = find_answering(host, owner, "tools.list()", found);
    if (status != PATCHBAY_OK) return status;
    auto* const call = PluginCall::current();
    if (!call) return PATCHBAY_E_WRONG_THREAD;
    const auto list = found->scope()->tools_json();
    *tools = borrow(*list);
    call->keep(list);
    return PATCHBAY_OK;
}

void tell_tool_end(patchbay_tool_done done, void* user, const Result<ToolOutput>& answer) {
    patchbay_tool_end end{};
    patchbay_error error{};
    const Error* const failed = !answer         ? &answer.error()
                                : answer->error ? &*answer->error
                                                : nullptr;
    if (answer) {
        end.call_id = borrow(answer->call_id);
        end.output_json = borrow(answer->output_json);
    }
    if (failed) {
        error = view_of(*failed);
        end.error = &error;
    }
    done(user, &end);
}

patchbay_status call_tool(const patchbay_host* host, patchbay_handle owner,
                          const patchbay_tool_start* request, patchbay_tool_done done, void* user,
                          patchbay_handle* call) noexcept {
    if (!request || !done || !call || !is_text(request->name) || !is_text(request->call_id) ||
        !is_object_or_empty(request->arguments_json) || !is_object_or_empty(request->extra_json))
        return PATCHBAY_E_BAD_REQUEST;
    Owner* found = nullptr;
    const auto status =
        find_answering(host, owner, "tools.call()", Attachment::Kind::tool_call, found);
    if (status != PATCHBAY_OK) return status;
    auto query = std::make_unique<BoundQuery<ToolOutput>>(
        *found, Attachment::Kind::tool_call, "tools.done",
        [done, user](const Result<ToolOutput>& answer) { tell_tool_end(done, user, answer); });
    if (!query->name(HandleKind::tool_call)) return PATCHBAY_E_LIMIT;
    *call = query->handle();
    return attach(*found, std::move(query), "tools.call", [&](OnAnswered<ToolOutput> answered) {
        return found->scope()->call_tool(*request, std::move(answered));
    });
}

patchbay_status cancel_tool(const patchbay_host* host, patchbay_handle call) noexcept {
    Attachment* found = nullptr;
    const auto status = find_attachment(host, call, HandleKind::tool_call, found);
    if (status == PATCHBAY_OK) found->abort();
    return status;
}

// --- approval.h ---------------------------------------------------------------------------------

void tell_decision(patchbay_decided done, void* user, const Result<Decision>& answer) {
    if (!answer) {
        const auto error = view_of(answer.error());
        return done(user, nullptr, &error);
    }
    patchbay_decision decision{};
    decision.decision = answer->decision;
    decision.input_json = borrow(answer->input_json);
    decision.by = borrow(answer->by);
    decision.comment = borrow(answer->comment);
    done(user, &decision, nullptr);
}

patchbay_status ask(const patchbay_host* host, patchbay_handle owner,
                    const patchbay_question* question, patchbay_decided done, void* user) noexcept {
    if (!question || !done || !is_text(question->text) || question->text.size == 0 ||
        !is_object_or_empty(question->input_json) || !is_object_or_empty(question->schema_json) ||
        !is_object_or_empty(question->extra_json) || question->expires_in_ms < 0 ||
        question->expires_in_ms > longest_wait_ms)
        return PATCHBAY_E_BAD_REQUEST;
    Owner* found = nullptr;
    const auto status =
        find_answering(host, owner, "approval.ask()", Attachment::Kind::question, found);
    if (status != PATCHBAY_OK) return status;
    auto query = std::make_unique<BoundQuery<Decision>>(
        *found, Attachment::Kind::question, "approval.decided",
        [done, user](const Result<Decision>& answer) { tell_decision(done, user, answer); });
    return attach(*found, std::move(query), "approval.ask", [&](OnAnswered<Decision> answered) {
        return found->scope()->ask(*question, std::move(answered));
    });
}

// --- history.h ----------------------------------------------------------------------------------

patchbay_status read_history(const patchbay_host* host, patchbay_handle owner, uint32_t max_tokens,
                             patchbay_history_read done, void* user) noexcept {
    if (!done) return PATCHBAY_E_BAD_REQUEST;
    Owner* found = nullptr;
    const auto status =
        find_answering(host, owner, "history.read()", Attachment::Kind::read, found);
    if (status != PATCHBAY_OK) return status;
    auto query = std::make_unique<BoundQuery<std::string>>(
        *found, Attachment::Kind::read, "history.read",
        [done, user](const Result<std::string>& answer) {
            if (answer) return done(user, borrow(*answer), nullptr);
            const auto error = view_of(answer.error());
            done(user, {}, &error);
        });
    return attach(*found, std::move(query), "history.read", [&](OnAnswered<std::string> answered) {
        return found->scope()->read_history(max_tokens, std::move(answered));
    });
}

}  // namespace

const patchbay_chat_1 host_chat{
    .start = start_child, .resume = resume_child, .cancel = cancel_child};
const patchbay_tools_1 host_tools{.list = list_tools, .call = call_tool, .cancel = cancel_tool};
const patchbay_approval_1 host_approval{.ask = ask};
const patchbay_history_1 host_history{.read = read_history};

}  // namespace patchbay::plugins
