#include "token.hpp"

#include "base64url.hpp"
#include "strict_json.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace jwt {
namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;
using patchbay::Result;

constexpr size_t longest_kid = 256;

std::unexpected<patchbay::Error> malformed(const char* why) {
    return failure(ErrorCode::bad_request, why);
}

// RFC 9068, 2.1: "at+jwt"; in practice "JWT" or nothing. Another type is a token for something
// else.
bool is_known_type(std::string type) {
    std::ranges::transform(type, type.begin(), [](unsigned char c) { return std::tolower(c); });
    constexpr std::array<std::string_view, 4> known{"", "jwt", "at+jwt", "application/at+jwt"};
    return std::ranges::find(known, type) != known.end();
}

Result<Token> parse_header(std::string_view text) {
    const auto bytes = decode_base64url(text);
    const auto header = bytes ? parse_object(*bytes) : std::nullopt;
    if (!header) return malformed("the header is malformed");
    if (header->contains("crit")) return malformed("it has critical extensions");
    const auto typ = header->find("typ");
    if (typ != header->end() && (!typ->is_string() || !is_known_type(typ->get<std::string>()))) {
        return malformed("its type is another one");
    }
    Token token;
    token.algorithm = find_algorithm(text_member(*header, "alg"));
    if (token.algorithm == nullptr) return malformed("its algorithm is not known");
    const auto kid = header->find("kid");
    if (kid == header->end()) return token;
    if (!kid->is_string() || kid->get_ref<const std::string&>().size() > longest_kid) {
        return malformed("its kid is malformed");
    }
    token.kid = kid->get<std::string>();
    return token;
}

}  // namespace

bool looks_like_token(std::string_view text) {
    const auto dots = std::ranges::count(text, '.');
    return dots == 2 || dots == 4;
}

Result<Token> parse_token(std::string_view text) {
    if (text.size() > longest_token) return malformed("it is larger than 16 KiB");
    const auto first = text.find('.');
    const auto second = text.find('.', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos ||
        text.find('.', second + 1) != std::string_view::npos) {
        return malformed("it has not three parts");
    }
    auto token = parse_header(text.substr(0, first));
    if (!token) return token;
    const auto payload = decode_base64url(text.substr(first + 1, second - first - 1));
    auto claims = payload ? parse_object(*payload) : std::nullopt;
    if (!claims) return malformed("the payload is malformed");
    auto signature = decode_base64url(text.substr(second + 1));
    if (!signature || signature->empty()) return malformed("the signature is missing or malformed");
    token->signed_text = text.substr(0, second);
    token->signature = std::move(*signature);
    token->claims = std::move(*claims);
    return token;
}

}  // namespace jwt
