// my_plugin against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto plugin = load_plugin(PLUGIN_FILE);
    if (!expect(plugin.has_value(), "the plugin loads")) return 1;
    FakeHost host;
    expect(host.create(**plugin).has_value(), "it can be made");

    auto& answered = **host.open(ChatInput{.model = "any"});
    host.run_until([&] { return answered.closed(); });
    expect.equal(answered.text(), "Hello from my_plugin.");
    expect(answered.finish_reason() == PATCHBAY_FINISH_STOP, "it ends by itself");

    auto& cancelled = **host.open();
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
