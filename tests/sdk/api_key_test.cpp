#include "plugin_under_test.hpp"

#include <patchbay/error.hpp>

#include <openssl/sha.h>

#include <chrono>

namespace {

using patchbay::ErrorCode;
using patchbay::testing::CheckInput;
using patchbay::testing::FakeCheck;
using patchbay::testing::FakeCredential;

// 43 characters, an underscore among them.
const std::string secret = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde";
const std::string key = "pb_k1_" + secret;

std::string sha256(const std::string& text) {
    std::string digest(32, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return digest;
}

int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

class ApiKeyTest : public PluginUnderTest {
protected:
    ApiKeyTest() : PluginUnderTest(API_KEY_PLUGIN) {}

    void SetUp() override {
        host.add_credential({.id = "k1",
                             .sha256 = sha256(key),
                             .owner = "user:alice",
                             .name = "laptop",
                             .role = PATCHBAY_ROLE_PREMIUM});
    }

    FakeCheck& check(const std::string& credential, const std::string& scheme) {
        return host.check({.credential = credential, .scheme = scheme});
    }

    void expect_forbidden(const FakeCheck& decision) {
        ASSERT_TRUE(decision.denied());
        EXPECT_EQ(decision.denied()->code, ErrorCode::forbidden);
        EXPECT_EQ(decision.denied()->message, "Forbidden: Invalid API key.");
        EXPECT_TRUE(decision.denied()->user_safe);
        EXPECT_FALSE(decision.allowed());
    }
};

TEST_F(ApiKeyTest, AGoodKeyLetsItsOwnerInByEitherHeader) {
    ASSERT_TRUE(create());
    for (const auto* scheme : {"api_key", "bearer"}) {
        const auto& decision = check(key, scheme);

        ASSERT_TRUE(decision.allowed()) << scheme;
        EXPECT_EQ(decision.allowed()->owner, "user:alice");
        EXPECT_EQ(decision.allowed()->credential_id, "k1");
        EXPECT_EQ(decision.allowed()->role, PATCHBAY_ROLE_PREMIUM);
    }
}

TEST_F(ApiKeyTest, NoCredentialIsForAnotherPlugin) {
    ASSERT_TRUE(create());

    EXPECT_TRUE(check("", "").not_mine());
}

TEST_F(ApiKeyTest, AnotherBearerIsForAnotherPlugin) {
    ASSERT_TRUE(create());

    EXPECT_TRUE(check("eyJhbGciOi.eyJzdWIi.c2ln", "bearer").not_mine());
}

TEST_F(ApiKeyTest, MalformedKeysAreForbidden) {
    ASSERT_TRUE(create());
    for (const auto& credential :
         {std::string("nonsense"), std::string("eyJhbGciOi.eyJzdWIi.c2ln"), std::string("pb_"),
          "pb_" + secret, "pb__" + secret, "pb_k1_" + secret.substr(1), "pb_k1-" + secret,
          "pb_k1_" + secret.substr(1) + "=", "PB_k1_" + secret, "pb_k 1_" + secret,
          "pb_" + std::string(1000, 'k') + "_" + secret})
        expect_forbidden(check(credential, "api_key"));
    expect_forbidden(check("pb_nonsense", "bearer"));
}

TEST_F(ApiKeyTest, UnknownIdsAndWrongSecretsAreForbidden) {
    ASSERT_TRUE(create());
    auto wrong = key;
    wrong.back() = 'f';

    expect_forbidden(check("pb_k2_" + secret, "api_key"));
    expect_forbidden(check(wrong, "api_key"));
    expect_forbidden(check(wrong, "bearer"));
    expect_forbidden(check(key + " ", "api_key"));
}

TEST_F(ApiKeyTest, AnIdMayHoldAnUnderscore) {
    const auto odd = "pb_a_b_" + secret;
    host.add_credential({.id = "a_b", .sha256 = sha256(odd)});
    ASSERT_TRUE(create());

    EXPECT_TRUE(check(odd, "bearer").allowed());
}

TEST_F(ApiKeyTest, ARevokedKeyIsForbidden) {
    host.add_credential({.id = "k1", .sha256 = sha256(key), .revoked = true});
    ASSERT_TRUE(create());

    expect_forbidden(check(key, "api_key"));
    expect_forbidden(check(key, "bearer"));
}

TEST_F(ApiKeyTest, AKeyWorksUntilItExpires) {
    host.add_credential({.id = "k1", .sha256 = sha256(key), .expires_at_ms = now_ms() - 1});
    ASSERT_TRUE(create());
    expect_forbidden(check(key, "api_key"));

    const auto later = now_ms() + 3'600'000;
    host.add_credential({.id = "k1", .sha256 = sha256(key), .expires_at_ms = later});

    const auto& decision = check(key, "api_key");
    ASSERT_TRUE(decision.allowed());
    EXPECT_EQ(decision.allowed()->expires_at_ms, later);
}

TEST_F(ApiKeyTest, ADigestOfAnotherSizeLetsNobodyIn) {
    host.add_credential({.id = "k1", .sha256 = ""});
    ASSERT_TRUE(create());

    expect_forbidden(check(key, "api_key"));
}

TEST_F(ApiKeyTest, StaticKeysMayHaveAnyForm) {
    ASSERT_TRUE(create(R"({"static_keys": [
        {"key": "internal key", "owner": "user:service"},
        {"key": "pb_other", "owner": "user:boss", "role": "admin"}]})"));

    const auto& first = check("internal key", "api_key");
    ASSERT_TRUE(first.allowed());
    EXPECT_EQ(first.allowed()->owner, "user:service");
    EXPECT_EQ(first.allowed()->role, PATCHBAY_ROLE_USER);
    const auto& second = check("pb_other", "bearer");
    ASSERT_TRUE(second.allowed());
    EXPECT_EQ(second.allowed()->role, PATCHBAY_ROLE_ADMIN);
    EXPECT_TRUE(check(key, "api_key").allowed());
    expect_forbidden(check("internal", "api_key"));
}

TEST_F(ApiKeyTest, AnEmptyStaticKeyLetsNobodyIn) {
    ASSERT_TRUE(create(R"({"static_keys": [{"key": "", "owner": "user:nobody"}]})"));

    EXPECT_TRUE(check("", "api_key").not_mine());
}

TEST_F(ApiKeyTest, WithoutCredentialsOfTheHostNobodyGetsIn) {
    host.hide(PATCHBAY_SECRETS_1);
    ASSERT_TRUE(create());

    expect_forbidden(check(key, "api_key"));
}

TEST_F(ApiKeyTest, AConfigThatIsNoJsonFailsWithAReason) {
    const auto created = create("{");

    ASSERT_FALSE(created);
    EXPECT_FALSE(created.error().message.empty());
}

}  // namespace
