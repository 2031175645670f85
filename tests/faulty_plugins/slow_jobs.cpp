// No fault: a tool whose jobs block for long, as jobs may. That takes time to test, and no more.
#include <patchbay/tool.hpp>

#include <chrono>
#include <thread>

namespace {

class SlowJobs : public patchbay::Tool {
public:
    explicit SlowJobs(const patchbay::Host&) {}

    std::string_view describe() override {
        return R"([{"name": "wait", "description": "Waits.", "parameters": {"type": "object"}}])";
    }

    patchbay::task<std::string> call(patchbay::ToolRun& run) override {
        co_await run.work([] { std::this_thread::sleep_for(std::chrono::seconds(3)); });
        co_return "{}";
    }
};

}  // namespace

PATCHBAY_PLUGIN(SlowJobs, {.id = "patchbay.tests.slow_jobs", .version = "1.0.0"});
