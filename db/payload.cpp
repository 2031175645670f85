#include "db/payload.hpp"

#include <zlib.h>

#include <bit>
#include <cstdint>
#include <cstring>

namespace patchbay {
namespace {

constexpr size_t checksum_size = 4;
constexpr size_t header_size = checksum_size + 1;
constexpr char plain = 1;
constexpr char packed = 2;  // the content: its size in 4 bytes, then zlib's stream of it
constexpr size_t size_bytes = 4;

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

bool unpack(std::string_view content, std::string& out) {
    uint32_t original = 0;
    if (content.size() < size_bytes) return false;
    std::memcpy(&original, content.data(), size_bytes);
    content.remove_prefix(size_bytes);
    out.resize(original);
    uLongf size = original;
    return uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                      reinterpret_cast<const Bytef*>(content.data()), content.size()) == Z_OK &&
           size == original;
}

bool is_whole(std::string_view payload) {
    if (payload.size() < header_size) return false;
    uint32_t stored = 0;
    std::memcpy(&stored, payload.data(), checksum_size);
    return stored == checksum_of(payload.substr(checksum_size));
}

}  // namespace

void begin_payload(std::string& payload) {
    payload.assign(checksum_size, '\0');
    payload += plain;
}

void seal_payload(std::string& payload) {
    const uint32_t sum = checksum_of(std::string_view(payload).substr(checksum_size));
    std::memcpy(payload.data(), &sum, checksum_size);
}

void pack_payload(std::string& payload) {
    const auto content = payload_content(payload);
    uLongf size = compressBound(content.size());
    std::string out(header_size + size_bytes + size, '\0');
    const auto original = static_cast<uint32_t>(content.size());
    auto* room = reinterpret_cast<Bytef*>(out.data() + header_size + size_bytes);
    const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
    if (content.size() > UINT32_MAX ||
        compress2(room, &size, bytes, content.size(), Z_BEST_SPEED) != Z_OK)
        return;
    out.resize(header_size + size_bytes + size);
    if (out.size() >= payload.size()) return;
    out[checksum_size] = packed;
    std::memcpy(out.data() + header_size, &original, size_bytes);
    payload = std::move(out);
}

std::optional<std::string_view> open_payload(std::string_view payload) {
    if (!is_whole(payload) || payload[checksum_size] != plain) return std::nullopt;
    return payload_content(payload);
}

std::optional<std::string_view> open_packable(std::string_view payload, std::string& unpacked) {
    if (!is_whole(payload) || payload[checksum_size] != packed) return open_payload(payload);
    if (!unpack(payload_content(payload), unpacked)) return std::nullopt;
    return unpacked;
}

std::string_view payload_content(std::string_view payload) { return payload.substr(header_size); }

}  // namespace patchbay
