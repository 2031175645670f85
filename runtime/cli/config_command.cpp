#include "runtime/cli/config_command.hpp"

#include "runtime/cli/offers.hpp"
#include "runtime/config/schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <ostream>

namespace patchbay::cli {
namespace {

using nlohmann::ordered_json;

std::string as_json(const std::string& file, const config::Checked<config::Config>& config) {
    auto errors = ordered_json::array();
    if (!config) {
        for (const auto& problem : config.error()) {
            errors.push_back({{"pointer", problem.pointer},
                              {"found", problem.found},
                              {"expected", problem.expected}});
        }
    }
    const auto sentences = config ? config::warnings(*config) : std::vector<std::string>();
    const ordered_json result{
        {"file", file}, {"ok", config.has_value()}, {"errors", errors}, {"warnings", sentences}};
    return result.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// With its plugins: what only they can know of their settings and models is checked by making
// them, as a server would.
config::Checked<config::Config> load_and_try(const config::LoadOptions& options) {
    auto config = config::load(options);
    if (!config) return config;
    const auto registry = load_without_server(*config);
    config::Problems problems;
    const auto statuses = registry->list();
    for (const auto& plugin : config->plugins) {
        const auto status =
            std::ranges::find(statuses, plugin.name, &plugins::InstanceStatus::name);
        if (!plugin.enabled || status->state == plugins::InstanceState::on) continue;
        problems.push_back(plugins::off_problem(plugin.name, status->reason));
    }
    std::ranges::move(check_offers(*config, registry->instances()), std::back_inserter(problems));
    if (!problems.empty()) return std::unexpected(std::move(problems));
    return config;
}

}  // namespace

int config_check(const DataFlags& flags, Terminal terminal) {
    const auto options = flags.load_options();
    const auto file = config::source_of(options);
    const auto config = load_and_try(options);
    if (flags.json) {
        terminal.out << as_json(file, config) << "\n";
        return config ? done : bad_usage;
    }
    if (!config) return fail(terminal, config.error());
    for (const auto& sentence : config::warnings(*config)) terminal.err << sentence << "\n";
    terminal.out << file << " is in order.\n";
    return done;
}

int config_schema(Terminal terminal) {
    terminal.out << config::schema_text();
    return done;
}

}  // namespace patchbay::cli
