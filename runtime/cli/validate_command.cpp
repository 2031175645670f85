#include "runtime/cli/validate_command.hpp"

#include "runtime/validate/child.hpp"
#include "runtime/validate/report.hpp"
#include "runtime/validate/runner.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>

namespace patchbay::cli {
namespace {

Result<std::string> read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return failure(ErrorCode::bad_request, path + " cannot be read");
    return std::string{std::istreambuf_iterator<char>(stream), {}};
}

// An object as it is typed, or the file that holds one. Comments as in patchbay.json.
Result<std::string> read_config(const std::string& text) {
    if (text.empty()) return std::string();
    const bool typed = text.find('{') != text.npos;
    auto content = typed ? Result<std::string>(text) : read_file(text);
    if (!content) return content;
    const auto json = nlohmann::json::parse(*content, nullptr, false, true);
    if (!json.is_object())
        return failure(ErrorCode::bad_request, "--config: no JSON object, and no file with one");
    return json.dump();
}

Result<validate::Subject> subject_of(const ValidateFlags& flags) {
    std::error_code problem;
    const auto path = std::filesystem::canonical(flags.file, problem);
    if (!problem && std::filesystem::is_directory(path, problem))
        return failure(ErrorCode::bad_request, flags.file + " is a folder");
    if (problem || !std::filesystem::is_regular_file(path, problem))
        return failure(ErrorCode::bad_request, "there is no file " + flags.file);
    std::ifstream file(path, std::ios::binary);
    if (!file) return failure(ErrorCode::bad_request, flags.file + " cannot be read");
    char magic[4] = {};
    file.read(magic, sizeof magic);
    if (std::string_view(magic, sizeof magic) !=
        "\x7f"
        "ELF")
        return failure(ErrorCode::bad_request, flags.file + " is no shared library");
    auto config = read_config(flags.config);
    if (!config) return std::unexpected(config.error());
    validate::Subject subject{.path = path.string(), .config = std::move(*config)};
    subject.allow_strangers = flags.allow_strangers;
    if (!flags.upstream.empty()) {
        auto body = read_file(flags.upstream);
        if (!body) return std::unexpected(body.error());
        subject.upstream_body = std::move(*body);
    }
    if (flags.fuzz) subject.seed = flags.seed.value_or(std::random_device()());
    return subject;
}

Result<void> write_junit_file(const std::string& path, const validate::Report& report) {
    std::ofstream stream(path, std::ios::binary);
    validate::write_junit(stream, report);
    stream.flush();
    if (!stream) return failure(ErrorCode::bad_request, path + " cannot be written");
    return {};
}

// A plugin's failure is exit code 1; whatever else stands in the way is 2.
int cannot_run(Terminal terminal, const Error& error) {
    terminal.err << error.message << "\n";
    return bad_usage;
}

}  // namespace

int validate_plugin(const ValidateFlags& flags, Terminal terminal) {
    const auto tests = validate::choose(flags.only, flags.fuzz);
    if (!tests) return cannot_run(terminal, tests.error());
    if (flags.list) {
        validate::print_list(terminal.out, *tests);
        return done;
    }
    const auto subject = subject_of(flags);
    if (!subject) return cannot_run(terminal, subject.error());
    const validate::RunOptions options{.in_process = flags.in_process,
                                       .timeout = std::chrono::seconds(flags.timeout_s)};
    auto report = validate::run(*tests, *subject, options, [&](const auto& result) {
        if (!flags.json) validate::print_result(terminal.out, result);
    });
    if (!report) return cannot_run(terminal, report.error());
    if (flags.fuzz) report->seed = subject->seed;
    if (flags.json)
        validate::write_json(terminal.out, *report);
    else
        validate::print_summary(terminal.out, *report);
    if (!flags.junit.empty())
        if (const auto written = write_junit_file(flags.junit, *report); !written)
            return cannot_run(terminal, written.error());
    return report->count(validate::Outcome::failed) ? failed : done;
}

void add_validate(CLI::App& plugin, std::function<int()>& command) {
    auto* validate = plugin.add_subcommand("validate", "Tests a plugin against the ABI");
    const auto flags = std::make_shared<ValidateFlags>();  // as long as the command line lives
    validate->add_option("FILE", flags->file, "The plugin's library, FILE.so");
    validate->add_option("--config", flags->config,
                         "Its config: JSON, or a file. Default: made from its config_schema");
    validate->add_option(
        "--upstream", flags->upstream,
        "File with the body of its upstream's answer. Default: a chat of OpenAI's");
    validate->add_option("--only", flags->only,
                         "These tests, or groups of them: stream, text.utf8");
    validate->add_flag("--list", flags->list, "Lists the tests and runs none");
    validate->add_flag("--json", flags->json, "Prints JSON");
    validate->add_option("--junit", flags->junit, "Also writes JUnit's XML to this file");
    validate->add_flag("--fuzz", flags->fuzz, "Also plays events in random orders");
    validate->add_option("--seed", flags->seed, "Which random orders; default: a random seed");
    validate->add_option("--timeout", flags->timeout_s, "Seconds that one test may take")
        ->check(CLI::Range(1, 3600));
    validate->add_flag("--in-process", flags->in_process,
                       "Everything in this process, for a debugger: a crash ends it");
    validate->add_flag("--allow-strangers", flags->allow_strangers,
                       "Its auth lets strangers in on purpose: a warning, no failure");
    validate->callback([flags, &command] {
        if (flags->file.empty() && !flags->list) throw CLI::RequiredError("FILE");
        command = [flags] { return validate_plugin(*flags, {std::cout, std::cerr}); };
    });

    auto* child = plugin.add_subcommand("validate-child", "One test, for `validate` itself");
    child->group("");  // not in the help
    const auto test = std::make_shared<std::string>();
    child->add_option("TEST", *test)->required();
    child->callback(
        [test, &command] { command = [test]() -> int { validate::run_as_child(*test); }; });
}

}  // namespace patchbay::cli
