// Which agent answers, and which tools there are for it.
#pragma once

#include "runtime/config/problem.hpp"
#include "runtime/plugins/offers.hpp"
#include "runtime/plugins/registry.hpp"

#include <patchbay/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

struct AgentOptions {
    std::string default_agent = "chat";

    // Names of the tools that an agent may use; an agent that is not here may use all.
    std::map<std::string, std::vector<std::string>> tools;

    // What an administrator says of the tools of an instance, in place of what they declare.
    std::map<std::string, plugins::Approval> approval;
};

// The agents that are on: one state of the config.
class AgentTable {
public:
    AgentTable(const plugins::InstanceSet& instances, const AgentOptions& options);

    // "" = the default. bad_request: there is none of that name; unavailable: it is off.
    Result<plugins::InstanceRef> resolve(const std::string& name) const;
    const std::string& default_agent() const { return default_agent_; }

private:
    std::string default_agent_;
    std::vector<plugins::InstanceRef> agents_;  // in the config's order
    std::vector<std::string> off_;
};

// nullptr: it has no such method.
const plugins::MethodInfo* find_method(const plugins::Instance& agent, const std::string& name);

// Whether the method takes it: its schema does, and the content of a chat is a message's.
Result<void> check_input(const plugins::MethodInfo& method, const nlohmann::json& input);

// A tool, and whose it is.
struct ToolChoice {
    plugins::InstanceRef instance;
    const plugins::ToolInfo* info;  // the instance's
    plugins::Approval approval;     // as the administrator or else the tool has it
};

class ToolTable {
public:
    ToolTable(const plugins::InstanceSet& instances, const AgentOptions& options);

    // nullptr: there is none, or this agent may not use it.
    const ToolChoice* find(const std::string& agent, const std::string& name) const;

    // The tools that an agent may use, as tools.h lists them.
    std::shared_ptr<const std::string> json_for(const std::string& agent) const;

    // Tools of one name, and lists that name what is not there.
    config::Problems problems() const;

private:
    bool may_use(const std::string& agent, const std::string& name) const;
    std::string list_for(const std::string& agent) const;

    std::vector<ToolChoice> tools_;  // in the config's order
    std::map<std::string, std::vector<std::string>> allowed_;
    bool some_are_off_;
    std::map<std::string, std::shared_ptr<const std::string>> lists_;  // of those in allowed_
    std::shared_ptr<const std::string> whole_list_;
    config::Problems problems_;
};

}  // namespace patchbay::engine
