// What a test of `patchbay plugin validate` says.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::validate {

enum class Outcome { passed, warned, failed, skipped };

std::string_view name_of(Outcome outcome);

// What a test measured: "bytes_per_idle_stream".
struct Figure {
    std::string name;
    double value = 0;
};

// What a test found. `what` is empty when it passed.
struct Verdict {
    Outcome outcome = Outcome::passed;
    std::string what;
    std::string advice;  // what to change; "" = the test's own advice holds
    std::vector<Figure> figures = {};
};

inline Verdict passed() { return {}; }
inline Verdict failed(std::string what, std::string advice = {}) {
    return {Outcome::failed, std::move(what), std::move(advice), {}};
}
inline Verdict warned(std::string what, std::string advice = {}) {
    return {Outcome::warned, std::move(what), std::move(advice), {}};
}
inline Verdict skipped(std::string why) { return {Outcome::skipped, std::move(why), {}, {}}; }

struct TestResult {
    std::string name;      // "stream.finishes_once"
    std::string sentence;  // "An answer ends once"
    Verdict verdict;
    int64_t milliseconds = 0;
    std::string plugin;  // where it was when it died: the plugin's id …
    std::string slot;    // … and function, "provider.open"; "" = it did not die in the plugin
    std::string signal;  // "SIGSEGV", or "exit code 66"; "" = it did not die
    std::string output;  // what it wrote to its standard output and error, when it failed
};

// {"bytes_per_idle_stream": 312.0}
nlohmann::ordered_json to_json(const std::vector<Figure>& figures);

// One line, as the child hands it to the parent.
std::string to_line(const Verdict& verdict);
std::optional<Verdict> verdict_of_line(const std::string& line);

struct Report {
    std::string path;
    std::string id;  // of the plugin; "" = unknown
    std::string version;
    std::optional<uint64_t> seed;  // of --fuzz
    std::vector<TestResult> results;

    size_t count(Outcome outcome) const;
};

}  // namespace patchbay::validate
