#include "bench/http_scan.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace bench {

std::string_view head_in(std::string_view bytes) {
    const size_t end = bytes.find("\r\n\r\n");
    return end == std::string_view::npos ? std::string_view() : bytes.substr(0, end + 4);
}

std::string_view first_line(std::string_view head) { return head.substr(0, head.find("\r\n")); }

std::string_view header_value(std::string_view head, std::string_view name) {
    size_t at = head.find("\r\n");
    while (at != std::string_view::npos) {
        const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            strncasecmp(line.data(), name.data(), name.size()) == 0) {
            const std::string_view value = line.substr(name.size() + 1);
            return value.substr(std::min(value.find_first_not_of(' '), value.size()));
        }
        at = head.find("\r\n", at + 2);
    }
    return {};
}

std::optional<int64_t> header_number(std::string_view head, std::string_view name) {
    const std::string_view value = header_value(head, name);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || value.empty()) return std::nullopt;
    return number;
}

int status_of(std::string_view head) {
    int status = 0;
    if (head.starts_with("HTTP/1.") && head.size() > 12)
        std::from_chars(head.data() + 9, head.data() + 12, status);
    return status;
}

std::string_view ChunkedBody::next(std::string_view& bytes) {
    while (!bytes.empty() && state_ != State::ended && state_ != State::broken) {
        if (state_ == State::data) {
            const std::string_view run = bytes.substr(0, std::min<uint64_t>(left_, bytes.size()));
            bytes.remove_prefix(run.size());
            left_ -= run.size();
            if (left_ == 0) state_ = State::after_data;
            return run;
        }
        const char byte = bytes.front();
        bytes.remove_prefix(1);
        if (state_ == State::size) {
            read_size(byte);
        } else if (state_ == State::extension) {
            if (byte == '\n') end_size_line();
        } else if (state_ == State::after_data) {
            if (byte == '\n') state_ = State::size;
        } else if (byte == '\n') {  // of a trailer; an empty one is the end
            if (std::exchange(line_bytes_, 0) == 0) state_ = State::ended;
        } else if (byte != '\r') {
            ++line_bytes_;
        }
    }
    return {};
}

void ChunkedBody::read_size(char byte) {
    const char low = static_cast<char>(byte | 0x20);
    int digit = -1;
    if (byte >= '0' && byte <= '9') digit = byte - '0';
    if (low >= 'a' && low <= 'f') digit = low - 'a' + 10;
    if (digit >= 0) {
        left_ = left_ * 16 + static_cast<uint64_t>(digit);
        has_digit_ = true;
        if (left_ >> 40 != 0) state_ = State::broken;
    } else if (!has_digit_) {
        state_ = State::broken;
    } else if (byte == '\n') {
        end_size_line();
    } else {
        state_ = State::extension;
    }
}

void ChunkedBody::end_size_line() {
    state_ = left_ == 0 ? State::trailer : State::data;
    has_digit_ = false;
}

}  // namespace bench
