// Tokens, and what they cost.
#pragma once

#include "db/records.hpp"
#include "runtime/plugins/registry.hpp"

#include <optional>
#include <string_view>

namespace patchbay::engine {

// Tokens of a text, where nobody has counted them: a quarter of its bytes, at least one for a text
// that is not empty. Only for estimates that are flagged as such, and for windows.
uint64_t estimate_tokens(std::string_view text);

// prompt + completion.
uint64_t tokens_used(const Usage& usage);

// Micro-dollars by the model's prices, cached tokens at their own; nothing when a price is missing.
std::optional<int64_t> cost_micros(const Usage& usage, const plugins::ModelInfo& model);

// ceil(tokens × points_per_1000_tokens / 1000)
uint64_t points_cost(const Usage& usage, uint64_t points_per_1000_tokens);

}  // namespace patchbay::engine
