// signature against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");

    auto& turn = host.turn();
    expect(turn.passed(), "the turn is let in");
    expect.equal(turn.change().system, "Write as in a letter.");
    turn.send_text("Dear reader.");
    turn.end();
    expect.equal(turn.text(), "Dear reader.\n\nYours, the model");

    auto& failed = host.turn();
    failed.send_text("Dear");
    failed.end(PATCHBAY_FINISH_ERROR);
    expect.equal(failed.text(), "Dear");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
