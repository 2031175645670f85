// What a plugin did against its contract. Each test is about some of these, and blind for the rest:
// one fault, one test that fails.
#pragma once

#include <string>

namespace patchbay::validate {

enum class Breach {
    exception,         // let one out
    refused,           // an ordinary request or config
    no_reason,         // a failure without set_error()
    failed_open,       // open() failed, yet its stream was used
    no_finish,         // an answer that never ended
    second_finish,     //
    late_emit,         // after finish()
    bad_finish,        // a reason and an error that do not match
    cancel_ignored,    // no finish() within 5 s of cancel()
    pause_ignored,     // emit() in calls after the one that was told PAUSE, before resume()
    cap,               // emit() beyond 256 KiB that wait
    bad_utf8,          //
    bad_json,          //
    bad_event,         // unknown kind or channel, too large, …
    bad_argument,      // a host function refused what it was given
    bad_http,          // the same of an HTTP call
    stale_handle,      // a handle of something that is over, or of nothing
    wrong_thread,      // a [lane] function from a thread that is not the lane
    hidden_failure,    // the upstream failed, yet the answer ended as if it had not
    not_closed,        // something of it was still open at destroy()
    different_result,  // another outcome than before, where there must be none
    no_verdict,        // a check that was not answered in time
    second_verdict,    //
    bad_verdict,       // neither allow nor deny, or both; an owner that is none
    let_in,            // a stranger
    bad_result,        // a tool's call without exactly one result, or with what is none
    bad_batch,         // a middleware's answer about events, or emits where it must not
    uneven_text,       // what a middleware shows depends on where the text was cut
    lost_text,         // held by a middleware, and not shown at the end
    lost_event,        // of a kind that a middleware does not know
    refused_batch,     // by an exporter
    late_return,       // an exporter's, after 10 s
};

struct Finding {
    Breach breach;
    std::string what;  // a sentence: "emit() came after finish(), in timer callback"
};

}  // namespace patchbay::validate
