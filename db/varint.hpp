// Integers in few bytes: seven bits a byte, the lowest first, the top bit says "more follows".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay {

inline void put_varint(std::string& out, uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

// Negative numbers near 0 stay short too: 0, -1, 1, -2, … become 0, 1, 2, 3, …
inline void put_signed_varint(std::string& out, int64_t value) {
    put_varint(out, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

// Takes values off the front of borrowed bytes. Past the end everything reads as 0 and ok() is
// false, so that a caller may check once.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }

    uint8_t byte() {
        const auto taken = bytes(1);
        return taken.empty() ? uint8_t{0} : static_cast<uint8_t>(taken[0]);
    }

    uint64_t varint() {
        uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const uint8_t part = byte();
            value |= static_cast<uint64_t>(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }
        ok_ = false;
        return 0;
    }

    int64_t signed_varint() {
        const uint64_t value = varint();
        return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
    }

    std::string_view bytes(uint64_t size) {
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

private:
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace patchbay
