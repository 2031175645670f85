#include "claims.hpp"

#include "strict_json.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace jwt {
namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;
using patchbay::Principal;
using patchbay::Result;

constexpr size_t longest_owner = 256;         // bytes: what the host takes
constexpr double last_second = 253402300799;  // of the year 9999

// A NumericDate in seconds, perhaps with a fraction; nothing when it is missing, not a number when
// it is malformed.
std::optional<double> date_of(const json& claims, const char* name) {
    const auto found = claims.find(name);
    if (found == claims.end()) return std::nullopt;
    if (!found->is_number()) return std::nan("");
    return found->get<double>();
}

const char* problem_of_dates(const json& claims, int64_t leeway_s, int64_t now_ms) {
    const double now = static_cast<double>(now_ms) / 1000;
    const auto leeway = static_cast<double>(leeway_s);
    const auto expires = date_of(claims, "exp");
    const auto starts = date_of(claims, "nbf");
    const auto issued = date_of(claims, "iat");
    if (!expires) return "it has no exp";
    for (const auto& date : {expires, starts, issued}) {
        if (date && !std::isfinite(*date)) return "one of its dates is malformed";
    }
    if (now >= *expires + leeway) return "it has expired";
    if (starts && now < *starts - leeway) return "it is not valid yet";
    if (issued && now < *issued - leeway) return "it was issued in the future";
    return nullptr;
}

bool is_for_us(const json& claims, const std::vector<std::string>& audiences) {
    const auto found = claims.find("aud");
    if (found == claims.end()) return audiences.empty();
    const auto wanted = [&](const json& one) {
        return one.is_string() &&
               std::ranges::find(audiences, one.get_ref<const std::string&>()) != audiences.end();
    };
    if (found->is_array()) return std::ranges::any_of(*found, wanted);
    return wanted(*found);
}

// A number serves too: many user tables count.
std::string subject_of(const json& claims) {
    for (const char* name : {"sub", "id"}) {
        const auto found = claims.find(name);
        if (found == claims.end()) continue;
        if (found->is_number_integer()) return found->dump();
        return text_member(claims, name);
    }
    return "";
}

patchbay::Role role_of(const json& claims) {
    const auto role = text_member(claims, "role");
    if (role == "admin") return patchbay::Role::admin;
    return role == "premium" ? patchbay::Role::premium : patchbay::Role::user;
}

}  // namespace

Result<Principal> check_claims(const json& claims, const ClaimRules& rules, int64_t now_ms) {
    const auto refuse = [](const char* why) { return failure(ErrorCode::bad_request, why); };
    if (const char* problem = problem_of_dates(claims, rules.leeway_s, now_ms))
        return refuse(problem);
    if (!rules.issuer.empty() && text_member(claims, "iss") != rules.issuer) {
        return refuse("its issuer is another one");
    }
    if (!is_for_us(claims, rules.audiences)) return refuse("its audience is another one");
    const auto subject = subject_of(claims);
    if (subject.empty()) return refuse("it has neither sub nor id");
    auto owner = "jwt:" + rules.realm + ":" + subject;
    if (owner.size() > longest_owner) return refuse("its subject is too long");
    const double expires = std::min(claims["exp"].get<double>(), last_second);
    return Principal{.owner = owner,
                     .credential_id = owner,
                     .email = text_member(claims, "email"),
                     .expires_at_ms = static_cast<int64_t>(expires * 1000) + rules.leeway_s * 1000,
                     .role = role_of(claims)};
}

}  // namespace jwt
