#include "runtime/config/linear_regex.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <unordered_map>

namespace patchbay::config {
namespace {

constexpr int64_t memory_limit = 1024 * 1024;  // bytes of one pattern's program and its states
constexpr size_t kept_limit = 64;              // patterns of one thread

bool is_hexadecimal(char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') ||
           (letter >= 'A' && letter <= 'F');
}

// \uXXXX of JSON Schema's dialect is \x{XXXX} here.
std::string in_syntax_of_re2(std::string_view pattern) {
    std::string text;
    for (size_t at = 0; at < pattern.size(); ++at) {
        const auto rest = pattern.substr(at);
        if (rest.size() >= 6 && rest.starts_with("\\u") &&
            std::ranges::all_of(rest.substr(2, 4), is_hexadecimal)) {
            text += fmt::format("\\x{{{}}}", rest.substr(2, 4));
            at += 5;
        } else {
            text += rest.front();
            if (rest.front() == '\\' && rest.size() > 1) text += pattern[++at];
        }
    }
    return text;
}

std::shared_ptr<const re2::RE2> compile(const std::string& pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(memory_limit);
    return std::make_shared<const re2::RE2>(in_syntax_of_re2(pattern), options);
}

}  // namespace

// A schema asks for the same few again and again, and building one costs more than most searches.
Result<LinearRegex> LinearRegex::parse(const std::string& pattern) {
    thread_local std::unordered_map<std::string, std::shared_ptr<const re2::RE2>> kept;
    auto found = kept.find(pattern);
    if (found == kept.end()) {
        auto compiled = compile(pattern);
        if (!compiled->ok())
            return failure(ErrorCode::bad_request,
                           fmt::format("the pattern '{}': {}", pattern, compiled->error()));
        if (kept.size() >= kept_limit) kept.clear();
        found = kept.emplace(pattern, std::move(compiled)).first;
    }
    return LinearRegex(found->second);
}

bool LinearRegex::is_found_in(std::string_view text) const {
    return re2::RE2::PartialMatch({text.data(), text.size()}, *compiled_);
}

bool LinearRegex::matches(std::string_view text, std::vector<std::string>* groups) const {
    const re2::StringPiece subject(text.data(), text.size());
    if (!groups) return re2::RE2::FullMatch(subject, *compiled_);
    std::vector<re2::StringPiece> found(compiled_->NumberOfCapturingGroups() + 1);
    if (!compiled_->Match(subject, 0, subject.size(), re2::RE2::ANCHOR_BOTH, found.data(),
                          static_cast<int>(found.size())))
        return false;
    groups->clear();
    for (const auto& each : found) groups->emplace_back(each.data(), each.size());
    return true;
}

}  // namespace patchbay::config
