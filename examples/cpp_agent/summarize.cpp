// summarize: an agent that asks the model twice, and streams the second answer.
#include <patchbay/agent.hpp>

namespace {

class Summarize : public patchbay::Agent {
public:
    explicit Summarize(const patchbay::Host&) {}

    patchbay::task<> run(patchbay::AgentCall& call) override {
        const auto facts = co_await call.chat({.prompt = "List the facts in: " + call.text()});
        co_await call.chat({.prompt = "One sentence from: " + facts.text, .forward = true});
    }
};

}  // namespace

PATCHBAY_PLUGIN(Summarize, {.id = "org.example.summarize", .version = "1.0.0"});
