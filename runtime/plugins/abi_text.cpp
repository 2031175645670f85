#include "runtime/plugins/abi_text.hpp"

#include <nlohmann/json.hpp>

#include <cstring>

namespace patchbay::plugins {
namespace {

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the character at the start of `text`; 0 when it is not valid.
size_t character_length(std::string_view text) {
    const auto at = [&](size_t index) { return static_cast<unsigned char>(text[index]); };
    const unsigned char first = at(0);
    if (first < 0x80) return 1;
    const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
    for (size_t i = 1; i < length; ++i) {
        if (!is_continuation(at(i))) return 0;
    }
    const bool overlong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    const bool beyond = first == 0xF4 && at(1) > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}

bool is_json_that_begins(std::string_view text, char first) {
    const auto start = text.find_first_not_of(" \t\r\n");
    return start != std::string_view::npos && text[start] == first && is_json(text);
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        // Most text is ASCII: eight bytes at a time.
        while (text.size() >= sizeof(uint64_t)) {
            uint64_t word = 0;
            std::memcpy(&word, text.data(), sizeof word);
            if (word & 0x8080808080808080u) break;
            text.remove_prefix(sizeof word);
        }
        if (text.empty()) return true;
        const size_t length = character_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_json(std::string_view text) { return nlohmann::json::accept(text); }

bool is_json_object(std::string_view text) { return is_json_that_begins(text, '{'); }
bool is_json_array(std::string_view text) { return is_json_that_begins(text, '['); }

bool is_text(patchbay_str text) { return is_readable(text) && is_utf8(view(text)); }

bool is_object_or_empty(patchbay_str text) {
    return is_text(text) && (text.size == 0 || is_json_object(view(text)));
}

bool is_array_or_empty(patchbay_str text) {
    return is_text(text) && (text.size == 0 || is_json_array(view(text)));
}

std::string printable(std::string_view text, size_t limit) {
    std::string line;
    line.reserve(std::min(text.size(), limit));
    while (!text.empty()) {
        const size_t length = character_length(text);
        const size_t taken = std::max<size_t>(length, 1);
        if (line.size() + taken > limit) break;
        const auto first = static_cast<unsigned char>(text[0]);
        if (length == 0) {
            line += '?';
        } else if (first < 0x20 || first == 0x7F) {
            line += ' ';
        } else {
            line += text.substr(0, length);
        }
        text.remove_prefix(taken);
    }
    return line;
}

}  // namespace patchbay::plugins
