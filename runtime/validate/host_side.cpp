// The host's small tables as the plugin sees them: verdict, timer, secrets, log.
#include "runtime/validate/host_side.hpp"

#include "runtime/validate/lent_abi.hpp"

#include "runtime/plugins/abi_text.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

namespace patchbay::validate {
namespace {

using plugins::is_json_object;
using plugins::is_utf8;
using Posted = Pending<patchbay_posted>;

// --- verdict ------------------------------------------------------------------------------------
bool in_order(Probe& probe, const patchbay_verdict& verdict) {
    HandedOver texts(probe, "complete");
    if (verdict.allow)
        texts.text(verdict.allow->owner, "an owner")
            .text(verdict.allow->credential_id, "a credential_id")
            .text(verdict.allow->email, "an email")
            .object(verdict.allow->extra_json, "an extra_json");
    if (verdict.change)
        texts.text(verdict.change->model, "a model")
            .text(verdict.change->system, "a system text")
            .text(verdict.change->answer, "an answer")
            .array(verdict.change->content_json, "content")
            .object(verdict.change->input_json, "an input")
            .object(verdict.change->options_json, "options")
            .object(verdict.change->extra_json, "an extra_json");
    return texts.error(verdict.deny).in_order();
}

patchbay_status complete(const patchbay_host* host, patchbay_request request,
                         const patchbay_verdict* verdict) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    if (!probe.allows("complete", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (!in_order(probe, *verdict)) return PATCHBAY_E_BAD_REQUEST;
    const auto status = inner_table<patchbay_verdict_1>(session, PATCHBAY_VERDICT_1)
                            ->complete(session.inner(), session.inner_handle(request), verdict);
    if (status == PATCHBAY_E_BAD_STATE)
        probe.find(Breach::second_verdict, "complete() was called a second time");
    if (status == PATCHBAY_E_BAD_REQUEST)
        probe.find(Breach::bad_verdict,
                   "complete() got a verdict that says nothing, or two things, or has an input for "
                   "a turn without one");
    note_stale(probe, "complete", status);
    return status;
}

const patchbay_verdict_1 verdict_table = {.complete = &complete};

// --- timer --------------------------------------------------------------------------------------
patchbay_status start_timer(const patchbay_host* host, patchbay_handle owner, uint64_t delay_us,
                            patchbay_posted callback, void* user, patchbay_handle* timer) {
    auto& session = Session::of(host);
    if (!session.probe().allows("timer.start", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    patchbay_handle started = {};
    const auto status =
        start_pending(session, {"timer.start", Refusal::timers, "a delay beyond one day"},
                      Posted{&session, "timer callback", callback, user}, [&](Posted* wrapped) {
                          return inner_table<patchbay_timer_1>(session, PATCHBAY_TIMER_1)
                              ->start(session.inner(), session.inner_handle(owner), delay_us,
                                      &call_posted, wrapped, &started);
                      });
    if (status >= 0) *timer = session.outer_handle(started);
    return status;
}

// STALE is no breach here: the timer may have fired a moment ago.
patchbay_status cancel_timer(const patchbay_host* host, patchbay_handle timer) {
    auto& session = Session::of(host);
    if (!session.probe().allows("timer.cancel", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    return inner_table<patchbay_timer_1>(session, PATCHBAY_TIMER_1)
        ->cancel(session.inner(), session.inner_handle(timer));
}

const patchbay_timer_1 timer_table = {.start = &start_timer, .cancel = &cancel_timer};

// --- secrets and log ----------------------------------------------------------------------------
patchbay_status resolve(const patchbay_host* host, patchbay_str reference, patchbay_str* value) {
    auto& session = Session::of(host);
    if (!session.probe().allows("secrets.resolve", Tag::control)) return PATCHBAY_E_WRONG_THREAD;
    const auto status = inner_table<patchbay_secrets_1>(session, PATCHBAY_SECRETS_1)
                            ->resolve(session.inner(), reference, value);
    if (status == PATCHBAY_OK && session.lent_in_call())
        *value = session.lent_in_call()->text(*value, "secret");
    return status;
}

patchbay_status find_credential(const patchbay_host* host, patchbay_str id,
                                patchbay_credential* credential) {
    auto& session = Session::of(host);
    if (!session.probe().allows("secrets.find_credential", Tag::lane))
        return PATCHBAY_E_WRONG_THREAD;
    const auto status = inner_table<patchbay_secrets_1>(session, PATCHBAY_SECRETS_1)
                            ->find_credential(session.inner(), id, credential);
    if (status != PATCHBAY_OK || !session.lent_in_call()) return status;
    auto& lent = *session.lent_in_call();
    credential->id = lent.text(credential->id, "credential.id");
    credential->sha256 = lent.text(credential->sha256, "credential.sha256");
    credential->owner = lent.text(credential->owner, "credential.owner");
    credential->name = lent.text(credential->name, "credential.name");
    return status;
}

const patchbay_secrets_1 secrets_table = {.resolve = &resolve, .find_credential = &find_credential};

uint32_t enabled(const patchbay_host*, uint32_t) { return 1; }

void write_line(const patchbay_host* host, uint32_t level, patchbay_handle scope,
                patchbay_str message, patchbay_str fields_json) {
    auto& session = Session::of(host);
    HandedOver(session.probe(), "log.write").text(message, "a line").object(fields_json, "fields");
    inner_table<patchbay_log_1>(session, PATCHBAY_LOG_1)
        ->write(session.inner(), level, session.inner_handle(scope), message, fields_json);
}

const patchbay_log_1 log_table = {.enabled = &enabled, .write = &write_line};

}  // namespace

// --- what the files of the host's side have in common -------------------------------------------
void call_posted(void* user, patchbay_status status) {
    const auto posted = Posted::taken(user);
    LentMemory lent(posted->slot, posted->guards_views());
    posted->call(lent, [&] { posted->callback(posted->user, status); });
}

void note_stale(Probe& probe, const char* function, patchbay_status status) {
    if (status == PATCHBAY_E_STALE)
        probe.find(Breach::stale_handle,
                   fmt::format("{}() got a handle of something that is over", function));
}

const patchbay_error* lend_failure(const Session& session, LentMemory& lent,
                                   const patchbay_error* error) {
    constexpr int32_t unknown = -9'999;
    if (!error || !session.is_newer()) return lend_error(lent, error);
    auto odd = *error;
    odd.code = unknown;
    return lend_error(lent, &odd);
}

HandedOver& HandedOver::text(patchbay_str text, const char* name) {
    if (!plugins::is_readable(text))
        find(Breach::bad_argument, name, "a NULL text with a size");
    else if (!is_utf8(text_of(text)))
        find(Breach::bad_utf8, name, "not UTF-8");
    return *this;
}

HandedOver& HandedOver::object(patchbay_str text, const char* name) {
    return json(text, name, text.size == 0 || is_json_object(text_of(text)), "no JSON object");
}

HandedOver& HandedOver::array(patchbay_str text, const char* name) {
    return json(text, name, text.size == 0 || plugins::is_json_array(text_of(text)),
                "no JSON array");
}

HandedOver& HandedOver::json(patchbay_str text, const char* name, bool fits, const char* kind) {
    const bool readable = plugins::is_readable(text) && is_utf8(text_of(text));
    this->text(text, name);
    if (readable && !fits) find(Breach::bad_json, name, kind);
    return *this;
}

HandedOver& HandedOver::error(const patchbay_error* error) {
    if (!error) return *this;
    return text(error->message, "an error's message")
        .object(error->detail_json, "an error's detail_json")
        .object(error->extra_json, "an error's extra_json");
}

void HandedOver::find(Breach breach, const char* name, const char* what) {
    in_order_ = false;
    probe_.find(breach, fmt::format("{}() got {} that is {}", function_, name, what));
}

const void* wrapped_host_table(std::string_view id) {
    if (id == PATCHBAY_STREAM_1) return wrapped_stream_table();
    if (id == PATCHBAY_HTTP_1) return wrapped_http_table();
    if (id == PATCHBAY_CHAT_1) return wrapped_chat_table();
    if (id == PATCHBAY_TOOLS_1) return wrapped_tools_table();
    if (id == PATCHBAY_HISTORY_1) return wrapped_history_table();
    if (id == PATCHBAY_KV_1) return wrapped_kv_table();
    if (id == PATCHBAY_WORKER_1) return wrapped_worker_table();
    if (id == PATCHBAY_APPROVAL_1) return wrapped_approval_table();
    if (id == PATCHBAY_METRICS_1) return wrapped_metrics_table();
    if (id == PATCHBAY_VERDICT_1) return &verdict_table;
    if (id == PATCHBAY_TIMER_1) return &timer_table;
    if (id == PATCHBAY_SECRETS_1) return &secrets_table;
    if (id == PATCHBAY_LOG_1) return &log_table;
    return nullptr;
}

}  // namespace patchbay::validate
