#include "runtime/net/http_call.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <utility>

namespace patchbay::net {

namespace {

bool is_same(std::string_view text, std::string_view wanted) {
    return text.size() == wanted.size() &&
           strncasecmp(text.data(), wanted.data(), wanted.size()) == 0;
}

// The last value of a header; "" = it is not there.
std::string_view value_of(const HeaderViews& headers, std::string_view wanted) {
    std::string_view found;
    for (const auto& [name, value] : headers)
        if (is_same(name, wanted)) found = value;
    return found;
}

// Whether a Content-Type is `text/event-stream`, with or without parameters.
bool is_event_stream(std::string_view content_type) {
    return is_same(content_type.substr(0, content_type.find_first_of("; \t")), "text/event-stream");
}

}  // namespace

HttpCall::HttpCall(HttpCallId call, HttpCallOptions wanted, Route where, HttpHandler& listener,
                   Clock::time_point now)
    : id(call),
      options(std::move(wanted)),
      route(std::move(where)),
      handler(listener),
      limits(options, now),
      parser_(options.max_line_bytes),
      on_event_([this](std::string_view name, std::string_view event_id, std::string_view data) {
          take_event({name, event_id, data});
      }) {}

bool HttpCall::deliver(HeaderViews& headers) {
    if (!listens()) return false;
    if (transfer != nullptr) {
        if (transfer->head_complete && !std::exchange(head_delivered_, true)) deliver_head(headers);
        if (listens()) deliver_events();
        if (listens()) deliver_body();
        if (over && !failure && is_sse_ && listens() && !std::exchange(parser_finished_, true) &&
            !parser_.finish(on_event_))
            fail_too_large();
    }
    return over && listens() && events_.empty();
}

void HttpCall::deliver_head(HeaderViews& headers) {
    transfer->read_headers(headers);
    is_sse_ = options.split_sse && transfer->status / 100 == 2 &&
              is_event_stream(value_of(headers, "content-type"));
    const std::string_view coding = value_of(headers, "content-encoding");
    const bool readable = coding.empty() || is_same(coding, "identity");
    handler.on_head(transfer->status, headers);
    // Nobody asked for a coding: it is not undone, and no event would be found in it.
    if (is_sse_ && !readable)
        refuse(ErrorCode::upstream,
               fmt::format("{} sends its events in a coding that was not asked for",
                           route.upstream.label));
}

void HttpCall::deliver_events() {
    while (!events_.empty() && listens()) {
        const StoredEvent event = std::move(events_.front());
        events_.pop_front();
        handler.on_event({event.name, event.id, event.data});
    }
}

void HttpCall::deliver_body() {
    if (transfer->body.empty()) return;
    // Out of the transfer: the handler may let more come in while it reads this.
    std::string bytes = transfer->take_body();
    if (is_sse_)
        parse(bytes);
    else
        handler.on_data(bytes);
    transfer->give_back(std::move(bytes));
}

void HttpCall::parse(std::string_view bytes) {
    if (!refused && !parser_.feed(bytes, on_event_)) fail_too_large();
}

void HttpCall::take_event(const SseEventView& event) {
    if (cancelled) return;
    if (paused || !events_.empty())
        events_.push_back(
            {std::string(event.name), std::string(event.id), std::string(event.data)});
    else
        handler.on_event(event);
}

void HttpCall::fail_too_large() {
    refuse(ErrorCode::too_large, fmt::format("an event of {} is larger than {} bytes",
                                             route.upstream.label, options.max_line_bytes));
}

void HttpCall::refuse(ErrorCode code, std::string message) {
    if (cancelled) return;
    refused = true;
    failure = Error{.code = code, .message = std::move(message)};
}

}  // namespace patchbay::net
