// What the plugins that are on offer to turns: one state of the config.
#pragma once

#include "runtime/config/current.hpp"
#include "runtime/engine/agents.hpp"
#include "runtime/engine/middleware.hpp"
#include "runtime/engine/models.hpp"

namespace patchbay::engine {

struct Offers {
    Offers(const plugins::InstanceSet& instances, ModelOptions model_options,
           const AgentOptions& agent_options, std::vector<MiddlewareEntry> middleware_entries)
        : middleware(instances, std::move(middleware_entries)),
          models(instances, std::move(model_options)),
          agents(instances, agent_options),
          tools(instances, agent_options) {}

    MiddlewareTable middleware;
    ModelTable models;
    AgentTable agents;
    ToolTable tools;
};

// Who answers a turn.
struct TurnChoice {
    plugins::InstanceRef agent;
    ModelChoice model;  // for models that it asks; empty: there is none
};

using CurrentOffers = config::Current<Offers>;

}  // namespace patchbay::engine
