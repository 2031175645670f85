#include "runtime/net/http_call.hpp"

#include "runtime/net/header_text.hpp"
#include "runtime/net/upstream_error.hpp"

#include <fmt/format.h>

#include <utility>

namespace patchbay::net {

namespace {

constexpr size_t max_head_bytes = 128 * 1024;  // of an answer
constexpr std::chrono::seconds at_once{1};     // a connection's end that was on its way already

// RFC 9110, 9.2.2: done twice, it has the effect of once.
bool is_idempotent(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
           method == "OPTIONS" || method == "TRACE";
}

// The last value of a header; "" = it is not there.
std::string_view value_of(const HeaderViews& headers, std::string_view wanted) {
    std::string_view found;
    for (const auto& [name, value] : headers)
        if (same_name(name, wanted)) found = value;
    return found;
}

// Whether a Content-Type is `text/event-stream`, with or without parameters.
bool is_event_stream(std::string_view content_type) {
    return same_name(content_type.substr(0, content_type.find_first_of("; \t")),
                     "text/event-stream");
}

}  // namespace

HttpCall::HttpCall(HttpCallId call, HttpCallOptions wanted, Route where, HttpHandler& listener,
                   HttpCallOwner& owned_by, Clock::time_point now)
    : id(call),
      options(std::move(wanted)),
      route(std::move(where)),
      handler(listener),
      limits(options, now),
      exchange(max_head_bytes),
      owner_(owned_by),
      parser_(options.max_line_bytes),
      on_event_([this](std::string_view name, std::string_view event_id, std::string_view data) {
          take_event({name, event_id, data});
      }) {}

HttpCall::Came HttpCall::receive(std::string_view bytes, Clock::time_point now) {
    while (!cancelled && !failure) {
        switch (exchange.reader().next(bytes)) {
            case ResponseReader::Found::more: return Came::part;
            case ResponseReader::Found::head: take_head(); break;
            case ResponseReader::Found::body: take_body(exchange.reader().body(), now); break;
            // What comes behind an answer was not asked for: nobody knows what it answers.
            case ResponseReader::Found::end:
                if (!bytes.empty()) exchange.spoil();
                return Came::whole;
            case ResponseReader::Found::failed: explain_failure(); break;
        }
    }
    return Came::failed;
}

HttpCall::Came HttpCall::lose(bool broken) {
    ResponseReader& reader = exchange.reader();
    if (!broken && reader.close() == ResponseReader::Found::end) return Came::whole;
    if (reader.has_head())
        fail(truncated_error(route.upstream.label));
    else if (broken || exchange.failed_to_send())
        fail(broken_error(route.upstream.label, exchange.reason()));
    else
        fail(no_answer_error(route.upstream.label));
    return Came::failed;
}

bool HttpCall::may_be_repeated(Clock::time_point now) const {
    if (!exchange.is_unanswered_reuse()) return false;
    return is_idempotent(options.method) || exchange.failed_to_send() || now - asked_at < at_once;
}

bool HttpCall::deliver() {
    while (!events_.empty() && listens()) {
        const StoredEvent event = std::move(events_.front());
        events_.pop_front();
        handler.on_event({event.name, event.id, event.data});
    }
    if (!bytes_.empty() && listens()) handler.on_data(std::exchange(bytes_, {}));
    if (over && !failure && is_sse_ && listens() && !std::exchange(parser_finished_, true) &&
        !parser_.finish(on_event_))
        fail_too_large();
    return over && listens() && events_.empty() && bytes_.empty();
}

void HttpCall::take_head() {
    const ResponseHead& head = exchange.reader().head();
    is_sse_ = options.split_sse && head.status / 100 == 2 &&
              is_event_stream(value_of(head.headers, "content-type"));
    const std::string_view coding = value_of(head.headers, "content-encoding");
    const bool readable = coding.empty() || same_name(coding, "identity");
    if (head.status >= 300) exchange.stop_sending();  // it will not look at the rest
    handler.on_head(head.status, head.headers);
    // Nobody asked for a coding: it is not undone, and no event would be found in it.
    if (is_sse_ && !readable)
        fail({.code = ErrorCode::upstream,
              .message = fmt::format("{} sends its events in a coding that was not asked for",
                                     route.upstream.label)});
}

void HttpCall::take_body(std::string_view bytes, Clock::time_point now) {
    limits.read(now);
    body_bytes_ += bytes.size();
    if (body_bytes_ > options.max_body_bytes)
        fail(body_too_large_error(route.upstream.label, options.max_body_bytes));
    else if (is_sse_ && !parser_.feed(bytes, on_event_))
        fail_too_large();
    else if (!is_sse_ && listens())
        handler.on_data(bytes);
    else if (!is_sse_)
        bytes_ += bytes;
}

void HttpCall::take_event(const SseEventView& event) {
    if (cancelled) return;
    if (paused || !events_.empty())
        events_.push_back(
            {std::string(event.name), std::string(event.id), std::string(event.data)});
    else
        handler.on_event(event);
}

void HttpCall::explain_failure() {
    const ResponseReader& reader = exchange.reader();
    const std::string& label = route.upstream.label;
    switch (reader.fault()) {
        case ResponseReader::Fault::head_too_large:
            return fail(head_too_large_error(label, max_head_bytes));
        case ResponseReader::Fault::head: return fail(malformed_error(label, reader.fault_text()));
        default: return fail(truncated_error(label));
    }
}

void HttpCall::fail_too_large() {
    fail({.code = ErrorCode::too_large,
          .message = fmt::format("an event of {} is larger than {} bytes", route.upstream.label,
                                 options.max_line_bytes)});
}

void HttpCall::fail(Error error) {
    if (!cancelled) failure = std::move(error);
}

}  // namespace patchbay::net
