// assistant: a model with tools. Calls what the model wants, side by side, and asks again with the
// results, until the model answers without wanting more.
#include <patchbay/agent.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using patchbay::AgentCall;
using patchbay::ErrorCode;
using patchbay::task;
using patchbay::WantedCall;

constexpr std::string_view last_round_notice =
    "You have used all your rounds of tool calls. Answer now with what you have, without calling "
    "a tool.";

class Assistant : public patchbay::Agent {
public:
    Assistant(const patchbay::Host&, std::string_view config) {
        const auto json = nlohmann::json::parse(config);
        instructions_ = json.value("instructions", "");
        rounds_ = json.value("rounds", 8u);
        if (json.contains("tools")) allowed_ = json["tools"].get<std::vector<std::string>>();
    }

    task<> run(AgentCall& call) override {
        const auto tools = offered(call.tools_json());
        for (unsigned round = 0;; ++round) {
            const bool last = round == rounds_;
            const auto system = last && !tools.empty() ? before_the_last() : instructions_;
            auto answer = co_await call.chat({.system = system, .tools = tools, .forward = true});
            if (answer.tool_calls.empty()) {
                call.end_as(answer.reason);
                co_return;
            }
            if (last) break;
            refuse_others(call, answer.tool_calls);
            co_await call.tools(std::move(answer.tool_calls));
        }
        throw patchbay::Failed(patchbay::user_error(
            ErrorCode::limit, "The model went on calling tools after " + std::to_string(rounds_) +
                                  " rounds of them."));
    }

private:
    bool allows(const std::string& name) const {
        return !allowed_ || std::ranges::find(*allowed_, name) != allowed_->end();
    }

    // Those of the run's tools that may be used; "" = none.
    std::string offered(const std::string& tools_json) const {
        auto tools = nlohmann::json::parse(tools_json);
        std::erase_if(tools.get_ref<nlohmann::json::array_t&>(),
                      [&](const auto& tool) { return !allows(tool.at("name")); });
        return tools.empty() ? std::string() : tools.dump();
    }

    std::string before_the_last() const {
        std::string system = instructions_;
        if (!system.empty()) system += "\n\n";
        return system.append(last_round_notice);
    }

    // Takes the calls of tools that are not allowed out, and answers them itself: each call needs
    // its result before the model is asked again.
    void refuse_others(AgentCall& call, std::vector<WantedCall>& wanted) const {
        std::erase_if(wanted, [&](const WantedCall& each) {
            if (allows(each.name)) return false;
            patchbay::Event event = {};
            event.kind = PATCHBAY_EVENT_TOOL_RESULT;
            event.flags = PATCHBAY_EVENT_FAILED;
            event.id = patchbay::view_of(each.id);
            event.text = patchbay::view_of(R"({"message":"this tool may not be used here"})");
            call.stream().emit(event);
            return true;
        });
    }

    std::string instructions_;
    unsigned rounds_ = 8;
    std::optional<std::vector<std::string>> allowed_;  // nothing: all of the run's tools
};

constexpr std::string_view config_schema = R"({
  "type": "object",
  "properties": {
    "instructions": {"type": "string", "description": "text before the conversation"},
    "tools": {"type": "array", "items": {"type": "string"}, "uniqueItems": true,
              "description": "names of the tools that may be used; all of the run's, if absent"},
    "rounds": {"type": "integer", "minimum": 0, "maximum": 64, "default": 8,
               "description": "how often the model may call tools in one answer"}
  },
  "additionalProperties": false
})";

}  // namespace

PATCHBAY_PLUGIN(Assistant, {.id = "patchbay.agents.assistant",
                            .version = "1.0.0",
                            .title = "Assistant",
                            .description = "A model with tools, which it calls in a loop.",
                            .config = config_schema});
