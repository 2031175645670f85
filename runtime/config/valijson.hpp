// valijson, with LinearRegex in the place of std::regex. Included instead of its own headers.
//
// valijson 1.0 lets nobody choose: `pattern`, `patternProperties` and `format` go to std::regex,
// whose depth of recursion grows with the text, and whose time may grow exponentially. The texts
// are a model's or a client's. Inside namespace valijson the name `std` is looked up here first:
// the four names that it uses of <regex> are ours, everything else is found in ::std as ever.
// Every file that validates includes this one: two meanings of one template would be one too many.
#pragma once

#include "runtime/config/linear_regex.hpp"

// Before ours is declared: it asks, by look-ahead, what a schema is called. No text is read by it.
#include <valijson/internal/uri.hpp>

#include <regex>
#include <stdexcept>

namespace valijson::std {  // NOLINT: see above

using namespace ::std;

class regex {
public:
    // Throws what a schema's user expects from a pattern that cannot be used.
    explicit regex(const ::std::string& pattern) : compiled_(parse(pattern)) {}

    const patchbay::config::LinearRegex& compiled() const { return compiled_; }

private:
    static patchbay::config::LinearRegex parse(const ::std::string& pattern) {
        auto parsed = patchbay::config::LinearRegex::parse(pattern);
        if (!parsed) throw ::std::runtime_error(parsed.error().message);
        return ::std::move(*parsed);
    }

    patchbay::config::LinearRegex compiled_;
};

class smatch {
public:
    struct Group {
        ::std::string text;
        const ::std::string& str() const { return text; }
    };

    Group operator[](size_t index) const { return {groups.at(index)}; }

    ::std::vector<::std::string> groups;
};

inline bool regex_search(const ::std::string& text, const regex& pattern) {
    return pattern.compiled().is_found_in(text);
}

inline bool regex_match(const ::std::string& text, const regex& pattern) {
    return pattern.compiled().matches(text, nullptr);
}

inline bool regex_match(const ::std::string& text, smatch& found, const regex& pattern) {
    return pattern.compiled().matches(text, &found.groups);
}

}  // namespace valijson::std

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
