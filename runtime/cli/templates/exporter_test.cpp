// my_plugin against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin), "it can be made");

    expect(host.export_spans(R"([{"name": "chat"}])").has_value(), "the batch is taken");
    const auto lines = host.log_lines();
    if (expect(lines.size() == 1, "it is one line"))
        expect.equal(lines[0].fields_json, R"({"spans": [{"name": "chat"}]})");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
