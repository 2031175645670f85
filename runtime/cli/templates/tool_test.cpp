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
    expect(host.describe().find("\"my_plugin\"") != std::string::npos, "models are told of it");

    auto& called = **host.call(ToolInput{.name = "my_plugin"});
    host.run_until([&] { return called.closed(); });
    expect(called.finish_reason() == PATCHBAY_FINISH_STOP, "it ends by itself");
    if (expect(called.events().size() == 1, "it has one result"))
        expect.equal(called.events()[0].text, R"({"greeting": "Hello from my_plugin."})");

    auto& cancelled = **host.call(ToolInput{.name = "my_plugin"});
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
