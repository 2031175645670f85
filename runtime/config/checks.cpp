#include "runtime/config/checks.hpp"

#include "runtime/config/address.hpp"
#include "runtime/config/layers.hpp"
#include "runtime/config/near_name.hpp"
#include "runtime/config/parse.hpp"
#include "runtime/config/surfaces.hpp"

#include <algorithm>
#include <cctype>

namespace patchbay::config {
namespace {

using Texts = std::vector<std::string>;

std::string entry(const std::string& list, size_t index) {
    return step(list, std::to_string(index));
}

// Refuses the entries of `values` that are not `valid`.
template <class Valid>
void check_each(const std::string& pointer, const Texts& values, Valid valid,
                const std::string& expected, Problems& problems) {
    for (size_t i = 0; i < values.size(); ++i) {
        if (!valid(values[i])) problems.push_back({entry(pointer, i), "another text", expected});
    }
}

void check_server(const ServerConfig& server, Problems& problems) {
    const auto is_address = [](const auto& text) { return parse_address(text).has_value(); };
    const auto is_proxy = [](const auto& text) { return is_network(text) || text == "unix:"; };
    check_each("/server/listen", server.listen, is_address,
               R"("IP:PORT" as in "127.0.0.1:8080" or "[::1]:8080", or "unix:/absolute/path")",
               problems);
    check_each("/server/cors_origins", server.cors_origins, is_origin,
               R"(an origin as in "https://app.example.com" or "http://localhost:*")", problems);
    check_each("/server/trusted_proxies", server.trusted_proxies, is_proxy,
               R"(an IP address, a network as in "10.0.0.0/8", or "unix:")", problems);
}

void check_plugin_names(const Config& config, Problems& problems) {
    for (const auto& plugin : config.plugins) {
        const bool fits = !plugin.name.empty() && plugin.name.size() <= 64 &&
                          std::ranges::all_of(plugin.name, [](unsigned char c) {
                              return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
                          });
        if (fits) continue;
        problems.push_back({step("/plugins", plugin.name), "a name that cannot be used",
                            "1 to 64 letters, digits, \"_\", \"-\" and \".\""});
    }
}

Texts names_of(const std::vector<PluginConfig>& plugins) {
    Texts names;
    for (const auto& plugin : plugins) names.push_back(plugin.name);
    return names;
}

// What is named there must be a plugin that is enabled.
void check_reference(const Config& config, const std::string& pointer, const std::string& name,
                     Problems& problems) {
    const auto found = std::ranges::find(config.plugins, name, &PluginConfig::name);
    if (found == config.plugins.end()) {
        problems.push_back({pointer, "a name that is not in \"plugins\"",
                            "the name of a plugin" + hint(name, names_of(config.plugins))});
    } else if (!found->enabled) {
        problems.push_back(
            {pointer, "the plugin \"" + name + "\", which is off", "a plugin that is enabled"});
    }
}

void check_references(const Config& config, const std::string& pointer, const Texts& list,
                      Problems& problems) {
    for (size_t i = 0; i < list.size(); ++i)
        check_reference(config, entry(pointer, i), list[i], problems);
}

Texts surface_names() { return {surfaces.begin(), surfaces.end()}; }

std::string quoted_list(const Texts& names) {
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
    return list;
}

// Which surfaces, agents and providers a middleware is for. A name that nothing has would keep it
// from every turn: what it is to stop would pass. An instance that is off has no turns, so that to
// name it is no mistake; of which kind one is, is seen when it is loaded.
void check_applies_to(const Config& config, const PluginConfig& plugin, Problems& problems) {
    const auto pointer = step(step("/plugins", plugin.name), "applies_to");
    const auto instances = names_of(config.plugins);
    const auto check = [&](const char* list, const Texts& values, const Texts& known,
                           const std::string& found, const std::string& expected) {
        for (size_t i = 0; i < values.size(); ++i) {
            if (std::ranges::count(known, values[i]) > 0) continue;
            problems.push_back(
                {entry(step(pointer, list), i), found, expected + hint(values[i], known)});
        }
    };
    const auto surfaces = surface_names();
    check("surfaces", plugin.applies_to.surfaces, surfaces, "a name that no surface has",
          "one of " + quoted_list(surfaces));
    check("agents", plugin.applies_to.agents, instances, "a name that is not in \"plugins\"",
          "the name of an agent");
    check("providers", plugin.applies_to.providers, instances, "a name that is not in \"plugins\"",
          "the name of a provider");
}

void check_access(const Config& config, Problems& problems) {
    if (config.auth.empty() && !config.allow_anonymous) {
        problems.push_back(
            {"/auth", "no auth plugin", "at least one, or \"anonymous\": \"allow\" beside it"});
    }
    if (!config.allow_anonymous) return;
    for (size_t i = 0; i < config.server.listen.size(); ++i) {
        const auto address = parse_address(config.server.listen[i]);
        if (!address || address->is_local()) continue;
        problems.push_back({"/anonymous",
                            "\"allow\" while /server/listen/" + std::to_string(i) +
                                " can be reached from other machines",
                            "\"deny\", or a loopback address or unix socket there"});
    }
}

void check_models(const Config& config, Problems& problems) {
    const auto& wanted = config.models.default_model;
    const auto is_wanted = [&](const auto& alias) { return alias.first == wanted; };
    if (std::ranges::any_of(config.models.aliases, is_wanted)) return;
    const auto slash = wanted.find('/');
    if (slash == std::string::npos) return;
    const auto instance = wanted.substr(0, slash);
    const auto found = std::ranges::find(config.plugins, instance, &PluginConfig::name);
    if (found == config.plugins.end()) {
        problems.push_back(
            {"/models/default", "an instance that is not in \"plugins\"",
             "\"instance/model\" with one that is" + hint(instance, names_of(config.plugins))});
    } else if (!found->enabled) {
        problems.push_back({"/models/default", "the plugin \"" + instance + "\", which is off",
                            "a plugin that is enabled"});
    }
}

// The file alone may switch off what it calls required: a server with such an override would run
// without it, or not start, and nobody would see why.
void check_required(const Config& config, Problems& problems) {
    if (!config.layers) return;
    for (const auto& plugin : config.plugins) {
        const auto* const origin = what_switches_off(*config.layers, plugin.name);
        if (origin == nullptr || !plugin.required) continue;
        problems.push_back({step("/plugins", plugin.name) + "/enabled",
                            std::string("false, by ") + origin, "true: the plugin is required"});
    }
}

}  // namespace

Problems check_meaning(const Config& config) {
    Problems problems;
    check_server(config.server, problems);
    check_plugin_names(config, problems);
    check_references(config, "/auth", config.auth, problems);
    check_references(config, "/middleware", config.middleware, problems);
    for (const auto& plugin : config.plugins) check_applies_to(config, plugin, problems);
    check_reference(config, "/agents/default", config.agents.default_agent, problems);
    check_access(config, problems);
    check_models(config, problems);
    check_required(config, problems);
    return problems;
}

std::vector<std::string> warnings(const Config& config) {
    auto sentences = config.layers ? override_warnings(*config.layers) : Texts();
    if (config.server.tls) return sentences;
    for (const auto& text : config.server.listen) {
        const auto address = parse_address(text);
        if (!address || address->is_local()) continue;
        sentences.push_back("Listening on " + text +
                            " without TLS: everybody on the way can read conversations and keys. "
                            "Set \"tls\", put a TLS proxy in front of it, or listen on 127.0.0.1.");
    }
    return sentences;
}

}  // namespace patchbay::config
