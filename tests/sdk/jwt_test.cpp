#include "plugin_under_test.hpp"
#include "token_maker.hpp"

#include <chrono>
#include <cmath>

namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::testing::FakeCheck;

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr auto jwks_url = "https://issuer.example/jwks.json";

int64_t now_s() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

json good_claims() { return {{"sub", "alice"}, {"exp", now_s() + 600}}; }

json with(json object, const char* key, json value) {
    object[key] = std::move(value);
    return object;
}

std::string hs256(const json& claims, const json& header = {{"alg", "HS256"}, {"typ", "JWT"}}) {
    return token_of(header.dump(), claims.dump(),
                    [](const auto& text) { return hmac_sha256(secret, text); });
}

std::string signed_by(const KeyPair& key, const std::string& algorithm, const json& claims,
                      const std::string& kid = "") {
    json header{{"alg", algorithm}};
    if (!kid.empty()) header["kid"] = kid;
    return token_of(header.dump(), claims.dump(),
                    [&](const auto& text) { return key.sign(algorithm, text); });
}

// Keys cost time: they are made once.
const KeyPair& rsa() {
    static const KeyPair key("RSA");
    return key;
}
const KeyPair& p256() {
    static const KeyPair key("P-256");
    return key;
}

class JwtTest : public PluginUnderTest {
protected:
    JwtTest() : PluginUnderTest(JWT_PLUGIN) {}

    void create_with(const json& config) {
        const auto made = create(config.dump());
        ASSERT_TRUE(made) << made.error().message;
    }
    void create_hs256() { create_with({{"algorithms", {"HS256"}}, {"secret", secret}}); }
    void create_with_url(const json& more = json::object()) {
        json config{{"algorithms", {"RS256", "ES256"}}, {"jwks_url", jwks_url}};
        config.update(more);
        create_with(config);
    }
    void answer_with(const std::vector<json>& keys) {
        host.http().answer(jwks_url, {.headers = {{"Content-Type", "application/json"}},
                                      .chunks = {json{{"keys", keys}}.dump()}});
    }

    FakeCheck& check(const std::string& token) {
        return host.check({.credential = token, .scheme = "bearer"});
    }
    // After its fetch, if it needs one.
    FakeCheck& settled(const std::string& token) {
        auto& decision = check(token);
        EXPECT_TRUE(host.run_until([&] { return decision.answered(); }));
        return decision;
    }

    void expect_denied(const std::string& token) {
        const auto& decision = settled(token);
        ASSERT_TRUE(decision.denied()) << token;
        EXPECT_EQ(decision.denied()->code, ErrorCode::unauthenticated) << token;
        EXPECT_TRUE(decision.denied()->user_safe);
        EXPECT_FALSE(decision.allowed());
    }
    void expect_allowed(const std::string& token) {
        EXPECT_TRUE(settled(token).allowed()) << token;
    }
};

// ---- who it is ----

TEST_F(JwtTest, AGoodTokenIsItsSubject) {
    create_with(
        {{"algorithms", {"HS256"}}, {"secret", secret}, {"realm", "shop"}, {"leeway_s", 0}});
    auto claims = good_claims();
    claims["email"] = "alice@example.com";
    claims["role"] = "premium";

    const auto& decision = check(hs256(claims));

    ASSERT_TRUE(decision.allowed());
    EXPECT_EQ(decision.allowed()->owner, "jwt:shop:alice");
    EXPECT_EQ(decision.allowed()->email, "alice@example.com");
    EXPECT_EQ(decision.allowed()->role, PATCHBAY_ROLE_PREMIUM);
    EXPECT_EQ(decision.allowed()->expires_at_ms, claims["exp"].get<int64_t>() * 1000);
}

TEST_F(JwtTest, AnIdServesAsTheSubjectAlsoAsANumber) {
    create_hs256();

    const auto& decision = check(hs256({{"id", 42}, {"role", "admin"}, {"exp", now_s() + 60}}));

    ASSERT_TRUE(decision.allowed());
    EXPECT_EQ(decision.allowed()->owner, "jwt:main:42");
    EXPECT_EQ(decision.allowed()->role, PATCHBAY_ROLE_ADMIN);
}

