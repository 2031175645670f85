#include "db/id.hpp"

#include <sys/random.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace patchbay {
namespace {

// Milliseconds in the upper bits, a 12-bit fraction of one in the lower (RFC 9562, method 3). Each
// caller gets a greater value than the one before, also when the clock stands still or goes back.
uint64_t next_stamp() {
    constinit static std::atomic<uint64_t> last{0};
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto micros =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
    const uint64_t stamp = (micros / 1000) << 12 | (micros % 1000) * 4096 / 1000;

    uint64_t seen = last.load(std::memory_order_relaxed);
    uint64_t mine = 0;
    do {
        mine = stamp > seen ? stamp : seen + 1;
    } while (!last.compare_exchange_weak(seen, mine, std::memory_order_relaxed));
    return mine;
}

void fill_random(uint8_t* bytes, size_t size) {
    while (getrandom(bytes, size, 0) != static_cast<ssize_t>(size)) {
        if (errno != EINTR) std::abort();  // Linux has had it since 3.17
    }
}

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

constexpr bool dash_before(size_t byte) {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

IdBytes new_id_bytes() {
    IdBytes bytes{};
    fill_random(bytes.data() + 8, 8);
    const uint64_t stamp = next_stamp();
    const uint64_t milliseconds = stamp >> 12;
    for (size_t i = 0; i < 6; ++i) {
        bytes[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i));
    }
    bytes[6] = static_cast<uint8_t>(0x70 | (stamp >> 8 & 0x0f));  // version 7
    bytes[7] = static_cast<uint8_t>(stamp);
    bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3f));  // variant
    return bytes;
}

void append_id_text(std::string& out, const IdBytes& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, 36> text{};
    size_t at = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (dash_before(i)) text[at++] = '-';
        text[at++] = digits[bytes[i] >> 4];
        text[at++] = digits[bytes[i] & 0x0f];
    }
    out.append(text.data(), text.size());
}

std::optional<IdBytes> parse_id_bytes(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    IdBytes bytes{};
    size_t at = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (dash_before(i) && text[at++] != '-') return std::nullopt;
        const int high = hex_value(text[at++]);
        const int low = hex_value(text[at++]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return bytes;
}

}  // namespace patchbay
