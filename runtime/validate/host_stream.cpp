// patchbay.stream/1 as the plugin sees it.
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/event_check.hpp"
#include "runtime/validate/host_side.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <memory>

namespace patchbay::validate {
namespace {

// As the server: the fake host's own checks do not parse JSON. What a middleware was given may go
// on, also when nobody knows it.
bool check_event(Session& session, const patchbay_event& event) {
    const bool relayed = session.batch && session.batch->kinds.contains(event.kind);
    const char* problem = relayed || plugins::is_known_kind(event.kind)
                              ? plugins::problem_of(event)
                              : "an unknown kind of event";
    if (!problem) return true;
    const std::string_view text = problem;
    const auto is_about = [&](std::string_view word) { return text.find(word) != text.npos; };
    const auto breach = is_about("UTF-8")  ? Breach::bad_utf8
                        : is_about("JSON") ? Breach::bad_json
                                           : Breach::bad_event;
    session.probe().find(breach, fmt::format("emit() got {}", text));
    return false;
}

void note_emit(Session& session, patchbay_stream stream, patchbay_status status) {
    auto& probe = session.probe();
    switch (status) {
        case PATCHBAY_OK: session.resumed(stream.bits); break;
        case PATCHBAY_PAUSE: session.paused(stream.bits); break;
        case PATCHBAY_E_BAD_STATE:
            if (session.is_out(stream))
                probe.find(Breach::bad_batch,
                           "emit() on `out` came outside of on_events() and on_end()");
            else
                probe.find(Breach::late_emit, "emit() came after finish()");
            break;
        case PATCHBAY_E_BAD_REQUEST:
            probe.find(Breach::bad_event, "emit() got an event that breaks its rules");
            break;
        case PATCHBAY_E_LIMIT:
            probe.find(Breach::cap, "emit() went on until the cap of 256 KiB that wait");
            break;
        default: note_stale(probe, "emit", status);
    }
}

patchbay_status emit(const patchbay_host* host, patchbay_stream stream,
                     const patchbay_event* events, uint32_t count) {
    auto& session = Session::of(host);
    if (!session.probe().allows("emit", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    const OwnTime own_time;
    for (uint32_t i = 0; i < count; ++i)
        if (!check_event(session, events[i])) return PATCHBAY_E_BAD_REQUEST;
    const auto status = inner_table<patchbay_stream_1>(session, PATCHBAY_STREAM_1)
                            ->emit(session.inner(), session.inner_handle(stream), events, count);
    if (session.batch && status == PATCHBAY_OK) session.batch->emitted += count;
    note_emit(session, stream, status);
    return status;
}

patchbay_status finish(const patchbay_host* host, patchbay_stream stream, uint32_t reason,
                       const patchbay_error* error) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    if (!probe.allows("finish", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    HandedOver(probe, "finish").error(error);
    const auto status = inner_table<patchbay_stream_1>(session, PATCHBAY_STREAM_1)
                            ->finish(session.inner(), session.inner_handle(stream), reason, error);
    if (status == PATCHBAY_E_BAD_STATE && session.is_out(stream))
        probe.find(Breach::bad_batch,
                   "finish() was called on `out`, which is not the middleware's");
    else if (status == PATCHBAY_E_BAD_STATE)
        probe.find(Breach::second_finish, "finish() was called a second time");
    if (status == PATCHBAY_E_BAD_REQUEST)
        probe.find(Breach::bad_finish,
                   fmt::format("finish() got the reason {} {} an error: an error comes with ERROR "
                               "and with nothing else",
                               reason, error ? "and" : "without"));
    note_stale(probe, "finish", status);
    return status;
}

// STALE is no breach: a thread of the plugin's own cannot know that the end has come.
patchbay_status post(const patchbay_host* host, patchbay_handle owner, patchbay_posted callback,
                     void* user) {
    auto& session = Session::of(host);
    if (session.refusal() == Refusal::posts) return PATCHBAY_E_LIMIT;
    using Posted = Pending<patchbay_posted>;
    auto wrapped = std::make_unique<Posted>(Posted{&session, "posted callback", callback, user});
    const auto status =
        inner_table<patchbay_stream_1>(session, PATCHBAY_STREAM_1)
            ->post(session.inner(), session.inner_handle(owner), &call_posted, wrapped.get());
    if (status == PATCHBAY_OK) wrapped.release();  // its callback frees it
    return status;
}

const patchbay_stream_1 table = {.emit = &emit, .finish = &finish, .post = &post};

}  // namespace

const patchbay_stream_1* wrapped_stream_table() { return &table; }

}  // namespace patchbay::validate