TEST_F(JwtTest, ATokenThatNamesNobodyLetsNobodyIn) {
    create_hs256();
    for (const json& subject : {json(nullptr), json(""), json(1.5), json::array(), json(true),
                                json(std::string(300, 'x'))}) {
        expect_denied(hs256(with(good_claims(), "sub", subject)));
    }
    expect_denied(hs256({{"exp", now_s() + 60}}));
}

TEST_F(JwtTest, OtherCredentialsAreForAnotherPlugin) {
    create_hs256();
    for (const auto* text : {"", "pb_k1_secret", "a.b", "abc"}) {
        EXPECT_TRUE(check(text).not_mine()) << text;
    }
    EXPECT_TRUE(host.check({.credential = hs256(good_claims()), .scheme = "api_key"}).not_mine());
}

// ---- algorithms ----

TEST_F(JwtTest, EveryAlgorithmOfPublicKeysWorksFromPem) {
    const KeyPair p384("P-384");
    const KeyPair ed("Ed25519");
    create_with(
        {{"algorithms",
          {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"}},
         {"public_keys",
          {rsa().public_pem(), p256().public_pem(), p384.public_pem(), ed.public_pem()}}});

    for (const auto* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
        expect_allowed(signed_by(rsa(), name, good_claims(), "any kid"));
    }
    expect_allowed(signed_by(p256(), "ES256", good_claims()));
    expect_allowed(signed_by(p384, "ES384", good_claims()));
    expect_allowed(signed_by(ed, "EdDSA", good_claims()));
}

TEST_F(JwtTest, AlgorithmsThatTheConfigDoesNotNameAreRefused) {
    create_with({{"algorithms", {"RS256"}}, {"public_keys", {rsa().public_pem()}}});

    expect_allowed(signed_by(rsa(), "RS256", good_claims()));
    expect_denied(signed_by(rsa(), "RS384", good_claims()));
    expect_denied(signed_by(rsa(), "PS256", good_claims()));
    expect_denied(signed_by(p256(), "ES256", good_claims()));
}

// ---- attacks ----

TEST_F(JwtTest, NoneIsNoAlgorithmHoweverItIsSpelled) {
    create_hs256();
    for (const auto* name : {"none", "None", "nOnE", "NONE", ""}) {
        const auto header = json{{"alg", name}}.dump();
        expect_denied(token_of(header, good_claims().dump(), [](auto&) { return std::string(); }));
        expect_denied(token_of(header, good_claims().dump(),
                               [](auto& text) { return hmac_sha256(secret, text); }));
    }
    expect_denied(
        token_of("{}", good_claims().dump(), [](auto& text) { return hmac_sha256(secret, text); }));
    expect_denied(token_of(R"({"alg":["HS256"]})", good_claims().dump(),
                           [](auto& text) { return hmac_sha256(secret, text); }));
}

TEST_F(JwtTest, APublicKeyIsNeverASharedSecret) {
    const auto pem = rsa().public_pem();
    const auto forged = token_of(R"({"alg":"HS256"})", good_claims().dump(),
                                 [&](const auto& text) { return hmac_sha256(pem, text); });
    create_with({{"algorithms", {"RS256", "HS256"}}, {"public_keys", {pem}}, {"secret", secret}});

    expect_denied(forged);
}

TEST_F(JwtTest, ATokenThatWasChangedIsRefused) {
    create_with({{"algorithms", {"ES256"}}, {"public_keys", {p256().public_pem()}}});
    const auto token = signed_by(p256(), "ES256", good_claims());
    const auto dot = token.rfind('.');
    const auto forged = base64url(R"({"alg":"ES256"})") + "." +
                        base64url(with(good_claims(), "sub", "mallory").dump()) + token.substr(dot);

    expect_allowed(token);
    expect_denied(forged);
    expect_denied(token.substr(0, dot + 1));
    expect_denied(token.substr(0, token.size() - 4));
    expect_denied(token + "AAAA");
}

TEST_F(JwtTest, SignaturesOfZeroesOrInAnotherFormAreRefused) {
    create_with({{"algorithms", {"ES256"}}, {"public_keys", {p256().public_pem()}}});
    const auto header = R"({"alg":"ES256"})";

    expect_denied(
        token_of(header, good_claims().dump(), [](auto&) { return std::string(64, '\0'); }));
    expect_denied(token_of(header, good_claims().dump(),
                           [](auto& text) { return p256().sign_as_der(text); }));
}

TEST_F(JwtTest, KeysThatATokenBringsItselfAreIgnored) {
    const KeyPair mine("P-256");
    create_with({{"algorithms", {"ES256"}}, {"public_keys", {p256().public_pem()}}});
    const json header{{"alg", "ES256"},
                      {"jwk", mine.jwk("k")},
                      {"jku", "https://evil.example/jwks.json"},
                      {"x5u", "https://evil.example/cert"}};

    expect_denied(token_of(header.dump(), good_claims().dump(),
                           [&](auto& text) { return mine.sign("ES256", text); }));
    EXPECT_TRUE(host.http().calls().empty());
}

TEST_F(JwtTest, MalformedTokensAreRefused) {
    create_hs256();
    const auto sign = [](const auto& text) { return hmac_sha256(secret, text); };
    const auto payload = good_claims().dump();
    const auto good = hs256(good_claims());
    const auto first = good.find('.');
    const auto second = good.find('.', first + 1);

    expect_denied(token_of(R"({"alg":"HS256","crit":["x"],"x":1})", payload, sign));
    expect_denied(token_of(R"({"alg":"HS256","typ":"dpop+jwt"})", payload, sign));
    expect_denied(token_of(R"({"alg":"none","alg":"HS256"})", payload, sign));
    expect_denied(token_of(R"({"alg":"HS256","kid":7})", payload, sign));
    expect_denied(
        token_of(R"({"alg":"HS256","kid":")" + std::string(300, 'k') + "\"}", payload, sign));
    expect_denied(token_of(R"(["HS256"])", payload, sign));
    expect_denied(token_of(R"({"alg":"HS256"})", "[]", sign));
    expect_denied(token_of(R"({"alg":"HS256"})", "not json", sign));
    expect_denied(
        token_of(R"({"alg":"HS256"})", R"({"sub":"a","sub":"b","exp":9999999999})", sign));
    expect_denied(good + "=");
    expect_denied(good.substr(0, first) + "=" + good.substr(first));
    expect_denied(good.substr(0, second + 1) + " " + good.substr(second + 1));
    expect_denied(good + ".e30.e30");  // five parts: an encrypted one
    expect_denied("..");
    expect_denied(hs256(with(good_claims(), "x", std::string(20'000, 'x'))));
    std::string deep = "1";
    for (int i = 0; i < 5000; ++i) deep = "[" + deep + "]";
    expect_denied(
        token_of(R"({"alg":"HS256"})", R"({"sub":"a","exp":9999999999,"d":)" + deep + "}", sign));
}

TEST_F(JwtTest, OneKeysSignatureUnderAnothersNameIsRefused) {
    const KeyPair other("RSA");
    const json set{{"keys", {rsa().jwk("mine"), other.jwk("theirs")}}};
    create_with({{"algorithms", {"RS256"}}, {"jwks", set.dump()}});
    expect_allowed(signed_by(rsa(), "RS256", good_claims(), "mine"));
    expect_denied(signed_by(rsa(), "RS256", good_claims(), "theirs"));
    expect_denied(signed_by(other, "RS256", good_claims(), "mine"));
}

// ---- time, issuer, audience ----

TEST_F(JwtTest, DatesCountWithTheLeewayOfSixtySeconds) {
    create_hs256();

    expect_allowed(hs256(with(good_claims(), "exp", now_s() - 55)));
    expect_denied(hs256(with(good_claims(), "exp", now_s() - 61)));
    expect_allowed(hs256(with(good_claims(), "nbf", now_s() + 55)));
    expect_denied(hs256(with(good_claims(), "nbf", now_s() + 70)));
    expect_denied(hs256(with(good_claims(), "iat", now_s() + 70)));
    expect_allowed(hs256(with(good_claims(), "exp", static_cast<double>(now_s()) + 10.5)));
    expect_allowed(hs256(with(good_claims(), "exp", 1e300)));
}

TEST_F(JwtTest, DatesThatAreNoNumbersAreRefused) {
    create_hs256();

    expect_denied(hs256({{"sub", "alice"}}));
    expect_denied(hs256(with(good_claims(), "exp", std::to_string(now_s() + 60))));
    expect_denied(hs256(with(good_claims(), "exp", nullptr)));
    expect_denied(hs256(with(good_claims(), "nbf", "soon")));
    expect_denied(hs256(with(good_claims(), "iat", json::array())));
}

TEST_F(JwtTest, TheIssuerMustBeTheSameToTheLetter) {
    create_with(
        {{"algorithms", {"HS256"}}, {"secret", secret}, {"issuer", "https://issuer.example"}});

    expect_allowed(hs256(with(good_claims(), "iss", "https://issuer.example")));
    expect_denied(hs256(with(good_claims(), "iss", "https://issuer.example/")));
    expect_denied(hs256(good_claims()));
}

TEST_F(JwtTest, TheAudienceMustBeOneOfOurs) {
    create_with({{"algorithms", {"HS256"}}, {"secret", secret}, {"audience", {"api", "chat"}}});

    expect_allowed(hs256(with(good_claims(), "aud", "chat")));
    expect_allowed(hs256(with(good_claims(), "aud", {"other", "api"})));
    expect_denied(hs256(with(good_claims(), "aud", "other")));
    expect_denied(hs256(with(good_claims(), "aud", json::array())));
    expect_denied(hs256(with(good_claims(), "aud", 7)));
    expect_denied(hs256(good_claims()));
}

TEST_F(JwtTest, ATokenForAnAudienceIsRefusedWhereNoneIsConfigured) {
    create_hs256();

    expect_denied(hs256(with(good_claims(), "aud", "somebody else's api")));
}

// ---- configs ----

TEST_F(JwtTest, ConfigsThatCannotWorkSayWhy) {
    const KeyPair weak("RSA1024");
    const std::vector<std::pair<json, std::string>> configs{
        {{{"algorithms", {"HS256"}}, {"secret", "short"}}, "32"},
        {{{"algorithms", {"HS256"}}}, "HS256 needs a secret"},
        {{{"algorithms", {"RS256"}}, {"secret", secret}}, "RS256 needs a key"},
        {{{"algorithms", {"RS256"}}, {"public_keys", {"nonsense"}}}, "PEM"},
        {{{"algorithms", {"RS256"}}, {"public_keys", {weak.public_pem()}}}, "2048"},
        {{{"algorithms", {"RS256"}}, {"jwks", "{}"}}, "JWK Set"},
        {{{"algorithms", {"RS256"}}, {"jwks_url", "http://issuer.example/jwks"}}, "https"},
        {{{"algorithms", {"RS256"}}, {"jwks_url", "http://localhost.evil.example/jwks"}}, "https"},
        {{{"algorithms", {"HS256"}}, {"secret", secret}, {"public_keys", {p256().public_pem()}}},
         "no algorithm uses"}};
    for (const auto& [config, part] : configs) {
        patchbay::testing::FakeHost other;
        const auto plugin = patchbay::testing::load_plugin(JWT_PLUGIN);
        ASSERT_TRUE(plugin);
        const auto made = other.create(**plugin, config.dump());

        ASSERT_FALSE(made) << config;
        EXPECT_NE(made.error().message.find(part), std::string::npos) << made.error().message;
        EXPECT_EQ(made.error().message.find(secret), std::string::npos);
    }
}

TEST_F(JwtTest, ASetInTheConfigServesByKid) {
    const KeyPair other("P-256");
    create_with({{"algorithms", {"RS256", "ES256"}},
                 {"jwks", json{{"keys",
                                {rsa().jwk("r"), p256().jwk("e1"), other.jwk("e2"),
                                 json{{"kty", "oct"}, {"k", "AAAA"}, {"kid", "s"}},
                                 with(rsa().jwk("enc"), "use", "enc"), json{{"kty", "new"}}}}}
                              .dump()}});

    expect_allowed(signed_by(rsa(), "RS256", good_claims(), "r"));
    expect_allowed(signed_by(p256(), "ES256", good_claims(), "e1"));
    expect_allowed(signed_by(other, "ES256", good_claims(), "e2"));
    expect_denied(signed_by(other, "ES256", good_claims(), "e1"));
    expect_denied(signed_by(rsa(), "RS256", good_claims(), "enc"));
    expect_allowed(signed_by(rsa(), "RS256", good_claims()));  // one fits
    expect_denied(signed_by(p256(), "ES256", good_claims()));  // two would
    expect_denied(signed_by(rsa(), "RS256", good_claims(), "../../etc/passwd"));
}

// ---- a set behind a URL ----

TEST_F(JwtTest, TheSetIsFetchedOnceAndKept) {
    create_with_url();
    answer_with({rsa().jwk("k1")});

    for (int i = 0; i < 3; ++i) expect_allowed(signed_by(rsa(), "RS256", good_claims(), "k1"));

    ASSERT_EQ(host.http().calls().size(), 1u);
    EXPECT_EQ(host.http().calls()[0].url, jwks_url);
}

TEST_F(JwtTest, ManyChecksWaitForOneFetch) {
    create_with_url();
    answer_with({rsa().jwk("k1")});
    const auto token = signed_by(rsa(), "RS256", good_claims(), "k1");

    std::vector<FakeCheck*> waiting;
    for (int i = 0; i < 20; ++i) waiting.push_back(&check(token));
    EXPECT_TRUE(host.run_until(
        [&] { return std::ranges::all_of(waiting, [](auto* one) { return one->answered(); }); }));

    for (const auto* one : waiting) EXPECT_TRUE(one->allowed());
    EXPECT_EQ(host.http().calls().size(), 1u);
}

TEST_F(JwtTest, AKeyThatIsNewIsFetchedAndUnknownKidsDoNotForceMore) {
    create_with_url();
    answer_with({rsa().jwk("k1")});
    expect_allowed(signed_by(rsa(), "RS256", good_claims(), "k1"));
    answer_with({rsa().jwk("k1"), p256().jwk("k2")});

    expect_allowed(signed_by(p256(), "ES256", good_claims(), "k2"));
    EXPECT_EQ(host.http().calls().size(), 2u);

    for (int i = 0; i < 10; ++i) {
        expect_denied(signed_by(p256(), "ES256", good_claims(), "random" + std::to_string(i)));
    }
    EXPECT_EQ(host.http().calls().size(), 2u);
}

TEST_F(JwtTest, AnIssuerThatCannotBeReachedIsNoFaultOfTheToken) {
    create_with_url();
    host.http().answer(jwks_url, {.status = 500, .chunks = {"oops"}});

    const auto& decision = settled(signed_by(rsa(), "RS256", good_claims(), "k1"));

    ASSERT_TRUE(decision.denied());
    EXPECT_EQ(decision.denied()->code, ErrorCode::unavailable);
    EXPECT_TRUE(decision.denied()->retryable);
}

TEST_F(JwtTest, ASetThatIsNoneIsAFailure) {
    create_with_url();
    host.http().answer(jwks_url, {.chunks = {"<html>"}});

    EXPECT_EQ(settled(signed_by(rsa(), "RS256", good_claims(), "k1")).denied()->code,
              ErrorCode::unavailable);
}

TEST_F(JwtTest, WhenTheCheckThatFetchesIsCancelledAnotherGoesOn) {
    create_with_url();
    answer_with({rsa().jwk("k1")});
    answer_with({rsa().jwk("k1")});
    const auto token = signed_by(rsa(), "RS256", good_claims(), "k1");
    auto& first = check(token);
    auto& second = check(token);

    first.cancel();
    EXPECT_TRUE(host.run_until([&] { return second.answered(); }));

    EXPECT_TRUE(second.allowed());
    EXPECT_FALSE(first.allowed());
}

TEST_F(JwtTest, NothingOfATokenReachesTheLog) {
    create_hs256();
    const auto token = hs256(with(good_claims(), "sub", ""));
    expect_denied(token);
    expect_denied(hs256(with(good_claims(), "exp", 1)));

    for (const auto& line : host.log_lines()) {
        EXPECT_EQ(line.message.find(token.substr(0, 20)), std::string::npos);
        EXPECT_EQ(line.message.find(secret), std::string::npos);
    }
}

}  // namespace
