// summarize: asks the model twice and streams the second answer.
#include <patchbay/agent.hpp>

namespace {

class Summarize : public patchbay::Agent {
public:
    explicit Summarize(const patchbay::Host&) {}

    std::string_view methods() override {
        return R"([{"name": "chat", "input": {"type": "object", "required": ["content"]}},
            {"name": "summarize", "description": "The text in one sentence.", "input": {
             "type": "object", "properties": {"text": {"type": "string", "minLength": 1}},
             "required": ["text"]}}])";
    }

    patchbay::task<> run(patchbay::AgentCall& call) override {
        const auto text = call.method == "chat" ? call.text() : call.input("text");
        const auto facts = co_await call.chat({.prompt = "List the facts in: " + text});
        co_await call.chat({.prompt = "One sentence from: " + facts.text, .forward = true});
    }
};

}  // namespace

PATCHBAY_PLUGIN(Summarize, {.id = "patchbay.agents.summarize", .version = "1.0.0"});
