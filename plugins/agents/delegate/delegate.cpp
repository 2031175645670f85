// delegate: has another agent answer, as its child.
#include <patchbay/agent.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace {

class Delegate : public patchbay::Agent {
public:
    Delegate(const patchbay::Host&, std::string_view config) {
        const auto json = nlohmann::json::parse(config);
        agent_ = json.at("agent");
        method_ = json.value("method", "");
        status_ = json.value("status", "");
    }

    patchbay::task<> run(patchbay::AgentCall& call) override {
        if (!status_.empty()) call.stream().status(status_);
        const auto& method = method_.empty() ? call.method : method_;
        const auto answer = co_await call.agent(
            {.agent = agent_, .method = method, .input_json = call.input_json, .forward = true});
        call.end_as(answer.reason);
    }

private:
    std::string agent_;
    std::string method_;  // "" = the one that was called
    std::string status_;  // "" = none
};

constexpr std::string_view config_schema = R"({
  "type": "object",
  "properties": {
    "agent": {"type": "string", "minLength": 1, "description": "the instance that answers"},
    "method": {"type": "string", "description": "its method; the one that was called, if absent"},
    "status": {"type": "string", "maxLength": 1000, "description": "shown while it is asked"}
  },
  "required": ["agent"],
  "additionalProperties": false
})";

}  // namespace

PATCHBAY_PLUGIN(Delegate, {.id = "patchbay.agents.delegate",
                           .version = "1.0.0",
                           .title = "Delegate",
                           .description = "Has another agent answer, as its child.",
                           .config = config_schema});
