// my_plugin: an agent. It asks the model, with an instruction of its own, and passes on what it
// says.
#include <patchbay/agent.hpp>

namespace {

class MyPlugin : public patchbay::Agent {
public:
    explicit MyPlugin(const patchbay::Host&) {}

    // A coroutine: what it awaits may take its time. What was said so far goes to the model by
    // itself. What fails ends the answer, unless it is caught.
    patchbay::task<> run(patchbay::AgentCall& call) override {
        co_await call.chat({.system = "Answer in one sentence.", .forward = true});
    }
};

}  // namespace

PATCHBAY_PLUGIN(MyPlugin, {.id = "org.example.my_plugin",
                           .version = "0.1.0",
                           .title = "my_plugin",
                           .config = R"({"type": "object", "additionalProperties": false})"});
