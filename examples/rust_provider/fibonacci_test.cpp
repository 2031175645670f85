// fibonacci against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");

    auto& told = expect.value(host.open(ChatInput{.model = "8"}), "it begins");
    host.run_until([&] { return told.closed(); });
    expect.equal(told.text(), "0 1 1 2 3 5 8 13");

    auto& cancelled = expect.value(host.open(ChatInput{.model = "90"}), "it begins");
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });

    auto& named = expect.value(host.open(ChatInput{.model = "rabbits"}), "it begins");
    host.run_until([&] { return named.closed(); });
    expect.equal(named.text(), "0 1 1 2 3 5 8 13 21 34");

    const auto refused = host.open(ChatInput{.model = "91"});
    expect(!refused && refused.error().code == patchbay::ErrorCode::model_not_found,
           "what does not fit into 64 bits is refused");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
