// api_key: lets in who holds a key that `patchbay key create` made, or one from the config.
#include "digest.hpp"

#include <patchbay/auth.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace {

using api_key::Digest;
using patchbay::ErrorCode;
using patchbay::Principal;
using patchbay::Role;

constexpr std::string_view schema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "static_keys": {
      "type": "array",
      "description": "keys of any form, beside those that the server made",
      "items": {"type": "object", "required": ["key", "owner"], "additionalProperties": false,
        "properties": {
          "key": {"type": "string", "writeOnly": true, "description": "an empty one lets nobody in"},
          "owner": {"type": "string", "minLength": 1, "maxLength": 256},
          "role": {"enum": ["user", "premium", "admin"]}}}
    }
  }
})json";

struct StaticKey {
    Digest digest;
    Principal principal;
};

bool is_base64url(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

// The id of a key `pb_<id>_<43 characters base64url>`, or nothing. The secret part may hold a "_".
std::optional<std::string_view> id_of(std::string_view key) {
    constexpr size_t secret_size = 43;
    constexpr std::string_view prefix = "pb_";
    if (key.size() > 256 || !key.starts_with(prefix) || !is_base64url(key)) return {};
    key.remove_prefix(prefix.size());
    if (key.size() < secret_size + 2) return {};
    const auto id = key.substr(0, key.size() - secret_size - 1);
    return key[id.size()] == '_' ? std::optional(id) : std::nullopt;
}

int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Role role_named(std::string_view name) {
    if (name == "admin") return Role::admin;
    return name == "premium" ? Role::premium : Role::user;
}

class ApiKey final : public patchbay::Auth {
public:
    ApiKey(const patchbay::Host& host, std::string_view config_json) : host_(host) {
        const auto config = nlohmann::json::parse(config_json);
        for (const auto& entry : config.value("static_keys", nlohmann::json::array())) {
            const auto key = entry.at("key").get<std::string>();
            const auto owner = entry.at("owner").get<std::string>();
            if (key.empty()) continue;  // "${INTERNAL_API_KEY:-}" that is not set
            static_keys_.push_back(
                {.digest = api_key::sha256(key),
                 .principal = {.owner = owner,
                               .credential_id = "static:" + owner,
                               .role = role_named(entry.value("role", "user"))}});
        }
    }

    patchbay::Decision check(const patchbay::ClientRequest& http, patchbay::Request) override {
        if (http.credential.empty()) return patchbay::NotMine{};

        const auto digest = api_key::sha256(http.credential);
        if (const auto* known = find_static(digest)) return known->principal;
        if (http.scheme == "bearer" && !http.credential.starts_with("pb_"))
            return patchbay::NotMine{};

        const auto id = id_of(http.credential);
        if (!id) return denied();
        const auto credential = patchbay::find_credential(host_, *id);
        if (!credential) return denied();
        const bool right = api_key::equals(digest, credential->sha256);
        const bool expired =
            credential->expires_at_ms != 0 && credential->expires_at_ms <= now_ms();
        if (!right || credential->revoked || expired) return denied();
        return Principal{.owner = std::string(credential->owner),
                         .credential_id = std::string(credential->id),
                         .expires_at_ms = credential->expires_at_ms,
                         .role = credential->role};
    }

private:
    // The same words whatever was wrong: a stranger learns nothing about which keys exist.
    static std::unexpected<patchbay::Error> denied() {
        return std::unexpected(patchbay::Error{.code = ErrorCode::forbidden,
                                               .message = "Forbidden: Invalid API key.",
                                               .user_safe = true});
    }

    // Compares with all of them, also after a hit.
    const StaticKey* find_static(const Digest& digest) const {
        const StaticKey* found = nullptr;
        for (const auto& key : static_keys_)
            if (api_key::equals(digest, key.digest)) found = &key;
        return found;
    }

    const patchbay::Host& host_;
    std::vector<StaticKey> static_keys_;
};

}  // namespace

PATCHBAY_PLUGIN(ApiKey, {.id = "patchbay.auth.api_key",
                         .version = "0.1.0",
                         .title = "API keys",
                         .description = "Keys that the server made, and keys from the config",
                         .config = schema});
