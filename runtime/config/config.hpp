// The server's configuration, checked: what config.schema.json describes, as C++ values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::config {

using std::chrono::milliseconds;

// Paths of PEM files. Whether they are in order is for whoever reads them to say.
struct TlsConfig {
    std::string certificate;
    std::string key;
};

struct ServerConfig {
    std::vector<std::string> listen{"127.0.0.1:8080"};  // as parse_address() takes them
    std::optional<TlsConfig> tls;                       // for every TCP address of `listen`
    std::vector<std::string> cors_origins;              // "https://a.example", "http://localhost:*"
    size_t max_connections = 10000;
    size_t head_bytes = 16 * 1024;
    milliseconds head_timeout{10000};
    size_t body_bytes = 10 * 1024 * 1024;
    milliseconds body_timeout{30000};
    size_t total_body_bytes = 256u * 1024 * 1024;
    milliseconds heartbeat{15000};
    milliseconds stall_timeout{30000};
    milliseconds drain_timeout{10000};
    uint64_t bad_credentials_per_minute = 100;  // of one address; 0 = any number
    std::vector<std::string> trusted_proxies;   // addresses, networks in CIDR form, "unix:"
};

struct StoreConfig {
    std::string data_dir = "data";
    bool power_loss = false;  // durability: sync every commit
    milliseconds retention{900000};
    uint64_t max_bytes = 0;  // 0 = 80 % of the disk
};

// The turns that a middleware sees, by names. Empty lists: every one.
struct AppliesTo {
    std::vector<std::string> agents;
    std::vector<std::string> providers;
    std::vector<std::string> surfaces;
};

// One entry of "plugins".
struct PluginConfig {
    std::string name;
    std::string library;
    std::string config_json = "{}";  // references resolved: may hold secrets, never print it
    bool enabled = true;
    bool required = false;
    std::optional<std::vector<std::string>> tools;  // of an agent: those it may use; nothing = all
    std::string approval;  // of tools: "always", "never", or "": as each tool says
    AppliesTo applies_to;  // of middleware
};

struct AgentsConfig {
    std::string default_agent = "chat";
};

// When an instance is turned off for what it does against its interfaces' rules.
struct PluginFaultsConfig {
    uint32_t limit = 10;  // 0 = never
    milliseconds window{60000};
};

struct ModelsConfig {
    std::string default_model;
    std::vector<std::pair<std::string, std::vector<std::string>>> aliases;  // in the file's order
    bool unknown_to_default = false;
};

// The policies are the names of the file ("enqueue", "continue"); the schema knows no others.
struct RunsConfig {
    std::string on_conflict = "enqueue";
    size_t queue_limit = 8;
    milliseconds grace{30000};
    std::string on_crash = "continue";
    milliseconds timeout{600000};
    uint64_t token_budget = 0;  // of a run and all that it asks; 0 = none
};

struct BillingConfig {
    uint64_t points_per_1000_tokens = 10;
};

struct Layers;

struct Config {
    std::shared_ptr<const Layers> layers;  // what it was made of; nullptr = made by hand
    std::string source;                    // the file's path, or "the built-in default"
    ServerConfig server;
    StoreConfig store;
    std::vector<std::string> plugin_path;
    std::vector<PluginConfig> plugins;  // in the file's order
    PluginFaultsConfig plugin_faults;
    std::vector<std::string> auth;  // names of plugins
    bool allow_anonymous = false;
    std::vector<std::string> middleware;  // names of plugins, in the order in which they see a turn
    AgentsConfig agents;
    ModelsConfig models;
    RunsConfig runs;
    BillingConfig billing;
    bool debug_logs = false;  // ENABLE_LOGS=true
};

// What is allowed but dangerous, a sentence each, for the log at start.
std::vector<std::string> warnings(const Config& config);

}  // namespace patchbay::config
