// The report for programs: JSON, and JUnit's XML.
#include "runtime/validate/report.hpp"

#include "runtime/plugins/abi_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ostream>

namespace patchbay::validate {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const TestResult& result) {
    return {{"name", result.name},
            {"sentence", result.sentence},
            {"outcome", name_of(result.verdict.outcome)},
            {"milliseconds", result.milliseconds},
            {"what", result.verdict.what},
            {"advice",
             result.verdict.outcome == Outcome::passed || result.verdict.outcome == Outcome::skipped
                 ? ""
                 : result.verdict.advice},
            {"figures", to_json(result.verdict.figures)},
            {"plugin", result.plugin},
            {"slot", result.slot},
            {"signal", result.signal},
            {"output", result.output}};
}

// XML 1.0 has no place for most control characters, nor for what is not UTF-8.
std::string escaped(const std::string& text) {
    std::string safe;
    for (const char letter : plugins::is_utf8(text) ? text : "(not UTF-8)") {
        const auto code = static_cast<unsigned char>(letter);
        switch (letter) {
            case '<': safe += "&lt;"; break;
            case '>': safe += "&gt;"; break;
            case '&': safe += "&amp;"; break;
            case '"': safe += "&quot;"; break;
            case '\n': safe += "&#10;"; break;
            case '\t': safe += "&#9;"; break;
            default: safe += code < 0x20 ? '?' : letter;
        }
    }
    return safe;
}

}  // namespace

void write_json(std::ostream& out, const Report& report) {
    auto tests = ordered_json::array();
    for (const auto& result : report.results) tests.push_back(to_json(result));
    const ordered_json json = {
        {"path", report.path},
        {"id", report.id},
        {"version", report.version},
        {"seed", report.seed ? ordered_json(*report.seed) : ordered_json(nullptr)},
        {"passed", report.count(Outcome::passed)},
        {"warned", report.count(Outcome::warned)},
        {"failed", report.count(Outcome::failed)},
        {"skipped", report.count(Outcome::skipped)},
        {"tests", std::move(tests)}};
    out << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

void write_junit(std::ostream& out, const Report& report) {
    int64_t total = 0;
    for (const auto& result : report.results) total += result.milliseconds;
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        << fmt::format(
               "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" "
               "skipped=\"{}\" time=\"{:.3f}\">\n",
               escaped(report.id.empty() ? report.path : report.id), report.results.size(),
               report.count(Outcome::failed), report.count(Outcome::skipped),
               static_cast<double>(total) / 1000);
    for (const auto& result : report.results) {
        out << fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                           escaped(result.name), escaped(result.sentence),
                           static_cast<double>(result.milliseconds) / 1000);
        const auto& verdict = result.verdict;
        if (verdict.outcome == Outcome::passed) {
            out << "/>\n";
            continue;
        }
        out << ">\n";
        if (verdict.outcome == Outcome::skipped)
            out << fmt::format("    <skipped message=\"{}\"/>\n", escaped(verdict.what));
        else if (verdict.outcome == Outcome::warned)
            out << fmt::format("    <system-out>{}</system-out>\n", escaped(verdict.what));
        else
            out << fmt::format("    <failure message=\"{}\">{}</failure>\n", escaped(verdict.what),
                               escaped(verdict.advice + "\n" + result.output));
        out << "  </testcase>\n";
    }
    out << "</testsuite>\n";
}

}  // namespace patchbay::validate
