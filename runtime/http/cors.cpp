#include "runtime/http/cors.hpp"

#include <algorithm>

namespace patchbay::http {
namespace {

constexpr std::string_view any_port = ":*";

bool matches(std::string_view pattern, std::string_view origin) {
    if (pattern == origin) return true;
    if (!pattern.ends_with(any_port)) return false;
    pattern.remove_suffix(any_port.size());
    if (!origin.starts_with(pattern)) return false;
    origin.remove_prefix(pattern.size());
    if (origin.empty()) return true;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return origin.size() > 1 && origin.front() == ':' &&
           std::ranges::all_of(origin.substr(1), is_digit);
}

}  // namespace

bool Cors::allows(std::string_view origin) const {
    return std::ranges::any_of(origins_,
                               [&](const auto& pattern) { return matches(pattern, origin); });
}

net::Headers Cors::headers_for(const std::string& origin) const {
    if (origins_.empty()) return {};
    if (origin.empty() || !allows(origin)) return {{"Vary", "Origin"}};
    return {{"Access-Control-Allow-Origin", origin},
            {"Access-Control-Expose-Headers",
             "X-Request-Id, X-Interaction-Id, X-Run-Id, Retry-After, RateLimit-Limit, "
             "RateLimit-Remaining, RateLimit-Reset, ETag, Location"},
            {"Vary", "Origin"}};
}

// Header names are listed one by one: patterns such as X-Patchbay-* are no part of the protocol.
net::Headers Cors::preflight_for(const std::string& origin) const {
    auto headers = headers_for(origin);
    if (headers.size() < 2) return headers;
    headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE, OPTIONS");
    headers.emplace_back("Access-Control-Allow-Headers",
                         "Authorization, X-API-Key, Content-Type, Last-Event-ID, Idempotency-Key, "
                         "If-Match, X-Interaction-Id, X-Patchbay-On-Conflict, "
                         "X-Patchbay-On-Disconnect, X-Patchbay-On-Crash, traceparent, "
                         "x-stainless-arch, x-stainless-async, x-stainless-custom-poll-interval, "
                         "x-stainless-helper-method, x-stainless-lang, x-stainless-os, "
                         "x-stainless-package-version, x-stainless-retry-count, "
                         "x-stainless-runtime, x-stainless-runtime-version, x-stainless-timeout");
    headers.emplace_back("Access-Control-Max-Age", "600");
    return headers;
}

}  // namespace patchbay::http
