// my_plugin: a tool. It answers every call with the same greeting.
#include <patchbay/tool.hpp>

namespace {

class MyPlugin : public patchbay::Tool {
public:
    explicit MyPlugin(const patchbay::Host&) {}

    // What models are told of it. "idempotent": a call may be made again after a crash.
    std::string_view describe() override {
        return R"([{"name": "my_plugin", "description": "Greets.", "idempotent": true,
                    "parameters": {"type": "object", "properties": {}}}])";
    }

    // A coroutine: what it awaits may take its time. What it returns is JSON; what it throws is the
    // error. The arguments are in `run`, checked already.
    patchbay::task<std::string> call(patchbay::ToolRun&) override {
        co_return R"({"greeting": "Hello from my_plugin."})";
    }
};

}  // namespace

PATCHBAY_PLUGIN(MyPlugin, {.id = "org.example.my_plugin",
                           .version = "0.1.0",
                           .title = "my_plugin",
                           .config = R"({"type": "object", "additionalProperties": false})"});
