#include "runtime/net/response_head.hpp"

#include "runtime/net/header_text.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::net {

namespace {

constexpr std::string_view protocol = "HTTP/1.";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The first line of `text`, without its end; takes it off.
std::string_view take_line(std::string_view& text) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// Calls `take(item)` for each item of a list, "a, b"; false as soon as that is.
template <class Take>
bool all_of_list(std::string_view list, Take take) {
    while (true) {
        const size_t comma = list.find(',');
        if (!take(trimmed(list.substr(0, comma)))) return false;
        if (comma == std::string_view::npos) return true;
        list.remove_prefix(comma + 1);
    }
}

bool has_item(std::string_view list, std::string_view wanted) {
    return !all_of_list(list, [wanted](std::string_view item) { return !same_name(item, wanted); });
}

// "HTTP/1.1 200 OK"
const char* read_status(std::string_view line, ResponseHead& head) {
    if (!line.starts_with(protocol)) return "its answer is not HTTP/1";
    line.remove_prefix(protocol.size());
    if (line.size() < 5 || (line[0] != '0' && line[0] != '1') || line[1] != ' ' ||
        !std::all_of(line.begin() + 2, line.begin() + 5, is_digit) || line[2] == '0' ||
        (line.size() > 5 && line[5] != ' '))
        return "its answer's status is malformed";
    head.is_old = line[0] == '0';
    head.keeps_connection = !head.is_old;
    std::from_chars(line.data() + 2, line.data() + 5, head.status);
    return nullptr;
}

// Proxies join what came twice: "5, 5" is one length.
const char* read_length(std::string_view list, ResponseHead& head) {
    const bool is_one = all_of_list(list, [&head](std::string_view item) {
        uint64_t length = 0;
        const auto [end, failed] = std::from_chars(item.begin(), item.end(), length);
        if (item.empty() || failed != std::errc() || end != item.end()) return false;
        return head.length.value_or(length) == length && (head.length = length, true);
    });
    return is_one ? nullptr : "its answer's length is malformed";
}

const char* read_coding(std::string_view list, ResponseHead& head) {
    const bool is_known = all_of_list(list, [&head](std::string_view item) {
        const bool is_chunked = same_name(item, "chunked");
        if (!is_chunked || head.chunked) head.is_doubtful = true;
        if (is_chunked) head.chunked = true;
        return same_name(item, "chunked") || same_name(item, "identity") || item.empty();
    });
    return is_known ? nullptr : "its answer has a transfer coding that was not asked for";
}

const char* read_header(std::string_view line, ResponseHead& head) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
        return "its answer has a malformed header";
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    head.headers.emplace_back(name, value);
    if (same_name(name, "content-length")) return read_length(value, head);
    if (same_name(name, "transfer-encoding")) return read_coding(value, head);
    return nullptr;
}

// What the headers that only count as a whole say.
void read_connection(ResponseHead& head) {
    bool closes = false;
    for (const auto& [name, value] : head.headers) {
        if (!same_name(name, "connection") && !same_name(name, "proxy-connection")) continue;
        if (has_item(value, "close")) closes = true;
        if (has_item(value, "keep-alive")) head.keeps_connection = true;  // HTTP/1.0
    }
    const bool has_body = head.chunked || head.length.value_or(0) > 0;
    if ((head.chunked && (head.length || head.is_old)) || (head.status == 204 && has_body))
        head.is_doubtful = true;
    if (closes || head.is_doubtful) head.keeps_connection = false;
}

bool join_folded_lines(std::string& text) {
    const size_t first = text.find('\n') + 1;  // a header's line
    if (first < text.size() && is_blank(text[first])) return false;
    for (size_t end = text.find('\n', first); end != std::string::npos && end + 1 < text.size();
         end = text.find('\n', end + 1)) {
        if (!is_blank(text[end + 1])) continue;
        text[end] = ' ';
        if (text[end - 1] == '\r') text[end - 1] = ' ';
    }
    return true;
}

}  // namespace

bool may_be_head(std::string_view text) {
    return text.substr(0, protocol.size()) == protocol.substr(0, text.size());
}

const char* parse_head(std::string& text, ResponseHead& head) {
    head = {};
    if (!join_folded_lines(text)) return "its answer has a malformed header";
    std::string_view rest = text;
    if (const char* fault = read_status(take_line(rest), head)) return fault;
    for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
        if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos)
            return "its answer has a malformed header";
        if (const char* fault = read_header(line, head)) return fault;
    }
    read_connection(head);
    return nullptr;
}

}  // namespace patchbay::net
