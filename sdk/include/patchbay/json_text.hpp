// The little JSON that a plugin reads and writes without a library: members, texts, elements.
//
//   const auto city = json_text(json_member(arguments, "city"));
//
// Threads    [any-thread]: nothing here keeps state.
// Ownership  what json_member() and json_elements() give borrows from their argument.
// Errors     nothing, where the text is not JSON, or not of the kind that was asked for.
// Limits     128 levels deep.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay {
namespace detail {

// Walks over JSON (RFC 8259). After a false the position means nothing.
class JsonWalk {
public:
    explicit JsonWalk(std::string_view text) noexcept : rest_(text) {}

    void space() noexcept {
        const auto first = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(first == rest_.npos ? rest_.size() : first);
    }
    bool take(char c) noexcept {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool ends() noexcept {
        space();
        return rest_.empty();
    }

    // The value that comes next, as it is written.
    std::optional<std::string_view> value() noexcept {
        space();
        const auto before = rest_;
        if (!skip(0)) return std::nullopt;
        return before.substr(0, before.size() - rest_.size());
    }

    // Calls `each(name, value)` for the members of an object, `name` with its quotes. Throws what
    // that throws, as elements() does.
    template <class Each>
    bool members(Each&& each) {
        space();
        if (!take('{')) return false;
        space();
        if (take('}')) return true;
        do {
            const auto name = value();
            if (!name || !name->starts_with('"')) return false;
            space();
            if (!take(':')) return false;
            const auto found = value();
            if (!found) return false;
            each(*name, *found);
            space();
        } while (take(','));
        return take('}');
    }

    template <class Each>
    bool elements(Each&& each) {
        space();
        if (!take('[')) return false;
        space();
        if (take(']')) return true;
        do {
            const auto found = value();
            if (!found) return false;
            each(*found);
            space();
        } while (take(','));
        return take(']');
    }

private:
    bool skip(int depth) noexcept {
        if (rest_.empty() || depth > 128) return false;
        switch (rest_.front()) {
            case '{': return skip_all('}', depth, true);
            case '[': return skip_all(']', depth, false);
            case '"': return skip_text();
            case 't': return skip_word("true");
            case 'f': return skip_word("false");
            case 'n': return skip_word("null");
            default: return skip_number();
        }
    }

    bool skip_all(char end, int depth, bool named) noexcept {
        rest_.remove_prefix(1);
        space();
        if (take(end)) return true;
        do {
            space();
            if (named) {
                if (!skip_text()) return false;
                space();
                if (!take(':')) return false;
                space();
            }
            if (!skip(depth + 1)) return false;
            space();
        } while (take(','));
        return take(end);
    }

    bool skip_text() noexcept {
        if (!take('"')) return false;
        while (!rest_.empty()) {
            const auto c = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            if (c == '"') return true;
            if (c < 0x20) return false;
            if (c == '\\' && !skip_escape()) return false;
        }
        return false;
    }

    bool skip_escape() noexcept {
        if (rest_.empty()) return false;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
        const auto digits = rest_.substr(0, 4);
        if (digits.size() < 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
            return false;
        rest_.remove_prefix(4);
        return true;
    }

    bool skip_word(std::string_view word) noexcept {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    bool skip_digits() noexcept {
        const auto before = rest_.size();
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9')
            rest_.remove_prefix(1);
        return rest_.size() < before;
    }

    bool skip_number() noexcept {
        take('-');
        if (!take('0') && !skip_digits()) return false;
        if (take('.') && !skip_digits()) return false;
        if (!take('e') && !take('E')) return true;
        if (!take('+')) take('-');
        return skip_digits();
    }

    std::string_view rest_;
};

inline void append_utf8(std::string& text, uint32_t point) {
    const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
    if (point < 0x80) return put(point);
    if (point < 0x800) {
        put(0xC0 | point >> 6);
    } else if (point < 0x10000) {
        put(0xE0 | point >> 12);
        put(0x80 | (point >> 6 & 0x3F));
    } else {
        put(0xF0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3F));
        put(0x80 | (point >> 6 & 0x3F));
    }
    put(0x80 | (point & 0x3F));
}

// The four digits at the beginning of `digits`, which were checked.
inline uint32_t hex_of(std::string_view digits) {
    uint32_t value = 0;
    for (const char c : digits.substr(0, 4))
        value = value << 4 | static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    return value;
}

// Takes the escape behind a backslash off `rest`. A half of a surrogate pair reads as U+FFFD.
inline void append_escape(std::string& text, std::string_view& rest) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != 'u') {
        constexpr std::string_view names = "bfnrt", bytes = "\b\f\n\r\t";
        const auto at = names.find(c);
        text += at == names.npos ? c : bytes[at];
        return;
    }
    auto point = hex_of(rest);
    rest.remove_prefix(4);
    if (point >= 0xD800 && point < 0xDC00 && rest.starts_with("\\u")) {
        if (const auto low = hex_of(rest.substr(2)); low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            rest.remove_prefix(6);
        }
    }
    append_utf8(text, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
}

}  // namespace detail

// What a JSON text says, its escapes resolved.
inline std::optional<std::string> json_text(std::optional<std::string_view> value) {
    if (!value) return std::nullopt;
    detail::JsonWalk walk(*value);
    const auto quoted = walk.value();
    if (!quoted || !quoted->starts_with('"') || !walk.ends()) return std::nullopt;
    auto rest = quoted->substr(1, quoted->size() - 2);
    std::string text;
    text.reserve(rest.size());
    while (!rest.empty()) {
        const auto plain = rest.substr(0, rest.find('\\'));
        text += plain;
        rest.remove_prefix(plain.size());
        if (rest.empty()) break;
        rest.remove_prefix(1);
        detail::append_escape(text, rest);
    }
    return text;
}

// The value of an object's member, as it is written. Of two with one name the last one counts.
inline std::optional<std::string_view> json_member(std::optional<std::string_view> object,
                                                   std::string_view name) {
    if (!object) return std::nullopt;
    std::optional<std::string_view> found;
    detail::JsonWalk walk(*object);
    const bool whole = walk.members([&](std::string_view quoted, std::string_view value) {
        if (quoted.substr(1, quoted.size() - 2) == name || json_text(quoted) == name) found = value;
    });
    return whole && walk.ends() ? found : std::nullopt;
}

// The elements of an array, each as it is written.
inline std::optional<std::vector<std::string_view>> json_elements(
    std::optional<std::string_view> array) {
    if (!array) return std::nullopt;
    std::vector<std::string_view> found;
    detail::JsonWalk walk(*array);
    const bool whole = walk.elements([&](std::string_view value) { found.push_back(value); });
    if (!whole || !walk.ends()) return std::nullopt;
    return found;
}

// `text`, UTF-8, as a JSON text with its quotes.
inline std::string json_quoted(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string quoted = "\"";
    quoted.reserve(text.size() + 2);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
            quoted += "\\u00";
            quoted += hex[byte >> 4];
            quoted += hex[byte & 15];
            continue;
        }
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace patchbay
