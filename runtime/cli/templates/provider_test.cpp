// my_plugin against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");

    auto& answered = expect.value(host.open(ChatInput{.model = "any"}), "it begins");
    host.run_until([&] { return answered.closed(); });
    expect.equal(answered.text(), "Hello from my_plugin.");
    expect(answered.finish_reason() == PATCHBAY_FINISH_STOP, "it ends by itself");

    auto& cancelled = expect.value(host.open(), "it begins");
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
