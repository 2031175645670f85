#include "runtime/engine/json_text.hpp"

#include <array>
#include <charconv>

namespace patchbay::engine {
namespace {

void append_escape(std::string& out, uint32_t unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    const std::array<char, 6> text{'\\',
                                   'u',
                                   digits[(unit >> 12) & 15],
                                   digits[(unit >> 8) & 15],
                                   digits[(unit >> 4) & 15],
                                   digits[unit & 15]};
    out.append(text.data(), text.size());
}

void append_escaped_point(std::string& out, uint32_t point) {
    if (point < 0x10000) return append_escape(out, point);
    append_escape(out, 0xD800 + ((point - 0x10000) >> 10));
    append_escape(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
}

struct Decoded {
    uint32_t point = 0xFFFD;
    size_t length = 1;
};

// The character that starts at `at`; U+FFFD and one byte where the UTF-8 is broken.
Decoded decode(std::string_view text, size_t at) {
    const auto lead = static_cast<uint8_t>(text[at]);
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || lead > 0xF4 || at + length > text.size()) return {};
    uint32_t point = lead & (0x7F >> length);
    for (size_t i = 1; i < length; ++i) {
        const auto next = static_cast<uint8_t>(text[at + i]);
        if ((next & 0xC0) != 0x80) return {};
        point = (point << 6) | (next & 0x3F);
    }
    return {point, length};
}

void append_control(std::string& out, uint8_t byte) {
    switch (byte) {
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        default: append_escape(out, byte);
    }
}

bool is_plain(uint8_t byte) { return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\'; }

bool breaks_lines(uint32_t point) { return point < 0xA0 || point == 0x2028 || point == 0x2029; }

}  // namespace

void append_json_string(std::string& out, std::string_view text, bool ascii_only) {
    out += '"';
    size_t at = 0;
    while (at < text.size()) {
        size_t end = at;
        while (end < text.size() && is_plain(static_cast<uint8_t>(text[end]))) ++end;
        out.append(text, at, end - at);
        at = end;
        if (at == text.size()) break;
        if (const auto byte = static_cast<uint8_t>(text[at]); byte < 0x80) {
            append_control(out, byte);
            ++at;
            continue;
        }
        const auto [point, length] = decode(text, at);
        if (ascii_only || breaks_lines(point) || point == 0xFFFD) {
            append_escaped_point(out, point);
        } else {
            out.append(text, at, length);
        }
        at += length;
    }
    out += '"';
}

void append_number(std::string& out, uint64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_seconds(std::string& out, int64_t unix_ms) {
    const auto value = static_cast<uint64_t>(unix_ms < 0 ? 0 : unix_ms);
    append_number(out, value / 1000);
    const auto rest = value % 1000;
    out += '.';
    out += static_cast<char>('0' + rest / 100);
    out += static_cast<char>('0' + rest / 10 % 10);
    out += static_cast<char>('0' + rest % 10);
}

}  // namespace patchbay::engine
