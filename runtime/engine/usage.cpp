#include "runtime/engine/usage.hpp"

#include <algorithm>

namespace patchbay::engine {
namespace {

// Sums that do not overflow, whatever a plugin claims.
__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

}  // namespace

uint64_t estimate_tokens(std::string_view text) {
    return text.empty() ? 0 : std::max<uint64_t>(1, text.size() / 4);
}

uint64_t tokens_used(const Usage& usage) { return usage.prompt_tokens + usage.completion_tokens; }

std::optional<int64_t> cost_micros(const Usage& usage, const plugins::ModelInfo& model) {
    if (!model.input_price || !model.output_price) return std::nullopt;
    const uint64_t cached = std::min(usage.cached_tokens, usage.prompt_tokens);
    const auto cost = [](uint64_t tokens, int64_t price) {
        return static_cast<Wide>(tokens) * price;
    };
    const Wide total = cost(usage.prompt_tokens - cached, *model.input_price) +
                       cost(cached, model.cached_price.value_or(*model.input_price)) +
                       cost(usage.completion_tokens, *model.output_price);
    return static_cast<int64_t>((total + 500000) / 1000000);
}

uint64_t points_cost(const Usage& usage, uint64_t points_per_1000_tokens) {
    const auto points = static_cast<UnsignedWide>(tokens_used(usage)) * points_per_1000_tokens;
    return static_cast<uint64_t>((points + 999) / 1000);
}

}  // namespace patchbay::engine
