// Runs tests, each in a process of its own: whatever the plugin does there is a result.
#pragma once

#include "runtime/validate/test_case.hpp"

#include <patchbay/error.hpp>

#include <chrono>
#include <functional>

namespace patchbay::validate {

struct RunOptions {
    bool in_process = false;           // all in this process: for debuggers. A crash ends it.
    std::chrono::seconds timeout{60};  // of one test
};

// Runs `tests` in order. `on_result` is called after each of them. An error: no child could be
// started.
Result<Report> run(const std::vector<TestCase>& tests, const Subject& subject,
                   const RunOptions& options,
                   const std::function<void(const TestResult&)>& on_result);

// The tests whose names are in `names`, or begin with one of them and a point; all when it is
// empty. bad_request names one that is none.
Result<std::vector<TestCase>> choose(const std::vector<std::string>& names, bool fuzz);

}  // namespace patchbay::validate
