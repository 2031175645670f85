#include "config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace jwt {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;
using patchbay::Result;

namespace {

bool is_fetchable(std::string_view url) {
    if (url.starts_with("https://")) return true;
    for (const std::string_view host : {"http://127.0.0.1", "http://[::1]", "http://localhost"}) {
        if (!url.starts_with(host)) continue;
        const auto rest = url.substr(host.size());
        if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
    }
    return false;
}

Result<void> read_keys(const json& object, Config& config) {
    if (const auto secret = object.value("secret", ""); object.contains("secret")) {
        auto key = Key::from_secret(secret);
        if (!key) return std::unexpected(key.error());
        config.keys.push_back(std::move(*key));
    }
    for (const auto& pem : object.value("public_keys", json::array())) {
        auto key = Key::from_pem(pem.get_ref<const std::string&>());
        if (!key) return failure(ErrorCode::bad_request, "public_keys: " + key.error().message);
        config.keys.push_back(std::move(*key));
    }
    if (object.contains("jwks")) {
        auto set = parse_key_set(object["jwks"].get_ref<const std::string&>());
        if (!set) return failure(ErrorCode::bad_request, "jwks: " + set.error().message);
        if (set->empty()) return failure(ErrorCode::bad_request, "jwks: it has no usable key");
        std::ranges::move(*set, std::back_inserter(config.keys));
    }
    return {};
}

Result<void> check_pairs(const Config& config) {
    for (const auto name : config.algorithms) {
        const auto& algorithm = *find_algorithm(name);
        const bool has_key =
            std::ranges::any_of(config.keys, [&](auto& key) { return key.fits(algorithm); });
        const bool may_come = !config.jwks_url.empty() && algorithm.family != Family::hmac;
        if (has_key || may_come) continue;
        return failure(
            ErrorCode::bad_request,
            "algorithms: " + std::string(name) +
                (algorithm.family == Family::hmac ? " needs a secret"
                                                  : " needs a key: public_keys, jwks or jwks_url"));
    }
    for (const auto& key : config.keys) {
        const bool used = std::ranges::any_of(
            config.algorithms, [&](auto name) { return key.fits(*find_algorithm(name)); });
        if (!used) return failure(ErrorCode::bad_request, "a key or secret that no algorithm uses");
    }
    return {};
}

}  // namespace

Result<Config> read_config(std::string_view text) {
    const auto object = json::parse(text);
    Config config;
    for (const auto& name : object.at("algorithms")) {
        config.algorithms.push_back(find_algorithm(name.get_ref<const std::string&>())->name);
    }
    config.jwks_url = object.value("jwks_url", "");
    if (object.contains("jwks_url") && !is_fetchable(config.jwks_url)) {
        return failure(ErrorCode::bad_request, "jwks_url must be https://, or http:// on loopback");
    }
    config.refresh = std::chrono::seconds(object.value("jwks_refresh_s", 600));
    config.retry = std::chrono::milliseconds(object.value("jwks_retry_ms", 30'000));
    config.claims = {.realm = object.value("realm", "main"),
                     .issuer = object.value("issuer", ""),
                     .audiences = object.value("audience", std::vector<std::string>()),
                     .leeway_s = object.value("leeway_s", 60)};
    if (auto read = read_keys(object, config); !read) return std::unexpected(read.error());
    if (auto checked = check_pairs(config); !checked) return std::unexpected(checked.error());
    return config;
}

}  // namespace jwt
