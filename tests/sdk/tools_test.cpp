// The tools clock and calculator against the fake host.
#include "plugin_under_test.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <regex>

namespace {

using nlohmann::json;
using patchbay::ErrorCode;

class ClockTest : public PluginUnderTest {
protected:
    ClockTest() : PluginUnderTest(CLOCK_PLUGIN) {}
    void SetUp() override { ASSERT_TRUE(create()); }

    static int64_t now_ms() {
        using namespace std::chrono;
        return floor<milliseconds>(system_clock::now()).time_since_epoch().count();
    }
};

TEST_F(ClockTest, SaysTheTimeInUtc) {
    const auto before = now_ms();
    const auto output = json::parse(call({.name = "clock"}).output());
    const auto after = now_ms();

    const int64_t said = output["unix_ms"];
    EXPECT_GE(said, before);
    EXPECT_LE(said, after);
    const std::time_t seconds = said / 1000;
    std::tm parts = {};
    gmtime_r(&seconds, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    EXPECT_EQ(output["utc"], text);
    std::strftime(text, sizeof text, "%A", &parts);
    EXPECT_EQ(output["weekday"], text);
    EXPECT_FALSE(output.contains("local"));
}

TEST_F(ClockTest, SaysTheTimeAtAnOffset) {
    for (const auto& [zone, shift] :
         std::map<std::string, int>{{"+05:30", 5 * 3600 + 1800}, {"-11:00", -11 * 3600}}) {
        const auto output = json::parse(
            call({.name = "clock", .arguments_json = json{{"utc_offset", zone}}.dump()}).output());
        const std::time_t there = output["unix_ms"].get<int64_t>() / 1000 + shift;
        std::tm parts = {};
        gmtime_r(&there, &parts);
        char text[64];
        std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
        EXPECT_EQ(output["local"], text + zone);
        std::strftime(text, sizeof text, "%A", &parts);
        EXPECT_EQ(output["local_weekday"], text);
    }
}

TEST_F(ClockTest, DescribesItself) {
    const auto described = json::parse(host.describe());
    EXPECT_EQ(described.at(0).at("name"), "clock");
    EXPECT_EQ(described.at(0).at("idempotent"), true);
    const std::regex offset(
        described[0]["parameters"]["properties"]["utc_offset"]["pattern"].get<std::string>());
    EXPECT_TRUE(std::regex_search("+02:00", offset));
    EXPECT_FALSE(std::regex_search("+24:00", offset));
}

class CalculatorTest : public PluginUnderTest {
protected:
    CalculatorTest() : PluginUnderTest(CALCULATOR_PLUGIN) {}
    void SetUp() override { ASSERT_TRUE(create()); }

    json output_of(const std::string& expression) {
        auto& started =
            call({.name = "calculator", .arguments_json = json{{"expression", expression}}.dump()});
        if (started.error()) return {{"error", started.error()->message}};
        return json::parse(started.output());
    }
    std::string result_of(const std::string& expression) {
        return output_of(expression).value("result", "none");
    }
    ErrorCode code_of(const std::string& expression) {
        auto& started =
            call({.name = "calculator", .arguments_json = json{{"expression", expression}}.dump()});
        EXPECT_TRUE(started.error()) << expression << " = " << started.output();
        if (!started.error()) return ErrorCode::internal;
        EXPECT_TRUE(started.error()->user_safe) << expression;
        return started.error()->code;
    }
};

TEST_F(CalculatorTest, ComputesExactly) {
    const std::map<std::string, std::string> expected = {
        {"1 + 2 * 3", "7"},
        {"(1 + 2) * 3", "9"},
        {"0.1 + 0.2", "0.3"},
        {"1 / 8", "0.125"},
        {"-1 / 8", "-0.125"},
        {"10 - 2 - 3", "5"},
        {"2 ^ 3 ^ 2", "512"},
        {"-2 ^ 2", "-4"},
        {"2 ^ -2", "0.25"},
        {"(1/2) ^ 3", "0.125"},
        {"--3 - -2", "5"},
        {"7 % 3", "1"},
        {"-7 % 3", "2"},
        {"7.5 % 2", "1.5"},
        {"1.5e-3 * 2E3", "3"},
        {".5 + 5.", "5.5"},
        {"007 + 010", "17"},
        {"0e400 + 0.00e-400 + 0e999999", "0"},
        {"0 ^ 0 + (-1) ^ 1000001 + 1 ^ 99999999", "1"},
        {"abs(-3) + floor(-1.5) + ceil(1.2) + round(2.5) + round(-2.5)", "3"},
        {"min(3, 1/3 * 3, 2) + max(1, 2)", "3"},
        {"2 ^ 200", "1606938044258990275541962092341162602522202993782792835301376"},
        {"1/3 + 1/6", "0.5"},
        {"100000 * 1.000001", "100000.1"},
    };
    for (const auto& [expression, result] : expected)
        EXPECT_EQ(result_of(expression), result) << expression;
}

TEST_F(CalculatorTest, AFractionWithoutAnEndIsGivenAsOneWithItsFirstDecimals) {
    EXPECT_EQ(output_of("1 / 3"), (json{{"result", "1/3"}, {"decimal", "0.33333333333333333333"}}));
    EXPECT_EQ(output_of("-2 / 7"),
              (json{{"result", "-2/7"}, {"decimal", "-0.28571428571428571428"}}));
    EXPECT_EQ(output_of("-1 / 3 / 10 ^ 30")["decimal"], "-0.00000000000000000000");
}

TEST_F(CalculatorTest, WhatIsNoExpressionIsRefused) {
    for (const auto* expression :
         {"",       " ",     "1 +",       "(1",       "1)",      "1 2",   "2x",    "x",
          "foo(1)", "abs()", "abs(1, 2)", "min 1",    "1e",      "1e+",   ".",     "1..2",
          "1 ** 2", "$",     "1,2",       "\xC3\xA9", "2 ^ 0.5", "1 / 0", "1 % 0", "0 ^ -1"})
        EXPECT_EQ(code_of(expression), ErrorCode::bad_request) << expression;
}

TEST_F(CalculatorTest, WhatWouldBeHugeIsRefusedBeforeItIsComputed) {
    for (const auto* expression :
         {"9 ^ 9 ^ 9", "2 ^ 1025", "10 ^ 400", "2 ^ -1025", "1e400", "1e-400", "1e999999",
          "10 ^ 300 * 10 ^ 300", "3 ^ 99999999999999999999999", "2 ^ (10 ^ 300)"})
        EXPECT_EQ(code_of(expression), ErrorCode::out_of_range) << expression;
    EXPECT_EQ(code_of(std::string(501, '1')), ErrorCode::too_large);
    EXPECT_EQ(code_of(std::string(400, '1')), ErrorCode::out_of_range);
    EXPECT_EQ(code_of(std::string(200, '(') + "1" + std::string(200, ')')), ErrorCode::bad_request);
    EXPECT_EQ(code_of(std::string(300, '-') + "1"), ErrorCode::bad_request);
}

TEST_F(CalculatorTest, WhatIsSmallAndLongIsNotCalledLarge) {
    for (const auto* expression : {"0.5 ^ 2000", "1e-309", "1e-999999", "1 / 3 ^ 1000", "10 ^ 400"})
        EXPECT_EQ(output_of(expression)["error"],
                  "a number of this calculation has too many digits: written as a fraction, more "
                  "than 308 above or below the line")
            << expression;
}

TEST_F(CalculatorTest, AnErrorNamesTheCharacterAtWhichItIs) {
    EXPECT_EQ(output_of("1 + \xC3\xA9 + $")["error"],
              "cannot read the expression from character 5 on");
    EXPECT_EQ(output_of("1 +\n2 $")["error"], "cannot read the expression from character 7 on");
}

TEST_F(CalculatorTest, DescribesItself) {
    const auto described = json::parse(host.describe());
    EXPECT_EQ(described.at(0).at("name"), "calculator");
    EXPECT_EQ(described[0]["parameters"]["required"], json::array({"expression"}));
}

}  // namespace
