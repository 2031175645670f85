#include "db/payload.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

namespace patchbay {
namespace {

constexpr size_t checksum_size = 4;
constexpr size_t header_size = checksum_size + 1;
constexpr char format = 1;

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

// FNV-1a over words of 8 bytes, with a final mix: finds torn and flipped bytes, no enemy.
uint32_t checksum_of(std::string_view bytes) {
    constexpr uint64_t prime = 0x100000001b3;
    uint64_t hash = 0xcbf29ce484222325 ^ bytes.size();
    const auto take = [&](const char* from, size_t size) {
        uint64_t word = 0;
        std::memcpy(&word, from, size);
        hash = (hash ^ word) * prime;
        hash ^= hash >> 29;
    };
    size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) take(bytes.data() + at, 8);
    if (at < bytes.size()) take(bytes.data() + at, bytes.size() - at);
    hash *= prime;
    return static_cast<uint32_t>(hash ^ hash >> 32);
}

}  // namespace

void begin_payload(std::string& payload) {
    payload.assign(checksum_size, '\0');
    payload += format;
}

void seal_payload(std::string& payload) {
    const uint32_t sum = checksum_of(std::string_view(payload).substr(checksum_size));
    std::memcpy(payload.data(), &sum, checksum_size);
}

std::optional<std::string_view> open_payload(std::string_view payload) {
    if (payload.size() < header_size || payload[checksum_size] != format) return std::nullopt;
    uint32_t stored = 0;
    std::memcpy(&stored, payload.data(), checksum_size);
    if (stored != checksum_of(payload.substr(checksum_size))) return std::nullopt;
    return payload.substr(header_size);
}

std::string_view payload_content(std::string_view payload) { return payload.substr(header_size); }

}  // namespace patchbay
