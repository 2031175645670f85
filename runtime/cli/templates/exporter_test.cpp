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

    expect(host.export_spans(R"([{"name": "chat"}])").has_value(), "the batch is taken");
    const auto lines = host.log_lines();
    if (expect(lines.size() == 1, "it is one line"))
        expect.equal(lines[0].fields_json, R"({"spans": [{"name": "chat"}]})");

    host.shut_down();
    for (const auto& fault : host.faults()) expect(false, fault);
    return expect.exit_code();
}
