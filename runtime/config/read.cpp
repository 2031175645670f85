#include "runtime/config/read.hpp"

#include <algorithm>

namespace patchbay::config {
namespace {

// Keeps the default where the file says nothing.
template <class T>
void set(const Json& section, const char* key, T& value) {
    if (const auto found = section.find(key); found != section.end()) value = found->get<T>();
}

void set(const Json& section, const char* key, milliseconds& value) {
    auto count = value.count();
    set(section, key, count);
    value = milliseconds(count);
}

Json section_of(const Json& document, const char* name) {
    return document.value(name, Json::object());
}

std::optional<TlsConfig> read_tls(const Json& server) {
    const auto section = server.find("tls");
    if (section == server.end()) return std::nullopt;
    TlsConfig tls;
    set(*section, "certificate", tls.certificate);
    set(*section, "key", tls.key);
    return tls;
}

ServerConfig read_server(const Json& section) {
    ServerConfig server;
    set(section, "listen", server.listen);
    server.tls = read_tls(section);
    set(section, "cors_origins", server.cors_origins);
    set(section, "max_connections", server.max_connections);
    set(section, "head_bytes", server.head_bytes);
    set(section, "head_timeout_ms", server.head_timeout);
    set(section, "body_bytes", server.body_bytes);
    set(section, "body_timeout_ms", server.body_timeout);
    set(section, "total_body_bytes", server.total_body_bytes);
    set(section, "heartbeat_ms", server.heartbeat);
    set(section, "stall_timeout_ms", server.stall_timeout);
    set(section, "drain_timeout_ms", server.drain_timeout);
    set(section, "bad_credentials_per_minute", server.bad_credentials_per_minute);
    set(section, "trusted_proxies", server.trusted_proxies);
    return server;
}

StoreConfig read_store(const Json& section) {
    StoreConfig store;
    set(section, "data_dir", store.data_dir);
    store.power_loss = section.value("durability", "crash") == "power_loss";
    set(section, "retention_ms", store.retention);
    set(section, "max_bytes", store.max_bytes);
    return store;
}

AppliesTo read_applies_to(const Json& section) {
    AppliesTo applies_to;
    set(section, "agents", applies_to.agents);
    set(section, "providers", applies_to.providers);
    set(section, "surfaces", applies_to.surfaces);
    return applies_to;
}

std::vector<PluginConfig> read_plugins(const Json& section) {
    std::vector<PluginConfig> plugins;
    for (const auto& [name, entry] : section.items()) {
        PluginConfig plugin{.name = name};
        set(entry, "library", plugin.library);
        set(entry, "enabled", plugin.enabled);
        set(entry, "required", plugin.required);
        set(entry, "approval", plugin.approval);
        if (const auto tools = entry.find("tools"); tools != entry.end())
            plugin.tools = tools->get<std::vector<std::string>>();
        plugin.applies_to = read_applies_to(section_of(entry, "applies_to"));
        plugin.config_json = section_of(entry, "config").dump();
        plugins.push_back(std::move(plugin));
    }
    return plugins;
}

PluginFaultsConfig read_plugin_faults(const Json& section) {
    PluginFaultsConfig faults;
    set(section, "limit", faults.limit);
    set(section, "window_ms", faults.window);
    return faults;
}

ModelsConfig read_models(const Json& section) {
    ModelsConfig models;
    set(section, "default", models.default_model);
    const auto aliases = section_of(section, "aliases");
    for (const auto& [alias, targets] : aliases.items()) {
        models.aliases.emplace_back(alias, targets.get<std::vector<std::string>>());
    }
    models.unknown_to_default = section.value("unknown", "reject") == "default";
    return models;
}

RunsConfig read_runs(const Json& section) {
    RunsConfig runs;
    set(section, "on_conflict", runs.on_conflict);
    set(section, "queue_limit", runs.queue_limit);
    set(section, "grace_ms", runs.grace);
    set(section, "on_crash", runs.on_crash);
    set(section, "timeout_ms", runs.timeout);
    set(section, "token_budget", runs.token_budget);
    return runs;
}

}  // namespace

Config read(const Json& document) {
    Config config;
    config.server = read_server(section_of(document, "server"));
    config.store = read_store(section_of(document, "store"));
    set(document, "plugin_path", config.plugin_path);
    config.plugins = read_plugins(section_of(document, "plugins"));
    set(section_of(document, "agents"), "default", config.agents.default_agent);
    config.plugin_faults = read_plugin_faults(section_of(document, "plugin_faults"));
    set(document, "auth", config.auth);
    config.allow_anonymous = document.value("anonymous", "deny") == "allow";
    set(document, "middleware", config.middleware);
    config.models = read_models(section_of(document, "models"));
    config.runs = read_runs(section_of(document, "runs"));
    set(section_of(document, "billing"), "points_per_1000_tokens",
        config.billing.points_per_1000_tokens);
    return config;
}

}  // namespace patchbay::config
