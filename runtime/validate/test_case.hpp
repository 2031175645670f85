// One test of `patchbay plugin validate`, and what it is about.
#pragma once

#include "runtime/validate/result.hpp"

#include <patchbay/abi/plugin.h>
#include <patchbay/error.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::validate {

// What is tested, as it came from the command line.
struct Subject {
    std::string path;              // absolute
    std::string config;            // a JSON object; "" = one is made from the plugin's schema
    std::string upstream_body;     // of a 2xx answer; "" = as OpenAI's servers have it
    uint64_t seed = 0;             // of the fuzzer
    bool allow_strangers = false;  // its auth may let in whom it does not know
};

struct TestCase {
    std::string_view name;      // "stream.finishes_once"
    std::string_view sentence;  // what holds when it passes
    std::string_view advice;    // what to change when it fails
    Verdict (*run)(const Subject& subject);
};

// In the order in which they run: from the file to the fuzzer's seed. One list a file.
std::vector<TestCase> all_tests();
TestCase fuzz_test();

std::span<const TestCase> static_tests();
std::span<const TestCase> load_tests();
std::span<const TestCase> config_tests();
std::span<const TestCase> apart_tests();
std::span<const TestCase> answer_tests();
std::span<const TestCase> offer_tests();
std::span<const TestCase> upstream_tests();
std::span<const TestCase> auth_tests();
std::span<const TestCase> middleware_tests();
std::span<const TestCase> exporter_tests();
std::span<const TestCase> conduct_tests();
std::span<const TestCase> leftover_tests();
std::span<const TestCase> many_tests();

// The plugin's table, loaded as the server does, and named in last_words(). Once it is loaded it
// is there for ever.
Result<const patchbay_plugin*> load(const Subject& subject);

}  // namespace patchbay::validate
