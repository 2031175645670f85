// Text as it crosses the ABI: views both ways, and what makes one valid.
#pragma once

#include <patchbay/abi/base.h>

#include <string>
#include <string_view>

namespace patchbay::plugins {

inline std::string_view view(patchbay_str text) {
    return text.data ? std::string_view(text.data, text.size) : std::string_view();
}

inline patchbay_str borrow(std::string_view text) { return {text.data(), text.size()}; }

// A pointer for the bytes that `size` promises. No other function here needs to ask.
inline bool is_readable(patchbay_str text) { return text.data || text.size == 0; }

// UTF-8 without overlong forms, surrogates and values beyond U+10FFFF.
bool is_utf8(std::string_view text);

bool is_json(std::string_view text);
bool is_json_object(std::string_view text);
bool is_json_array(std::string_view text);

// Of a plugin's request: readable UTF-8; and JSON of that kind, or nothing.
bool is_text(patchbay_str text);
bool is_object_or_empty(patchbay_str text);
bool is_array_or_empty(patchbay_str text);

// At most `limit` bytes of `text` as valid UTF-8 on one line: characters are not cut, control
// characters become spaces, bytes that are no UTF-8 become '?'. For what goes into logs.
std::string printable(std::string_view text, size_t limit);

}  // namespace patchbay::plugins
