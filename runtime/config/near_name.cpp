#include "runtime/config/near_name.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace patchbay::config {
namespace {

constexpr size_t longest_compared = 64;  // bytes; nobody mistypes a longer key

}  // namespace

size_t edits(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1);
    std::vector<size_t> above(b.size() + 1);
    std::vector<size_t> row(b.size() + 1);
    std::iota(above.begin(), above.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, changed});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above.back();
}

std::string near_name(std::string_view name, std::span<const std::string> candidates) {
    std::string best;
    size_t fewest = std::max<size_t>(2, name.size() / 3) + 1;
    if (name.size() > longest_compared) return best;
    for (const auto& candidate : candidates) {
        if (candidate.size() > longest_compared) continue;
        const auto count = edits(name, candidate);
        if (count >= fewest || count >= candidate.size()) continue;
        fewest = count;
        best = candidate;
    }
    return best;
}

std::string hint(std::string_view name, std::span<const std::string> candidates) {
    const auto near = near_name(name, candidates);
    return near.empty() ? near : "; did you mean \"" + near + "\"";
}

}  // namespace patchbay::config
