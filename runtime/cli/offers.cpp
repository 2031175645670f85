#include "runtime/cli/offers.hpp"

#include "runtime/cli/plugin_folders.hpp"
#include "runtime/cli/plugin_specs.hpp"
#include "runtime/cli/version.hpp"
#include "runtime/config/expand.hpp"

#include <spdlog/spdlog.h>

namespace patchbay::cli {

namespace {

engine::ModelOptions model_options(const config::Config& config) {
    return {.default_model = config.models.default_model,
            .aliases = config.models.aliases,
            .unknown_to_default = config.models.unknown_to_default};
}

engine::AgentOptions agent_options(const config::Config& config) {
    engine::AgentOptions options{.default_agent = config.agents.default_agent};
    for (const auto& plugin : config.plugins) {
        if (plugin.tools) options.tools[plugin.name] = *plugin.tools;
        if (plugin.approval == "always") options.approval[plugin.name] = plugins::Approval::always;
        if (plugin.approval == "never") options.approval[plugin.name] = plugins::Approval::never;
    }
    return options;
}

std::vector<engine::MiddlewareEntry> middleware_entries(const config::Config& config) {
    std::vector<engine::MiddlewareEntry> entries;
    for (const auto& name : config.middleware) {
        const auto plugin = std::ranges::find(config.plugins, name, &config::PluginConfig::name);
        if (plugin == config.plugins.end()) continue;  // the config's check has refused it
        const auto& applies_to = plugin->applies_to;
        entries.push_back({.instance = name,
                           .agents = applies_to.agents,
                           .providers = applies_to.providers,
                           .surfaces = applies_to.surfaces});
    }
    return entries;
}

// An entry of a middleware's "applies_to" that names an instance of another kind.
void check_applies_to(const config::PluginConfig& middleware, const plugins::InstanceSet& instances,
                      config::Problems& problems) {
    const auto check = [&](const char* list, const std::vector<std::string>& names,
                           bool (*fits)(const plugins::Instance&), const std::string& a_kind) {
        for (size_t i = 0; i < names.size(); ++i) {
            const auto instance = instances.find(names[i]);
            if (!instance || fits(*instance)) continue;
            problems.push_back(
                {"/plugins/" + middleware.name + "/applies_to/" + list + "/" + std::to_string(i),
                 "\"" + names[i] + "\", which is not " + a_kind, "the name of " + a_kind});
        }
    };
    check("agents", middleware.applies_to.agents, plugins::is_agent, "an agent");
    check("providers", middleware.applies_to.providers, plugins::is_provider, "a provider");
}

}  // namespace

engine::Offers offers_of(const config::Config& config, const plugins::InstanceSet& instances) {
    return {instances, model_options(config), agent_options(config), middleware_entries(config)};
}

config::Problems check_offers(const config::Config& config, const plugins::InstanceSet& instances) {
    const auto offers = offers_of(config, instances);
    auto problems = offers.models.problems();
    std::ranges::move(offers.tools.problems(), std::back_inserter(problems));
    std::ranges::move(offers.middleware.problems(), std::back_inserter(problems));
    for (const auto& plugin : config.plugins) check_applies_to(plugin, instances, problems);
    const auto& agent = config.agents.default_agent;
    if (const auto instance = instances.find(agent); instance && !plugins::is_agent(*instance))
        problems.push_back({"/agents/default", "\"" + agent + "\", which is not an agent",
                            "the name of an agent"});
    for (size_t i = 0; i < config.auth.size(); ++i) {
        const auto instance = instances.find(config.auth[i]);
        if (!instance || is_auth(*instance)) continue;
        problems.push_back({"/auth/" + std::to_string(i),
                            "\"" + config.auth[i] + "\", which checks no credentials",
                            "the name of an auth plugin"});
    }
    return problems;
}

std::vector<std::string> offer_warnings(const config::Config& config,
                                        const plugins::InstanceSet& instances) {
    std::vector<std::string> sentences;
    const auto is_in = [](const std::vector<std::string>& list, const std::string& name) {
        return std::ranges::find(list, name) != list.end();
    };
    for (const auto& plugin : config.plugins) {
        const auto instance = instances.find(plugin.name);
        if (!instance) continue;
        if (is_middleware(*instance) && !is_in(config.middleware, plugin.name))
            sentences.push_back(
                "The plugin '" + plugin.name +
                "' is middleware, and sees nothing: \"middleware\" does not list it.");
        if (is_auth(*instance) && !is_in(config.auth, plugin.name))
            sentences.push_back(
                "The plugin '" + plugin.name +
                "' checks credentials, and is not asked: \"auth\" does not list it.");
    }
    return sentences;
}

std::unique_ptr<plugins::Registry> load_without_server(const config::Config& config) {
    plugins::HostServices services;
    services.find_credential = [](std::string_view) { return nullptr; };
    services.resolve_secret = [](std::string_view reference) {
        return config::expand(reference, config::process_environment());
    };
    services.version = version();
    auto registry =
        std::make_unique<plugins::Registry>(plugin_folders(config), std::move(services));
    spdlog::set_level(spdlog::level::err);  // why one is off is in the list
    for (const auto& spec : plugin_specs(config)) {
        auto optional = spec;
        optional.required = false;  // a required one that is off must not hide the others
        (void)registry->load({optional});
    }
    return registry;
}

}  // namespace patchbay::cli
