// JSON from callers: parsed with limits, and read field by field with errors that name the field.
#pragma once

#include <patchbay/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace patchbay::http {

constexpr size_t json_depth_limit = 64;

// A JSON value; bad_request for a syntax error, invalid UTF-8 or a depth beyond 64.
Result<nlohmann::json> parse_json(std::string_view text);

bool is_utf8(std::string_view text);

// Reads the members of an object. `null` means absent. The first problem is kept; read everything,
// then ask error(). `strict`: members that were not read are a problem too.
class Fields {
public:
    static Result<Fields> of(std::string_view body, bool strict);
    Fields(nlohmann::json object, bool strict) : object_(std::move(object)), strict_(strict) {}

    std::optional<std::string> text(const std::string& name, size_t max_bytes = 1024 * 1024);
    std::optional<uint64_t> number(const std::string& name, uint64_t min, uint64_t max);
    std::optional<bool> flag(const std::string& name);
    std::optional<nlohmann::json> object(const std::string& name);
    std::optional<nlohmann::json> array(const std::string& name);
    std::optional<nlohmann::json> any(const std::string& name);
    bool has(const std::string& name) const;

    // One of a set of names, turned into a value by `parse`.
    template <class Parse>
    auto choice(const std::string& name, Parse parse, std::string_view expected)
        -> decltype(parse(std::string_view{})) {
        const auto given = text(name);
        if (!given) return std::nullopt;
        auto value = parse(*given);
        if (!value) complain(name, "must be one of " + std::string(expected));
        return value;
    }

    void complain(const std::string& name, const std::string& problem);
    std::optional<Error> error();  // bad_request

private:
    const nlohmann::json* find(const std::string& name);

    nlohmann::json object_;
    bool strict_;
    std::set<std::string> read_;
    std::optional<std::string> problem_;
};

// Whether an object has a `url` that a model may be sent: http, https or data.
bool has_url(const nlohmann::json& part);

// A message's content: a text, or an array of parts {type: text|image|file, …}. Appends what is
// wrong to `fields`.
nlohmann::json content_parts(const nlohmann::json& content, Fields& fields);

}  // namespace patchbay::http
