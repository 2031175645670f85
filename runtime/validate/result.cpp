#include "runtime/validate/result.hpp"

#include <algorithm>
#include <array>

namespace patchbay::validate {
namespace {

constexpr std::array<std::string_view, 4> names = {"passed", "warned", "failed", "skipped"};

}  // namespace

std::string_view name_of(Outcome outcome) { return names[static_cast<size_t>(outcome)]; }

nlohmann::ordered_json to_json(const std::vector<Figure>& figures) {
    auto json = nlohmann::ordered_json::object();
    for (const auto& figure : figures) json[figure.name] = figure.value;
    return json;
}

std::string to_line(const Verdict& verdict) {
    const nlohmann::ordered_json json = {{"outcome", name_of(verdict.outcome)},
                                         {"what", verdict.what},
                                         {"advice", verdict.advice},
                                         {"figures", to_json(verdict.figures)}};
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<Verdict> verdict_of_line(const std::string& line) {
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto name = std::ranges::find(names, json.value("outcome", ""));
    if (name == names.end()) return std::nullopt;
    Verdict verdict = {static_cast<Outcome>(name - names.begin()),
                       json.value("what", ""),
                       json.value("advice", ""),
                       {}};
    const auto figures = json.value("figures", nlohmann::ordered_json::object());
    for (const auto& [figure, value] : figures.items())
        if (value.is_number()) verdict.figures.push_back({figure, value.get<double>()});
    return verdict;
}

size_t Report::count(Outcome outcome) const {
    return static_cast<size_t>(std::ranges::count_if(
        results, [&](const auto& result) { return result.verdict.outcome == outcome; }));
}

}  // namespace patchbay::validate
