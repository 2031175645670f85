// One created instance of a plugin.
#pragma once

#include "runtime/plugins/fault_log.hpp"
#include "runtime/plugins/instance_metrics.hpp"
#include "runtime/plugins/interfaces.hpp"
#include "runtime/plugins/late_calls.hpp"
#include "runtime/plugins/library.hpp"
#include "runtime/plugins/line_limit.hpp"
#include "runtime/plugins/offers.hpp"
#include "runtime/plugins/registry.hpp"

#include <patchbay/abi/host.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::plugins {

class Instance {
public:
    // Checks the config against the plugin's schema, asks for its interfaces, creates it, reads its
    // models. On failure nothing of it is left. [control]
    static Result<InstanceRef> create(const InstanceSpec& spec, const Library& library,
                                      std::shared_ptr<const HostServices> services);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    // Calls the plugin's destroy(), once. No chat or check of it is open. Without this call it is
    // destroyed when its last reference goes, on the thread of HostServices::run_control. [control]
    void destroy();
    // False once it was destroyed, or turned off for its faults: nothing new is asked of it then,
    // and what runs goes on. [any-thread]
    bool is_alive() const { return is_made() && !faults_.is_over(); }
    bool is_made() const { return alive_.load(std::memory_order_acquire); }  // [any-thread]

    const std::string& name() const { return *name_; }
    const char* lasting_name() const { return name_->c_str(); }  // lives as long as the process
    void* state() const { return state_; }
    const InterfaceTables& tables() const { return tables_; }
    const std::vector<ModelInfo>& models() const { return models_; }     // of a provider
    const std::vector<MethodInfo>& methods() const { return methods_; }  // of an agent
    const std::vector<ToolInfo>& tools() const { return tools_; }
    bool needs_no_model() const { return needs_no_model_; }  // of an agent
    const HostServices& services() const { return *services_; }

    InstanceMetrics& metrics() { return metrics_; }
    bool in_create() const { return in_create_.load(std::memory_order_acquire); }  // [any-thread]

    const patchbay_host* host() const { return &host_.abi; }
    static Instance& of(const patchbay_host* host) {
        return *reinterpret_cast<const Host*>(host)->instance;
    }

    // Logs what a plugin should know of and what is no fault of its own, by the same measure as a
    // fault. [any-thread]
    void note(std::string_view what);

    // Counts what the plugin did against its contract, and logs it: up to ten lines a second. Too
    // much of it (FaultLimit) turns the instance off. [any-thread]
    void fault(std::string_view what, FaultWeight weight = FaultWeight::counted);
    uint64_t faults() const { return faults_.total(); }            // [any-thread]
    FaultReport fault_report() const { return faults_.report(); }  // [any-thread]

    LateCalls& late_calls() { return late_calls_; }      // [any-thread]
    LineLimit& plugin_lines() { return plugin_lines_; }  // what it logs itself. [any-thread]

private:
    bool may_log();

    // What the plugin knows as its host: a pointer to the first member finds the rest.
    struct Host {
        patchbay_host abi;
        Instance* instance;
    };

    Instance(const InstanceSpec& spec, const Library& library,
             std::shared_ptr<const HostServices> services);
    Result<void> negotiate(const std::vector<std::string>& promised);
    Result<void> start(const std::string& config_json);
    Result<void> read_offers();
    template <class Info>
    Result<void> read_offer(const char* slot, patchbay_str (*say)(void* instance),
                            Result<std::vector<Info>> (*parse)(std::string_view),
                            std::vector<Info>& offer);
    Result<const void*> ask_for(std::string_view interface_id);

    const std::string* name_;  // in a set that is never freed, for breadcrumbs
    const patchbay_plugin* entry_;
    std::shared_ptr<const HostServices> services_;
    Host host_;
    InstanceMetrics metrics_;
    void* state_ = nullptr;
    InterfaceTables tables_;
    std::vector<ModelInfo> models_;
    std::vector<MethodInfo> methods_;
    std::vector<ToolInfo> tools_;
    bool needs_no_model_ = false;
    std::atomic<bool> in_create_{false};
    std::atomic<bool> alive_{false};
    FaultLog faults_;
    LateCalls late_calls_;
    LineLimit fault_lines_{10};
    LineLimit plugin_lines_{200};
};

}  // namespace patchbay::plugins
