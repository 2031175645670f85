// chat: hands the conversation so far to the run's model, and ends as the model did.
#include <patchbay/agent.hpp>

namespace {

class Chat : public patchbay::Agent {
public:
    explicit Chat(const patchbay::Host&) {}

    patchbay::task<> run(patchbay::AgentCall& call) override {
        const auto answer = co_await call.chat({.forward = true});
        call.end_as(answer.reason);
    }
};

}  // namespace

PATCHBAY_PLUGIN(Chat, {.id = "patchbay.agents.chat",
                       .version = "1.0.0",
                       .title = "Chat",
                       .description = "Asks the run's model with the conversation so far.",
                       .config = R"({"type": "object", "additionalProperties": false})"});
