// What the plugin makes of a refusal.
#include "openai_test.hpp"

#include <patchbay/error.hpp>

#include <ctime>

namespace {

using nlohmann::json;
using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::testing::HeaderList;

class OpenAiErrorTest : public OpenAiTest {
protected:
    // The error of a chat whose upstream answers this.
    Error error_of(uint32_t status, const std::string& body, HeaderList headers = {}) {
        headers.emplace_back("Content-Type", "application/json");
        auto& chat = answered({.status = status, .headers = std::move(headers), .chunks = {body}});
        EXPECT_TRUE(chat.error());
        return chat.error().value_or(Error{});
    }

    static std::string body(const std::string& code, const std::string& message = "sorry") {
        return json{{"error", {{"message", message}, {"type", "t"}, {"code", code}}}}.dump();
    }
};

TEST_F(OpenAiErrorTest, StatusAndCodeTellWhatHappened) {
    struct Case {
        uint32_t status;
        std::string body;
        ErrorCode code;
        bool retryable;
    };
    const std::vector<Case> cases = {
        {400, body("unsupported_parameter"), ErrorCode::bad_request, false},
        {400, body("context_length_exceeded"), ErrorCode::context_length, false},
        {400, body("", "This model's maximum context length is 8192"), ErrorCode::context_length,
         false},
        {400, body("content_filter"), ErrorCode::content_filtered, false},
        {401, body("invalid_api_key"), ErrorCode::upstream, false},
        {403, body("insufficient_quota"), ErrorCode::upstream, false},
        {404, body("model_not_found"), ErrorCode::model_not_found, false},
        {404, body("", "model 'x' not found, try pulling it"), ErrorCode::model_not_found, false},
        {404, "404 page not found", ErrorCode::upstream, false},
        {408, "", ErrorCode::timeout, true},
        {409, body("conflict"), ErrorCode::upstream, true},
        {413, "", ErrorCode::too_large, false},
        {422, body(""), ErrorCode::bad_request, false},
        {429, body("rate_limit_exceeded"), ErrorCode::rate_limited, true},
        {429, body("slow_down"), ErrorCode::rate_limited, true},
        {429, body("insufficient_quota"), ErrorCode::quota_exceeded, false},
        {429, body("billing_hard_limit_reached"), ErrorCode::quota_exceeded, false},
        {500, body("server_error"), ErrorCode::upstream, true},
        {503, "<html>down</html>", ErrorCode::upstream, true},
        {302, "", ErrorCode::upstream, false},
        {500, "\xFF\xFE", ErrorCode::upstream, true}};
    for (const auto& one : cases) {
        const auto error = error_of(one.status, one.body);

        EXPECT_EQ(error.code, one.code) << one.status << " " << one.body;
        EXPECT_EQ(error.retryable, one.retryable) << one.status << " " << one.body;
        EXPECT_EQ(error.http_status, static_cast<int>(one.status));
        EXPECT_FALSE(error.user_safe);
    }
}

TEST_F(OpenAiErrorTest, RefusedCredentialsQuoteNothing) {
    const auto error = error_of(401, body("invalid_api_key", "Incorrect API key: sk-se**cret"));

    EXPECT_EQ(error.message, "the upstream answered 401: it refuses our credentials");
    EXPECT_EQ(json::parse(error.detail_json),
              json::parse(R"({"type":"t","code":"invalid_api_key"})"));
}

TEST_F(OpenAiErrorTest, TheKeyIsBlottedOut) {
    const auto error = error_of(400, body("sk-secret", "sk-secret and sk-secret are bad"));

    EXPECT_EQ(error.message, "the upstream answered 400: [key] and [key] are bad");
    EXPECT_EQ(error.detail_json.find("sk-secret"), std::string::npos);
}

TEST_F(OpenAiErrorTest, ALongMessageIsShortened) {
    std::string message;
    while (message.size() < 1000) message += "你";

    const auto error = error_of(400, body("", message));

    EXPECT_LT(error.message.size(), 400u);
    EXPECT_TRUE(patchbay::testing::is_utf8(error.message));
}

TEST_F(OpenAiErrorTest, RetryAfterIsReadInAllItsForms) {
    const auto wait = [&](const std::string& name, const std::string& value) {
        return error_of(429, body("rate_limit_exceeded"), {{name, value}}).retry_after_ms;
    };
    char date[64];
    const std::time_t later = std::time(nullptr) + 100;
    std::tm parts = {};
    gmtime_r(&later, &parts);
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);

    EXPECT_EQ(wait("retry-after", "7"), 7000);
    EXPECT_EQ(wait("Retry-After", "1.5"), 1500);
    EXPECT_EQ(wait("retry-after-ms", "250"), 250);
    EXPECT_EQ(wait("retry-after", "999999999"), 86'400'000);
    EXPECT_EQ(wait("retry-after", "soon"), 0);
    EXPECT_EQ(wait("retry-after", "-5"), 0);
    EXPECT_EQ(wait("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), 0);
    EXPECT_NEAR(double(wait("retry-after", date)), 100'000, 10'000);
}

TEST_F(OpenAiErrorTest, TheUpstreamMaySayWhetherToTryAgain) {
    EXPECT_FALSE(error_of(500, "", {{"x-should-retry", "false"}}).retryable);
    EXPECT_TRUE(error_of(501, "", {{"x-should-retry", "true"}}).retryable);
}

TEST_F(OpenAiErrorTest, AnUpstreamThatCannotBeReachedIsPassedOn) {
    const Error refused = {
        .code = ErrorCode::upstream, .message = "connection refused", .retryable = true};
    auto& chat = answered({.status = 0, .failure = refused});

    ASSERT_TRUE(chat.error());
    EXPECT_EQ(chat.error()->code, ErrorCode::upstream);
    EXPECT_EQ(chat.error()->message, "connection refused");
    EXPECT_TRUE(chat.error()->retryable);
}

TEST_F(OpenAiErrorTest, ATimeoutIsPassedOn) {
    const Error late = {.code = ErrorCode::timeout, .message = "no byte in 60 s"};
    auto& chat = answered({.chunks = events({content("half")}), .failure = late});

    ASSERT_TRUE(chat.error());
    EXPECT_EQ(chat.error()->code, ErrorCode::timeout);
    EXPECT_EQ(chat.text(), "half");
}

}  // namespace
