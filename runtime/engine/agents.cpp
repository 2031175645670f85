#include "runtime/engine/agents.hpp"

#include "runtime/plugins/message_content.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::engine {

// ---- agents ----

AgentTable::AgentTable(const plugins::InstanceSet& instances, const AgentOptions& options)
    : default_agent_(options.default_agent), off_(instances.off) {
    std::ranges::copy_if(instances.on, std::back_inserter(agents_),
                         [](const auto& instance) { return is_agent(*instance); });
}

Result<plugins::InstanceRef> AgentTable::resolve(const std::string& name) const {
    const auto& wanted = name.empty() ? default_agent_ : name;
    const auto found = std::ranges::find(
        agents_, wanted, [](const auto& agent) -> const std::string& { return name_of(*agent); });
    if (found != agents_.end() && is_alive(**found)) return *found;
    if (found != agents_.end() || std::ranges::count(off_, wanted) > 0) {
        return std::unexpected(Error{.code = ErrorCode::unavailable,
                                     .message = "The agent '" + wanted + "' is off.",
                                     .retryable = true,
                                     .user_safe = true});
    }
    return std::unexpected(Error{.code = ErrorCode::bad_request,
                                 .message = "agent: no agent is called '" + wanted + "'.",
                                 .user_safe = true});
}

const plugins::MethodInfo* find_method(const plugins::Instance& agent, const std::string& name) {
    const auto& methods = plugins::methods_of(agent);
    const auto found = std::ranges::find(methods, name, &plugins::MethodInfo::name);
    return found == methods.end() ? nullptr : &*found;
}

Result<void> check_input(const plugins::MethodInfo& method, const nlohmann::json& input) {
    if (auto fits = method.input->check(input); !fits) return fits;
    const auto content = input.find("content");
    if (method.name != "chat" || content == input.end() || plugins::is_message_content(*content))
        return {};
    return failure(ErrorCode::bad_request, "/content is no array of a message's parts");
}

// ---- tools ----

ToolTable::ToolTable(const plugins::InstanceSet& instances, const AgentOptions& options)
    : allowed_(options.tools), some_are_off_(!instances.off.empty()) {
    for (const auto& instance : instances.on) {
        const auto policy = options.approval.find(name_of(*instance));
        for (const auto& info : plugins::tools_of(*instance)) {
            const auto same = std::ranges::find(
                tools_, info.name, [](const auto& tool) -> const auto& { return tool.info->name; });
            if (same != tools_.end()) {
                problems_.push_back({"/plugins/" + name_of(*instance),
                                     "the tool \"" + info.name + "\", which " +
                                         name_of(*same->instance) + " has, too",
                                     "one instance for each tool"});
                continue;
            }
            tools_.push_back({instance, &info,
                              policy == options.approval.end() ? info.approval : policy->second});
        }
    }
    whole_list_ = std::make_shared<const std::string>(list_for(""));
    for (const auto& [agent, names] : allowed_)
        lists_[agent] = std::make_shared<const std::string>(list_for(agent));
}

bool ToolTable::may_use(const std::string& agent, const std::string& name) const {
    const auto list = allowed_.find(agent);
    return list == allowed_.end() || std::ranges::count(list->second, name) > 0;
}

const ToolChoice* ToolTable::find(const std::string& agent, const std::string& name) const {
    const auto found = std::ranges::find(
        tools_, name, [](const auto& tool) -> const auto& { return tool.info->name; });
    const bool is_there = found != tools_.end() && is_alive(*found->instance);
    return is_there && may_use(agent, name) ? &*found : nullptr;
}

std::string ToolTable::list_for(const std::string& agent) const {
    auto list = nlohmann::json::array();
    for (const auto& tool : tools_) {
        if (!may_use(agent, tool.info->name)) continue;
        list.push_back({{"name", tool.info->name},
                        {"description", tool.info->description},
                        {"parameters", nlohmann::json::parse(tool.info->parameters_json)}});
    }
    return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::shared_ptr<const std::string> ToolTable::json_for(const std::string& agent) const {
    const auto list = lists_.find(agent);
    return list == lists_.end() ? whole_list_ : list->second;
}

config::Problems ToolTable::problems() const {
    auto problems = problems_;
    if (some_are_off_) return problems;  // what is missing may be theirs
    for (const auto& [agent, names] : allowed_) {
        for (size_t i = 0; i < names.size(); ++i) {
            const bool known = std::ranges::any_of(
                tools_, [&](const auto& tool) { return tool.info->name == names[i]; });
            if (!known)
                problems.push_back({"/plugins/" + agent + "/tools/" + std::to_string(i),
                                    "\"" + names[i] + "\"", "the name of a tool that is there"});
        }
    }
    return problems;
}

}  // namespace patchbay::engine
