#include "runtime/validate/report.hpp"
#include "runtime/validate/runner.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace patchbay::validate {
namespace {

const Report& report() {
    static const Report report = {
        .path = "/p.so",
        .id = "org.example.a",
        .version = "1",
        .seed = 9,
        .results = {{.name = "a.b", .sentence = "It holds", .milliseconds = 3},
                    {.name = "a.c",
                     .sentence = "It <fits>",
                     .verdict = failed("it said \"\x1b[31m\" & died", "Change it."),
                     .signal = "SIGSEGV",
                     .output = "last\nwords"},
                    {.name = "a.d", .sentence = "Never", .verdict = skipped("no such interface")}}};
    return report;
}

TEST(ReportTest, VerdictComesThroughAPipeAsItWas) {
    const auto verdict = verdict_of_line(to_line(failed("line\nbreak \xff", "advice")));

    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->outcome, Outcome::failed);
    EXPECT_EQ(verdict->what, "line\nbreak \xEF\xBF\xBD");
    EXPECT_FALSE(verdict_of_line("half a li"));
    EXPECT_FALSE(verdict_of_line(R"({"outcome":"unheard"})"));
}

TEST(ReportTest, TableShowsWhatWasFoundAndDrivesNoTerminal) {
    std::ostringstream out;

    for (const auto& result : report().results) print_result(out, result);
    print_summary(out, report());

    const auto text = out.str();
    EXPECT_NE(text.find("FAILED    It <fits>"), text.npos);
    EXPECT_NE(text.find("found:  it said \"?[31m\" & died"), text.npos);
    EXPECT_NE(text.find("change: Change it."), text.npos);
    EXPECT_NE(text.find("| words"), text.npos);
    EXPECT_EQ(text.find("Never"), text.npos);
    EXPECT_NE(text.find("1 passed, 0 warned, 1 failed, 1 do not apply"), text.npos);
    EXPECT_NE(text.find("--seed 9"), text.npos);
}

TEST(ReportTest, FiguresAreInTheTableAndInTheJson) {
    auto verdict = passed();
    verdict.figures = {{"streams", 10'000}, {"microseconds", 0.25}};
    const auto piped = verdict_of_line(to_line(verdict));
    ASSERT_TRUE(piped);
    Report one = {.path = "/p.so", .id = {}, .version = {}, .seed = {}, .results = {}};
    one.results.push_back({.name = "a.b", .sentence = "It holds", .verdict = *piped});

    std::ostringstream table;
    std::ostringstream json;
    print_result(table, one.results.front());
    write_json(json, one);

    EXPECT_NE(table.str().find("measured: streams 10000, microseconds 0.25"), std::string::npos);
    EXPECT_NE(json.str().find("\"streams\": 10000.0"), std::string::npos);
}

TEST(ReportTest, JunitIsWellFormedWhateverThePluginSays) {
    std::ostringstream out;

    write_junit(out, report());

    const auto text = out.str();
    EXPECT_NE(text.find(R"(tests="3" failures="1" errors="0" skipped="1")"), text.npos);
    EXPECT_NE(text.find(R"(name="It &lt;fits&gt;")"), text.npos);
    EXPECT_NE(text.find("it said &quot;?[31m&quot; &amp; died"), text.npos);
}

TEST(ReportTest, TestsAreChosenByNameAndByGroup) {
    const auto group = choose({"static", "text.utf8"}, false);

    ASSERT_TRUE(group);
    EXPECT_EQ(group->size(), static_tests().size() + 1);
    EXPECT_EQ(choose({}, true)->size(), all_tests().size() + 1);
    EXPECT_EQ(choose({"stat"}, false).error().code, ErrorCode::bad_request);
    EXPECT_EQ(choose({"fuzz"}, false).error().code, ErrorCode::bad_request);
}

}  // namespace
}  // namespace patchbay::validate
