#include "runtime/net/sse_parser.hpp"

#include <cstring>
#include <utility>

namespace patchbay::net {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Where the line ends: the index of the first CR or LF, or npos. Two passes of memchr beat one pass
// that compares each byte with both.
size_t end_of_line(std::string_view bytes) {
    const void* line_feed = std::memchr(bytes.data(), '\n', bytes.size());
    const size_t limit =
        line_feed == nullptr ? bytes.size() : static_cast<const char*>(line_feed) - bytes.data();
    const void* carriage_return = std::memchr(bytes.data(), '\r', limit);
    if (carriage_return != nullptr) return static_cast<const char*>(carriage_return) - bytes.data();
    return line_feed == nullptr ? std::string_view::npos : limit;
}

}  // namespace

bool SseParser::feed(std::string_view bytes, OnEvent& on_event) {
    while (!bytes.empty()) {
        if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const size_t end = end_of_line(bytes);
        if (end == std::string_view::npos) {
            partial_ += bytes;
            return partial_.size() + data_.size() <= max_event_bytes_;
        }
        std::string_view line = bytes.substr(0, end);
        if (!partial_.empty()) {
            partial_ += line;
            line = partial_;
        }
        if (!take_line(line, on_event)) return false;
        partial_.clear();
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
    }
    return true;
}

bool SseParser::finish(OnEvent& on_event) {
    const std::string last_line = std::exchange(partial_, {});
    if (!last_line.empty() && !take_line(last_line, on_event)) return false;
    dispatch(on_event);
    return true;
}

bool SseParser::take_line(std::string_view line, OnEvent& on_event) {
    if (std::exchange(at_start_, false) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.size() + data_.size() > max_event_bytes_) return false;
    if (line.empty()) {
        dispatch(on_event);
        return true;
    }
    const size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value;
    if (colon != std::string_view::npos) value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);

    if (field == "data") {
        if (has_data_) data_ += '\n';
        data_ += value;
        has_data_ = true;
    } else if (field == "event") {
        name_ = value;
    } else if (field == "id" && value.find('\0') == std::string_view::npos) {
        last_id_ = value;
    }
    return true;  // comments (an empty field), `retry` and unknown fields mean nothing here
}

void SseParser::dispatch(OnEvent& on_event) {
    if (std::exchange(has_data_, false)) on_event(name_, last_id_, data_);
    data_.clear();
    name_.clear();
}

}  // namespace patchbay::net
