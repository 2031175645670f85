#include "runtime/validate/runner.hpp"

#include "runtime/validate/child.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/lent_pages.hpp"
#include "runtime/validate/probe.hpp"
#include "runtime/validate/spawned.hpp"

#include <fmt/format.h>

#include <string.h>
#include <sys/wait.h>

namespace patchbay::validate {
namespace {

using std::chrono::steady_clock;

constexpr size_t kept_output = 4000;

// "in provider.open, when it is cancelled midway"
std::string place_of(const LastWords& words) {
    const std::string slot = words.slot[0] ? fmt::format(" in {}", words.slot) : "";
    return words.scene[0] ? fmt::format("{}, when it is {}", slot, words.scene) : slot;
}

// Agents and tools are often coroutines, of which g++ 12 makes this.
std::string advice_on_death(std::string_view slot) {
    std::string advice =
        "Run this test with --in-process in a debugger: gdb --args patchbay plugin validate FILE "
        "--in-process --only NAME";
    if (slot.starts_with("agent.") || slot.starts_with("tool."))
        advice +=
            ". Built by g++ before 13, it destroys twice what braces, a lambda or a ?: make within "
            "a co_await expression: make that a variable first";
    return advice;
}

Verdict verdict_of_death(const Spawned::End& end, const LastWords& words,
                         std::chrono::seconds timeout) {
    if (end.timed_out)
        return failed(
            fmt::format("it did not come back within {} s{}", timeout.count(), place_of(words)),
            "Nothing of it may wait, on a lane least of all.");
    if (words.view[0] && words.overread)
        return failed(fmt::format("it read beyond the end of the view {}, or wrote to it{}",
                                  words.view, place_of(words)),
                      "A view has a size and no NUL, and is not yours to write to.");
    if (words.view[0])
        return failed(fmt::format("it used the view {}{}: the call that lent it had returned",
                                  words.view, place_of(words)),
                      "Copy what you keep.");
    return failed(fmt::format("it died of {}{}", end.signal, place_of(words)),
                  advice_on_death(words.slot));
}

Result<TestResult> run_one(const TestCase& test, const Subject& subject, const RunOptions& options,
                           std::string& version) {
    TestResult result = {.name = std::string(test.name), .sentence = std::string(test.sentence)};
    const auto start = steady_clock::now();
    if (options.in_process) {
        result.verdict = run_here(test, subject);
        result.plugin = last_words().plugin;
        version = last_words().version;
    } else {
        auto child = Spawned::start(test.name, subject);
        if (!child) return std::unexpected(child.error());
        const auto end = child->wait(options.timeout);
        const auto& words = child->last_words();
        result.plugin = words.plugin;
        version = words.version;
        if (const auto verdict = verdict_of_line(end.line); verdict && end.signal.empty()) {
            result.verdict = *verdict;
        } else {
            result.verdict = verdict_of_death(end, words, options.timeout);
            result.slot = words.slot;
            result.signal = end.timed_out ? "timeout" : end.signal;
        }
        if (result.verdict.outcome == Outcome::failed) result.output = child->output(kept_output);
    }
    if (result.verdict.advice.empty()) result.verdict.advice = test.advice;
    result.milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start).count();
    return result;
}

}  // namespace

Result<Report> run(const std::vector<TestCase>& tests, const Subject& subject,
                   const RunOptions& options,
                   const std::function<void(const TestResult&)>& on_result) {
    Report report = {.path = subject.path};
    if (options.in_process) {
        count_own_threads();
        name_faults_in_lent_pages();
    }
    for (const auto& test : tests) {
        std::string version;
        auto result = run_one(test, subject, options, version);
        if (!result) return std::unexpected(result.error());
        if (report.id.empty()) report.id = result->plugin;
        if (report.version.empty()) report.version = version;
        on_result(*result);
        report.results.push_back(std::move(*result));
    }
    return report;
}

Result<std::vector<TestCase>> choose(const std::vector<std::string>& names, bool fuzz) {
    auto all = all_tests();
    if (fuzz) all.push_back(fuzz_test());
    if (names.empty()) return all;
    std::vector<bool> chosen(all.size());
    for (const auto& name : names) {
        bool found = false;
        for (size_t i = 0; i < all.size(); ++i) {
            if (all[i].name != name && !all[i].name.starts_with(name + ".")) continue;
            chosen[i] = true;
            found = true;
        }
        if (!found)
            return failure(ErrorCode::bad_request,
                           "there is no test " + name + ": --list shows them" +
                               (name.starts_with("fuzz") ? "; fuzz.orders needs --fuzz" : ""));
    }
    std::vector<TestCase> tests;
    for (size_t i = 0; i < all.size(); ++i)
        if (chosen[i]) tests.push_back(all[i]);
    return tests;
}

}  // namespace patchbay::validate
