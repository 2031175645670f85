// No fault: an agent that uses every service that a host has.
#include <patchbay/agent.hpp>
#include <patchbay/metrics.hpp>

namespace {

using patchbay::task;

class UsesServices : public patchbay::Agent {
public:
    explicit UsesServices(const patchbay::Host& host)
        : answers_(patchbay::value_or_raise(
              patchbay::define_counter(host, "answers_total", "Answers", {"kind"}))) {}

    task<> run(patchbay::AgentCall& call) override {
        const auto history = co_await call.history();
        const auto kv = call.kv();
        co_await kv.put("last/" + call.run_id, history);
        const auto keys = co_await kv.list("last/");
        const auto kept = co_await kv.get("last/" + call.run_id);
        co_await kv.remove("last/" + call.run_id);
        co_await call.sleep(std::chrono::milliseconds(1));
        const auto measure = [kept = kept.value_or("")] { return kept.size(); };
        const auto sum = co_await call.work(measure);
        const auto approval =
            co_await call.ask({.text = "May it?", .input_json = R"({"bytes":1})"});
        const auto page = co_await call.fetch("https://upstream.test/page");
        const auto answer = co_await call.chat({.forward = true});
        call.stream().status(std::to_string(keys.size() + sum + page.body.size()) +
                             (approval.granted() ? " granted" : " denied"));
        answers_.add(1, {"w\u00f6rld"});
        call.end_as(answer.reason);
    }

private:
    patchbay::Counter answers_;
};

}  // namespace

PATCHBAY_PLUGIN(UsesServices, {.id = "patchbay.tests.uses_services", .version = "1.0.0"});
