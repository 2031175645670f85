// summarize against the fake host, which answers for the model.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");

    host.children().answer({.chunks = {"Plugs fit. ", "Sockets wait."}});
    host.children().answer({.chunks = {"Plugs ", "find sockets."}});
    auto& answered = expect.value(host.open(AgentInput()), "it begins");
    host.run_until([&] { return answered.closed(); });
    expect.equal(answered.text(), "Plugs find sockets.");

    host.children().answer({.failure = patchbay::Error{.code = patchbay::ErrorCode::timeout}});
    auto& failed = expect.value(host.open(AgentInput()), "it begins");
    host.run_until([&] { return failed.closed(); });
    expect(failed.error() && failed.error()->code == patchbay::ErrorCode::timeout,
           "what fails ends the answer");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
