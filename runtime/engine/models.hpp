// Which provider answers for a model id.
#pragma once

#include "runtime/config/problem.hpp"
#include "runtime/plugins/registry.hpp"

#include <patchbay/error.hpp>

#include <string>
#include <utility>
#include <vector>

namespace patchbay::engine {

// A provider instance and the id by which it knows the model.
struct ModelChoice {
    plugins::InstanceRef provider;
    plugins::ModelInfo model;
    std::string full_name() const;  // "instance/model"
};

struct ModelOptions {
    std::string default_model;  // "instance/model", an alias or a listed id
    std::vector<std::pair<std::string, std::vector<std::string>>> aliases;
    bool unknown_to_default = false;  // else unknown ids are refused
};

// The providers that are on, and the names under which their models are known: one state of the
// config.
class ModelTable {
public:
    ModelTable(const plugins::InstanceSet& instances, ModelOptions options);

    // instance/model → alias → the first instance that lists the id → the default, when unknown ids
    // go there. "" = the default. model_not_found names near ids; unavailable: the instance is off,
    // or was turned off for its faults.
    Result<ModelChoice> resolve(const std::string& id) const;

    // The default and the aliases' targets that name a model which a provider that is on does not
    // have: what is to be changed in the config.
    config::Problems problems() const;

    // Every id that resolves by itself, "instance/model" and aliases, in the config's order.
    std::vector<std::string> known_ids() const;

private:
    Result<ModelChoice> resolve_known(const std::string& id, bool follow_aliases) const;
    Result<ModelChoice> resolve_qualified(const std::string& instance,
                                          const std::string& model) const;
    Result<ModelChoice> resolve_listed(const std::string& id) const;
    std::string near_ids(const std::string& id) const;

    std::vector<plugins::InstanceRef> providers_;  // in the config's order
    std::vector<std::string> off_;                 // instances that answer nobody now
    ModelOptions options_;
};

}  // namespace patchbay::engine
