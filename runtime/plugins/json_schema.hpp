// JSON Schemas of plugins: configs, inputs of methods, parameters of tools.
//
// Cost       `pattern`, `patternProperties` and `format` take time that grows with the text alone.
#pragma once

#include <patchbay/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>

namespace patchbay::plugins {

class JsonSchema {
public:
    // bad_request: it is no JSON Schema, or has a pattern that linear_regex.hpp refuses.
    static Result<std::shared_ptr<const JsonSchema>> parse(const nlohmann::json& schema);
    ~JsonSchema();

    // bad_request lists everything that is wrong, each with its JSON pointer into the value:
    // "/models/0: must be of type string; /base_url: …". [any-thread]
    Result<void> check(const nlohmann::json& value) const;

private:
    struct Compiled;
    explicit JsonSchema(std::unique_ptr<Compiled> compiled);

    std::unique_ptr<Compiled> compiled_;
};

}  // namespace patchbay::plugins
