// Configs for a plugin, made from its own JSON Schema: a valid one, and wrong ones.
#pragma once

#include "runtime/validate/test_case.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace patchbay::validate {

// The subject's config, or the smallest one that the plugin's schema asks for.
std::string config_for(const Subject& subject, const patchbay_plugin& plugin);

// The smallest value that fits `schema`, as far as it says: its default, const, first of enum or
// examples, else an empty value of its type with what is required.
nlohmann::json sample_of(const nlohmann::json& schema);

// Objects like `valid`, each with one member of another type than `schema` has it; members of
// `properties` that are missing in `valid` count too.
std::vector<nlohmann::json> with_wrong_types(const nlohmann::json& schema,
                                             const nlohmann::json& valid);

// Objects like `valid`, each with one text empty: what "${NAME:-}" gives where NAME is not set.
std::vector<nlohmann::json> with_empty_texts(const nlohmann::json& schema,
                                             const nlohmann::json& valid);

}  // namespace patchbay::validate
