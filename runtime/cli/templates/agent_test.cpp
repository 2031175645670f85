// my_plugin against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");

    host.children().answer({.chunks = {"It is ", "a plug."}});
    auto& answered = expect.value(host.open(AgentInput()), "it begins");
    host.run_until([&] { return answered.closed(); });
    expect.equal(answered.text(), "It is a plug.");
    expect(answered.finish_reason() == PATCHBAY_FINISH_STOP, "it ends when the model does");

    host.children().answer({.failure = patchbay::Error{.code = patchbay::ErrorCode::rate_limited}});
    auto& failed = expect.value(host.open(AgentInput()), "it begins");
    host.run_until([&] { return failed.closed(); });
    expect(failed.error() && failed.error()->code == patchbay::ErrorCode::rate_limited,
           "the model's failure is its own");

    host.children().answer({.chunks = {"It is "}});
    auto& cancelled = expect.value(host.open(AgentInput()), "it begins");
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });
    expect(cancelled.finish_reason() == PATCHBAY_FINISH_CANCELLED, "cancelling ends it");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
