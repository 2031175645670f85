#include "db/api_key.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <utility>

namespace patchbay {
namespace {

template <size_t Count>
Result<std::array<unsigned char, Count>> random_bytes() {
    std::array<unsigned char, Count> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        return failure(ErrorCode::internal, "The system's random generator failed.");
    }
    return bytes;
}

std::string hex(std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

// RFC 4648, section 5, without padding.
std::string base64url(std::span<const unsigned char> bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    uint32_t bits = 0;
    int count = 0;
    for (const auto byte : bytes) {
        bits = (bits << 8) | byte;
        for (count += 8; count >= 6; count -= 6) text += digits[(bits >> (count - 6)) & 63];
    }
    if (count > 0) text += digits[(bits << (6 - count)) & 63];
    return text;
}

int64_t now_ms() {
    using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<std::string> sha256(std::string_view text) {
    std::string digest(32, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(digest.data());
    if (EVP_Digest(text.data(), text.size(), bytes, nullptr, EVP_sha256(), nullptr) != 1) {
        return failure(ErrorCode::internal, "SHA-256 is not available.");
    }
    return digest;
}

Result<void> check_key_label(std::string_view label) {
    constexpr size_t longest = 100;  // bytes
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    if (!label.empty() && label.size() <= longest && std::ranges::none_of(label, is_control)) {
        return {};
    }
    return failure(ErrorCode::bad_request,
                   "A key's name and user are 1 to 100 bytes without control characters.");
}

std::string owner_of_key(std::string_view user, std::string_view name) {
    return "user:" + std::string(user.empty() ? name : user);
}

Result<NewKey> make_api_key(Role role, std::string name, std::string owner) {
    const auto id = random_bytes<8>();
    if (!id) return std::unexpected(id.error());
    const auto secret = random_bytes<32>();
    if (!secret) return std::unexpected(secret.error());

    NewKey key;
    key.record.id = hex(*id);
    key.text = "pb_" + key.record.id + "_" + base64url(*secret);
    auto digest = sha256(key.text);
    if (!digest) return std::unexpected(std::move(digest.error()));
    key.record.sha256 = std::move(*digest);
    key.record.owner = std::move(owner);
    key.record.name = std::move(name);
    key.record.role = role;
    key.record.created_at_ms = now_ms();
    return key;
}

}  // namespace patchbay
