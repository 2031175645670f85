// house_key against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    constexpr auto config = R"({"key": "open sesame, please", "owner": "user:house"})";
    expect.value(host.create(plugin, config), "it can be made");

    const auto& known = host.check({.credential = "open sesame, please"});
    expect(known.allowed() && known.allowed()->owner == "user:house", "the key opens");
    expect(host.check({.credential = "open sesame, pleas"}).not_mine(), "a part of it does not");
    expect(host.check({.credential = "open sesame, please "}).not_mine(), "nor more than it");
    expect(host.check({.credential = "open sesame, pleasE"}).not_mine(), "nor one that is near");
    expect(host.check({.credential = ""}).not_mine(), "nor none");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
