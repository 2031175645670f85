// Whether bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
#pragma once

#include <cstddef>
#include <string_view>

namespace patchbay::testing {

constexpr bool is_utf8(std::string_view text) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    for (size_t at = 0; at < text.size();) {
        const auto lead = byte(at);
        size_t size = 1;
        if (lead >= 0xC2 && lead <= 0xDF)
            size = 2;
        else if (lead >= 0xE0 && lead <= 0xEF)
            size = 3;
        else if (lead >= 0xF0 && lead <= 0xF4)
            size = 4;
        else if (lead >= 0x80)
            return false;
        if (text.size() - at < size) return false;
        for (size_t i = 1; i < size; ++i)
            if ((byte(at + i) & 0xC0) != 0x80) return false;
        if (size > 2) {
            const auto second = byte(at + 1);
            if (lead == 0xE0 && second < 0xA0) return false;
            if (lead == 0xED && second > 0x9F) return false;
            if (lead == 0xF0 && second < 0x90) return false;
            if (lead == 0xF4 && second > 0x8F) return false;
        }
        at += size;
    }
    return true;
}

}  // namespace patchbay::testing
