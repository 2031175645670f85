// What came of it, for people and for machines.
#pragma once

#include "runtime/validate/result.hpp"
#include "runtime/validate/test_case.hpp"

#include <iosfwd>

namespace patchbay::validate {

// One test after the other, as they end: its sentence, result and time; below a failure what
// happened and what to change. Tests that do not apply are counted only.
void print_result(std::ostream& out, const TestResult& result);
void print_summary(std::ostream& out, const Report& report);

// Names and sentences.
void print_list(std::ostream& out, const std::vector<TestCase>& tests);

// One JSON object, indented.
void write_json(std::ostream& out, const Report& report);

// A <testsuite> of JUnit's XML, as CI servers read it.
void write_junit(std::ostream& out, const Report& report);

}  // namespace patchbay::validate
