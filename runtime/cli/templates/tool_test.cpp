// my_plugin against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");
    expect(host.describe().find("\"my_plugin\"") != std::string::npos, "models are told of it");

    auto& called = expect.value(host.call(ToolInput{.name = "my_plugin"}), "it begins");
    host.run_until([&] { return called.closed(); });
    expect(called.finish_reason() == PATCHBAY_FINISH_STOP, "it ends by itself");
    if (expect(called.events().size() == 1, "it has one result"))
        expect.equal(called.events()[0].text, R"({"greeting": "Hello from my_plugin."})");

    auto& cancelled = expect.value(host.call(ToolInput{.name = "my_plugin"}), "it begins");
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
