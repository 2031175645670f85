// Tokens and key sets of strangers: no unsigned token is ever good.
#include "fuzz.hpp"

#include "claims.hpp"
#include "key.hpp"
#include "token.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const auto secret = jwt::Key::from_secret("0123456789abcdef0123456789abcdef");
    const std::string text(text_of(data, size));
    (void)jwt::looks_like_token(text);
    if (const auto token = jwt::parse_token(text)) {
        expect(token->claims.is_object(), "claims are an object");
        expect(!token->signature.empty(), "there is a signature");
        if (secret->fits(*token->algorithm)) {
            (void)secret->verifies(*token->algorithm, token->signed_text, token->signature);
        }
        (void)jwt::check_claims(token->claims, {.realm = "main"}, 1'800'000'000'000);
    }
    (void)jwt::parse_key_set(text);
    return 0;
}
