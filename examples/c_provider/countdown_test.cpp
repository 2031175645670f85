// countdown against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");

    auto& counted = expect.value(host.open(ChatInput{.model = "3"}), "it begins");
    host.run_until([&] { return counted.closed(); });
    expect.equal(counted.text(), "3 2 1 0");
    expect(counted.finish_reason() == PATCHBAY_FINISH_STOP, "it ends by itself");

    auto& paused = expect.value(host.open(ChatInput{.model = "5"}), "it begins");
    paused.pause_after(2);
    host.advance(std::chrono::seconds(1));
    expect.equal(paused.text(), "5 4 ");
    paused.resume();
    host.run_until([&] { return paused.closed(); });
    expect.equal(paused.text(), "5 4 3 2 1 0");

    auto& cancelled = expect.value(host.open(ChatInput{.model = "1000"}), "it begins");
    host.advance(std::chrono::milliseconds(2));
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });
    expect(cancelled.finish_reason() == PATCHBAY_FINISH_CANCELLED, "cancelling ends it");

    for (const auto* name : {"rocket", ""}) {
        auto& named = expect.value(host.open(ChatInput{.model = name}), "it begins");
        host.run_until([&] { return named.closed(); });
        expect.equal(named.text(), "10 9 8 7 6 5 4 3 2 1 0");
    }

    const auto refused = host.open(ChatInput{.model = "100001"});
    expect(!refused && refused.error().code == patchbay::ErrorCode::model_not_found,
           "too large a number is refused");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
