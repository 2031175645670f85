// The process that one test runs in.
#pragma once

#include "runtime/validate/test_case.hpp"

#include <optional>
#include <string>

namespace patchbay::validate {

// What a child finds open, beside its standard output and error.
constexpr int verdict_descriptor = 3;     // a pipe: one line
constexpr int last_words_descriptor = 4;  // a page for LastWords
constexpr int subject_descriptor = 5;     // a file: the subject as JSON

std::string to_json(const Subject& subject);
std::optional<Subject> subject_of_json(const std::string& text);

// Runs the test in this process, as a child of run_in_child() does. Does not return: what the
// plugin left behind, threads and all, must not run on.
[[noreturn]] void run_as_child(const std::string& test_name);

// Runs the test here. For debuggers, and for the child.
Verdict run_here(const TestCase& test, const Subject& subject);

// nullopt: there is no such test.
std::optional<TestCase> find_test(const std::string& name);

// The exit code of a child that could not begin.
constexpr int child_confused = 70;

}  // namespace patchbay::validate
