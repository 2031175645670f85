// text/event-stream, parsed as bytes come in: WHATWG HTML 9.2, lenient at the end (a last event
// without its blank line counts).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace patchbay::net {

class SseParser {
public:
    explicit SseParser(size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

    // Feeds bytes; `on_event(name, id, data)` is called for each whole event, in order. False once
    // an event (or line) has passed the limit: feed no more.
    using OnEvent = std::move_only_function<void(std::string_view name, std::string_view id,
                                                 std::string_view data)>;
    [[nodiscard]] bool feed(std::string_view bytes, OnEvent& on_event);
    [[nodiscard]] bool finish(OnEvent& on_event);  // the end of the stream

private:
    bool take_line(std::string_view line, OnEvent& on_event);
    void dispatch(OnEvent& on_event);

    size_t max_event_bytes_;
    std::string partial_;  // a line that has not ended
    std::string data_;
    std::string name_;
    std::string last_id_;
    bool has_data_ = false;
    bool after_cr_ = false;  // the last byte was CR: an LF that follows belongs to it
    bool at_start_ = true;   // a byte order mark may come
};

}  // namespace patchbay::net
