#include "runtime/cli/config_command.hpp"

#include "runtime/cli/offers.hpp"
#include "runtime/cli/tls_files.hpp"
#include "runtime/config/schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <ostream>

namespace patchbay::cli {
namespace {

using nlohmann::ordered_json;

using Sentences = std::vector<std::string>;

// The warnings, or what is wrong.
std::string as_json(const std::string& file, const config::Checked<Sentences>& checked) {
    auto errors = ordered_json::array();
    if (!checked) {
        for (const auto& problem : checked.error()) {
            errors.push_back({{"pointer", problem.pointer},
                              {"found", problem.found},
                              {"expected", problem.expected}});
        }
    }
    const auto sentences = checked ? *checked : Sentences();
    const ordered_json result{
        {"file", file}, {"ok", checked.has_value()}, {"errors", errors}, {"warnings", sentences}};
    return result.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// With its plugins: what only they can know of their settings and models is checked by making
// them, as a server would. And with the files of TLS. What is left are warnings.
config::Checked<Sentences> load_and_try(const config::LoadOptions& options) {
    const auto config = config::load(options);
    if (!config) return std::unexpected(config.error());
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
    const auto tls = load_tls(*config);
    if (!tls) std::ranges::copy(tls.error(), std::back_inserter(problems));
    if (!problems.empty()) return std::unexpected(std::move(problems));

    auto sentences = config::warnings(*config);
    std::ranges::move(offer_warnings(*config, registry->instances()),
                      std::back_inserter(sentences));
    std::ranges::move(tls_warnings(tls->get()), std::back_inserter(sentences));
    return sentences;
}

}  // namespace

int config_check(const DataFlags& flags, Terminal terminal) {
    const auto options = flags.load_options();
    const auto file = config::source_of(options);
    const auto checked = load_and_try(options);
    if (flags.json) {
        terminal.out << as_json(file, checked) << "\n";
        return checked ? done : bad_usage;
    }
    if (!checked) return fail(terminal, checked.error());
    for (const auto& sentence : *checked) terminal.err << sentence << "\n";
    terminal.out << file << " is in order.\n";
    return done;
}

int config_schema(Terminal terminal) {
    terminal.out << config::schema_text();
    return done;
}

}  // namespace patchbay::cli
