// The host's small tables as the plugin sees them: verdict, timer, secrets, log.
#include "runtime/validate/host_side.hpp"

#include "runtime/plugins/abi_text.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <memory>

namespace patchbay::validate {
namespace {

using plugins::is_json_object;
using plugins::is_utf8;

// --- verdict ------------------------------------------------------------------------------------
// What is wrong with its texts, or "".
std::string flaw_of_verdict(const patchbay_verdict& verdict) {
    if (verdict.allow) {
        for (const auto& text : {verdict.allow->owner, verdict.allow->credential_id,
                                 verdict.allow->email, verdict.allow->claims_json})
            if (!is_utf8(text_of(text))) return "a principal that is not UTF-8";
        const auto claims = text_of(verdict.allow->claims_json);
        if (!claims.empty() && !is_json_object(claims)) return "claims that are no JSON object";
    }
    return verdict.deny ? flaw_of(*verdict.deny) : "";
}

patchbay_status complete(const patchbay_host* host, patchbay_request request,
                         const patchbay_verdict* verdict) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    if (!probe.allows("complete", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (const auto flaw = flaw_of_verdict(*verdict); !flaw.empty()) {
        probe.find(flaw.ends_with("UTF-8") ? Breach::bad_utf8 : Breach::bad_json,
                   "complete() got " + flaw);
        return PATCHBAY_E_BAD_REQUEST;
    }
    const auto status = inner_table<patchbay_verdict_1>(session, PATCHBAY_VERDICT_1)
                            ->complete(session.inner(), session.inner_handle(request), verdict);
    if (status == PATCHBAY_E_BAD_STATE)
        probe.find(Breach::second_verdict, "complete() was called a second time");
    if (status == PATCHBAY_E_BAD_REQUEST)
        probe.find(Breach::bad_verdict, "complete() neither allows nor denies, or both");
    note_stale(probe, "complete", status);
    return status;
}

const patchbay_verdict_1 verdict_table = {.complete = &complete};

// --- timer --------------------------------------------------------------------------------------
patchbay_status start_timer(const patchbay_host* host, patchbay_handle owner, uint64_t delay_us,
                            patchbay_posted callback, void* user, patchbay_handle* timer) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    if (!probe.allows("timer.start", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (session.refusal() == Refusal::timers) return PATCHBAY_E_LIMIT;
    auto wrapped = std::make_unique<Posted>(&session, callback, user, "timer callback");
    patchbay_handle started = {};
    const auto status = inner_table<patchbay_timer_1>(session, PATCHBAY_TIMER_1)
                            ->start(session.inner(), session.inner_handle(owner), delay_us,
                                    &call_posted, wrapped.get(), &started);
    if (status < 0) {
        if (status == PATCHBAY_E_BAD_REQUEST)
            probe.find(Breach::bad_argument, "timer.start() got a delay beyond one day");
        note_stale(probe, "timer.start", status);
        return status;
    }
    wrapped.release();  // its callback frees it
    *timer = session.outer_handle(started);
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
    if (status == PATCHBAY_OK && session.lent_in_call)
        *value = session.lent_in_call->text(*value, "secret");
    return status;
}

patchbay_status find_credential(const patchbay_host* host, patchbay_str id,
                                patchbay_credential* credential) {
    auto& session = Session::of(host);
    if (!session.probe().allows("secrets.find_credential", Tag::lane))
        return PATCHBAY_E_WRONG_THREAD;
    const auto status = inner_table<patchbay_secrets_1>(session, PATCHBAY_SECRETS_1)
                            ->find_credential(session.inner(), id, credential);
    if (status != PATCHBAY_OK || !session.lent_in_call) return status;
    auto& lent = *session.lent_in_call;
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
    if (!is_utf8(text_of(message)) || !is_utf8(text_of(fields_json)))
        session.probe().find(Breach::bad_utf8, "log.write() got a text that is not UTF-8");
    else if (fields_json.size > 0 && !is_json_object(text_of(fields_json)))
        session.probe().find(Breach::bad_json, "log.write() got fields that are no JSON object");
    inner_table<patchbay_log_1>(session, PATCHBAY_LOG_1)
        ->write(session.inner(), level, session.inner_handle(scope), message, fields_json);
}

const patchbay_log_1 log_table = {.enabled = &enabled, .write = &write_line};

}  // namespace

void call_posted(void* user, patchbay_status status) {
    const std::unique_ptr<Posted> posted(static_cast<Posted*>(user));
    posted->session->probe().call(posted->slot, Tag::lane,
                                  [&] { posted->callback(posted->user, status); });
}

void note_stale(Probe& probe, const char* function, patchbay_status status) {
    if (status == PATCHBAY_E_STALE)
        probe.find(Breach::stale_handle,
                   fmt::format("{}() got a handle of something that is over", function));
}

std::string flaw_of(const patchbay_error& error) {
    for (const auto& text : {error.message, error.detail_json, error.extra_json})
        if (!is_utf8(text_of(text))) return "an error that is not UTF-8";
    for (const auto& text : {error.detail_json, error.extra_json})
        if (text.size > 0 && !is_json_object(text_of(text)))
            return "an error whose details are no JSON object";
    return {};
}

const void* wrapped_host_table(std::string_view id) {
    if (id == PATCHBAY_STREAM_1) return wrapped_stream_table();
    if (id == PATCHBAY_HTTP_1) return wrapped_http_table();
    if (id == PATCHBAY_VERDICT_1) return &verdict_table;
    if (id == PATCHBAY_TIMER_1) return &timer_table;
    if (id == PATCHBAY_SECRETS_1) return &secrets_table;
    if (id == PATCHBAY_LOG_1) return &log_table;
    return nullptr;
}

}  // namespace patchbay::validate
