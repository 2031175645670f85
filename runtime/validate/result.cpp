#include "runtime/validate/result.hpp"

#include <algorithm>
#include <array>

namespace patchbay::validate {
namespace {

constexpr std::array<std::string_view, 4> names = {"passed", "warned", "failed", "skipped"};

}  // namespace

std::string_view name_of(Outcome outcome) { return names[static_cast<size_t>(outcome)]; }

std::string to_line(const Verdict& verdict) {
    const nlohmann::json json = {
        {"outcome", name_of(verdict.outcome)}, {"what", verdict.what}, {"advice", verdict.advice}};
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<Verdict> verdict_of_line(const std::string& line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto name = std::ranges::find(names, json.value("outcome", ""));
    if (name == names.end()) return std::nullopt;
    return Verdict{static_cast<Outcome>(name - names.begin()), json.value("what", ""),
                   json.value("advice", "")};
}

size_t Report::count(Outcome outcome) const {
    return static_cast<size_t>(std::ranges::count_if(
        results, [&](const auto& result) { return result.verdict.outcome == outcome; }));
}

}  // namespace patchbay::validate
