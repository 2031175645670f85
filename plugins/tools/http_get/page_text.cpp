#include "page_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// What Windows-1252 has from 0x80 to 0x9F; 0 = nothing.
constexpr std::array<uint16_t, 32> windows_1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return small;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

uint8_t byte_at(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

// The length of the character that `text` begins with; 0 = that is no UTF-8 (RFC 3629).
size_t character(std::string_view text) {
    const uint8_t lead = byte_at(text, 0);
    if (lead < 0x80) return 1;
    const size_t size = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : lead >= 0xE0 && lead <= 0xEF ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
    if (size == 0 || text.size() < size) return 0;
    const uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte_at(text, 1) < least || byte_at(text, 1) > most) return 0;
    for (size_t i = 2; i < size; ++i)
        if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
    return size;
}

void append(std::string& text, uint32_t point) {  // below U+10000
    const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
    if (point == 0) {
        text += replacement;
    } else if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | point >> 6);
        put(0x80 | (point & 0x3F));
    } else {
        put(0xE0 | point >> 12);
        put(0x80 | (point >> 6 & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

bool is_latin_1(std::string_view charset) {
    constexpr std::array<std::string_view, 6> names = {"iso-8859-1",   "iso8859-1", "latin1",
                                                       "windows-1252", "cp1252",    "iso_8859-1"};
    return std::ranges::find(names, charset) != names.end();
}

size_t json_size(uint8_t byte) {
    if (byte == '"' || byte == '\\' || (byte >= '\b' && byte <= '\r' && byte != '\v')) return 2;
    return byte < 0x20 ? 6 : 1;
}

}  // namespace

bool is_textual(std::string_view content_type) {
    const auto type = in_small_letters(trimmed(content_type.substr(0, content_type.find(';'))));
    constexpr std::array<std::string_view, 9> texts = {
        "application/json",   "application/xml",    "application/javascript",
        "application/yaml",   "application/x-yaml", "application/toml",
        "application/ndjson", "application/sql",    "application/x-ndjson"};
    return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
           type.ends_with("+yaml") || std::ranges::find(texts, type) != texts.end();
}

std::string charset_of(std::string_view content_type) {
    auto rest = content_type;
    for (auto at = rest.find(';'); at != rest.npos; at = rest.find(';')) {
        rest.remove_prefix(at + 1);
        const auto parameter = in_small_letters(trimmed(rest.substr(0, rest.find(';'))));
        if (!parameter.starts_with("charset=")) continue;
        auto value = std::string_view(parameter).substr(8);
        if (value.size() > 1 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        return std::string(value);
    }
    return {};
}

bool is_readable(std::string_view charset) {
    return !charset.starts_with("utf-16") && !charset.starts_with("utf-32") &&
           !charset.starts_with("ucs-");
}

std::string page_text(std::string_view bytes, std::string_view charset) {
    std::string text;
    text.reserve(bytes.size());
    if (is_latin_1(charset)) {
        for (const char c : bytes) {
            const auto byte = static_cast<uint8_t>(c);
            append(text, byte >= 0x80 && byte < 0xA0 ? windows_1252[byte - 0x80] : byte);
        }
        return text;
    }
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    while (!bytes.empty()) {
        const size_t size = bytes.front() == '\0' ? 0 : character(bytes);
        text += size == 0 ? replacement : bytes.substr(0, size);
        bytes.remove_prefix(std::max<size_t>(size, 1));
    }
    return text;
}

size_t length_that_fits(std::string_view text, size_t bytes, size_t json_bytes) {
    size_t at = 0;
    size_t escaped = 0;
    while (at < text.size()) {
        const size_t size = std::max<size_t>(character(text.substr(at)), 1);
        escaped += size == 1 ? json_size(byte_at(text, at)) : size;
        if (at + size > bytes || escaped > json_bytes) break;
        at += size;
    }
    return at;
}
