// The report for people.
#include "runtime/validate/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace patchbay::validate {
namespace {

constexpr size_t sentence_width = 72;

// A plugin's words must not drive the terminal.
std::string printable(std::string text) {
    std::ranges::replace_if(
        text, [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; }, '?');
    return text;
}

void print_indented(std::ostream& out, const std::string& text) {
    for (size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        out << "            | " << text.substr(at, end - at) << "\n";
        at = end + 1;
    }
}

void print_figures(std::ostream& out, const std::vector<Figure>& figures) {
    const char* before = "          measured: ";
    for (const auto& figure : figures)
        out << std::exchange(before, ", ") << fmt::format("{} {:.6g}", figure.name, figure.value);
    if (!figures.empty()) out << "\n";
}

const char* word_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed: return "ok";
        case Outcome::warned: return "WARNING";
        case Outcome::failed: return "FAILED";
        case Outcome::skipped: return "skipped";
    }
    return "";
}

}  // namespace

void print_result(std::ostream& out, const TestResult& result) {
    const auto& verdict = result.verdict;
    if (verdict.outcome == Outcome::skipped) return;
    out << fmt::format("{:8}  {:{}}  {:5} ms  {}\n", word_of(verdict.outcome), result.sentence,
                       sentence_width, result.milliseconds, result.name);
    print_figures(out, verdict.figures);
    if (verdict.outcome == Outcome::passed) return;
    out << "          found:  " << printable(verdict.what) << "\n";
    out << "          change: " << printable(verdict.advice) << "\n";
    print_indented(out, printable(result.output));
}

void print_summary(std::ostream& out, const Report& report) {
    out << fmt::format("\n{} {}: {} passed, {} warned, {} failed, {} do not apply\n",
                       report.id.empty() ? report.path : printable(report.id),
                       printable(report.version), report.count(Outcome::passed),
                       report.count(Outcome::warned), report.count(Outcome::failed),
                       report.count(Outcome::skipped));
    if (report.seed) out << fmt::format("fuzzed with --seed {}\n", *report.seed);
}

void print_list(std::ostream& out, const std::vector<TestCase>& tests) {
    for (const auto& test : tests) out << fmt::format("{:28}  {}\n", test.name, test.sentence);
}

}  // namespace patchbay::validate
