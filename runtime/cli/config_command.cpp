#include "runtime/cli/config_command.hpp"

#include "runtime/config/schema.hpp"

#include <nlohmann/json.hpp>

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

}  // namespace

int config_check(const DataFlags& flags, Terminal terminal) {
    const auto options = flags.load_options();
    const auto file = config::source_of(options);
    const auto config = config::load(options);
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
