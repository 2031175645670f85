#include "runtime/validate/child.hpp"

#include "runtime/validate/last_words.hpp"
#include "runtime/validate/lent_pages.hpp"
#include "runtime/validate/probe.hpp"

#include <nlohmann/json.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

namespace patchbay::validate {
namespace {

std::string read_all(int descriptor) {
    std::string text;
    char buffer[4096];
    for (off_t at = 0;;) {
        const auto count = pread(descriptor, buffer, sizeof(buffer), at);
        if (count <= 0) return text;
        text.append(buffer, static_cast<size_t>(count));
        at += count;
    }
}

// A crash is a result here, not something to look into later: --in-process is for that.
void leave_no_core() {
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

}  // namespace

std::string to_json(const Subject& subject) {
    const nlohmann::json json = {{"path", subject.path},
                                 {"config", subject.config},
                                 {"upstream_body", subject.upstream_body},
                                 {"seed", subject.seed},
                                 {"allow_strangers", subject.allow_strangers}};
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Subject> subject_of_json(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    return Subject{.path = json.value("path", ""),
                   .config = json.value("config", ""),
                   .upstream_body = json.value("upstream_body", ""),
                   .seed = json.value("seed", uint64_t{0}),
                   .allow_strangers = json.value("allow_strangers", false)};
}

std::optional<TestCase> find_test(const std::string& name) {
    for (const auto& test : all_tests())
        if (test.name == name) return test;
    if (fuzz_test().name == name) return fuzz_test();
    return std::nullopt;
}

Verdict run_here(const TestCase& test, const Subject& subject) {
    try {
        return test.run(subject);
    } catch (const std::exception& thrown) {
        return failed(std::string("a bug in this program: ") + thrown.what());
    }
}

void run_as_child(const std::string& test_name) {
    leave_no_core();
    const auto test = find_test(test_name);
    const auto subject = subject_of_json(read_all(subject_descriptor));
    if (!test || !subject || !share_last_words(last_words_descriptor)) _exit(child_confused);
    count_own_threads();
    name_faults_in_lent_pages();
    const auto line = to_line(run_here(*test, *subject));
    std::fflush(nullptr);
    const bool written =
        write(verdict_descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    _exit(written ? 0 : child_confused);
}

}  // namespace patchbay::validate
