// my_plugin against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    host.add_secret("${MY_PLUGIN_TOKEN}", "open sesame");
    expect.value(host.create(plugin), "it can be made");

    const auto& known = host.check({.credential = "open sesame"});
    expect(known.allowed() && known.allowed()->owner == "user:my_plugin", "the token opens");
    expect(host.check({.credential = "open sesam"}).not_mine(), "a part of it does not");
    expect(host.check({.credential = "open sesame!"}).not_mine(), "nor more than it");
    expect(host.check({.credential = ""}).not_mine(), "nor nothing at all");

    FakeHost without_token;
    expect.value(without_token.create(plugin), "it starts without a token");
    expect(without_token.check({.credential = ""}).not_mine(), "and lets nobody in");

    for (FakeHost* each : {&host, &without_token}) {
        each->shut_down();
        for (const auto& fault : each->faults()) expect(false, fault);
    }
    return expect.exit_code();
}
