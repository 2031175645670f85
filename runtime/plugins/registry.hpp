// The plugin instances of a server: which libraries are loaded, which instances are on, and why
// the others are off.
#pragma once

#include "db/records.hpp"
#include "runtime/config/problem.hpp"
#include "runtime/observe/plugin_metrics.hpp"
#include "runtime/plugins/fault_log.hpp"

#include <patchbay/abi/auth.h>
#include <patchbay/abi/provider.h>
#include <patchbay/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::plugins {

// What the config says of one instance.
struct InstanceSpec {
    std::string name;         // the key in "plugins"
    std::string library;      // "patchbay_provider_openai", or an absolute path
    std::string config_json;  // an object, secrets resolved
    bool enabled = true;
    bool required = false;  // off = the server does not start

    bool operator==(const InstanceSpec&) const = default;
};

// A model that a provider lists.
struct ModelInfo {
    std::string id;
    uint64_t context_window = 0;         // tokens; 0 = unknown
    uint64_t max_output_tokens = 0;      // 0 = unknown
    bool prefill = false;                // can go on from a text that it is given
    std::optional<int64_t> input_price;  // micro-dollars per 1,000,000 tokens
    std::optional<int64_t> output_price;
    std::optional<int64_t> cached_price;
};

// draining: it answers nothing new, and what began on it has not ended yet.
enum class InstanceState { on, off, draining };

struct InstanceStatus {
    std::string name;
    std::string library;
    std::string path;    // "" when the library was not found
    std::string sha256;  // of the library's content, in hexadecimal; "" when it was not loaded
    std::string id;      // of the plugin; "" when it was not loaded
    std::string version;
    std::string title;
    std::string description;
    nlohmann::json config_schema;  // null when it is not known
    std::vector<std::string> interfaces;
    InstanceState state = InstanceState::off;
    std::string reason;  // why it is not on
    FaultReport faults;  // what it did against its contract: late calls, blocked lanes, bad events
    uint64_t draining = 0;  // instances that it replaced, and that are still in use
    std::vector<FaultReport> draining_faults;  // of those of them that have any
    std::vector<ModelInfo> models;
};

struct MethodInfo;  // offers.hpp
struct ToolInfo;

// One created instance: defined in instance.hpp; outside of this folder only passed on.
class Instance;
using InstanceRef = std::shared_ptr<Instance>;

const std::string& name_of(const Instance& instance);
const std::vector<ModelInfo>& models_of(const Instance& instance);    // of a provider
const std::vector<MethodInfo>& methods_of(const Instance& instance);  // of an agent
const std::vector<ToolInfo>& tools_of(const Instance& instance);
bool is_provider(const Instance& instance);
bool is_agent(const Instance& instance);
bool needs_no_model(const Instance& instance);  // an agent that answers without one
bool is_auth(const Instance& instance);
bool is_alive(const Instance& instance);  // false: turned off for its faults. [any-thread]

// The instances of one state of the config.
struct InstanceSet {
    std::vector<InstanceRef> on;   // in the config's order; ask is_alive(): faults turn one off
    std::vector<std::string> off;  // by name

    InstanceRef find(std::string_view name) const;  // nullptr = unknown or off
};

class JobPool;
class KeyValues;

// What the host's interfaces draw on.
struct HostServices {
    // A credential by its id, revoked ones too; nullptr = none. [lane] reads memory.
    std::function<std::shared_ptr<const CredentialRecord>(std::string_view id)> find_credential;
    // "${NAME}" and the like; not_found. [control]
    std::function<Result<std::string>(std::string_view reference)> resolve_secret;
    // Runs a task on the thread for what may block. Not set = in place. [any-thread]
    std::function<void(std::move_only_function<void()> task)> run_control;
    JobPool* jobs = nullptr;      // borrowed, as the next; nullptr: worker.run() is UNSUPPORTED
    KeyValues* values = nullptr;  // nullptr: kv's functions are UNSUPPORTED
    std::shared_ptr<observe::PluginMetrics> metrics;  // nullptr: nobody reads what plugins count
    std::string version;                              // of the host
    // When an instance is turned off. Not set = the default limit.
    std::shared_ptr<const FaultLimit> fault_limit;
};

// What a reload changed, by the instances' names.
struct RegistryChanges {
    std::vector<std::string> added;
    std::vector<std::string>
        replaced;  // a new instance answers; the old one goes after its last run
    std::vector<std::string> removed;  // or turned off
    std::vector<std::string> unchanged;
};

// What the instances are to be.
struct RegistryPlan {
    std::vector<std::string> folders;  // where libraries are looked for, in order
    std::vector<InstanceSpec> specs;
    // "" = every library file is looked at again, and what is off is tried again. A name: that
    // instance's alone; the others stay as they are unless `specs` changes them.
    std::string only;
};

// What is to be changed in the config about an instance that is wanted and cannot be had.
config::Problem off_problem(const std::string& name, const std::string& reason);

class Registry {
public:
    // `folders`: where libraries are looked for, in order. `copies`: the folder for the copies that
    // are loaded in place of library files, emptied here; "" = the files themselves are loaded.
    Registry(std::vector<std::string> folders, HostServices services, std::string copies = "");
    ~Registry();  // destroys the instances; libraries stay loaded for ever

    // Loads and creates what is enabled, in the order of `specs`. An error only for a `required`
    // instance; all others are off with a reason. [control]
    Result<void> load(const std::vector<InstanceSpec>& specs);

    // Makes what `plan` changes, beside what there is, and puts it in place once all of it is there
    // and `check` finds no problem in the whole; else nothing has changed. A library file that
    // holds other code than the running instance's is loaded beside it. What was off before (for
    // its faults, too) and is described as before is tried again, and may stay off. An instance
    // that is replaced or removed is destroyed when the last chat that holds it has closed.
    // [control]
    using Check = std::function<config::Problems(const InstanceSet&)>;
    config::Checked<RegistryChanges> reload(const RegistryPlan& plan, const Check& check);

    // nullptr = unknown, or it could not be made. [any-thread]
    InstanceRef find(std::string_view name) const;
    InstanceSet instances() const;             // [any-thread]
    std::vector<InstanceStatus> list() const;  // [any-thread]

    // Destroys the instances that are on. Their chats and checks must be closed. [control]
    void destroy();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::plugins
