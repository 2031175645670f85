// echo against the fake host: no server, no network, no waiting.
#include <patchbay/testing/expectations.hpp>
#include <patchbay/testing/fake_host.hpp>

using namespace patchbay::testing;

namespace {

ChatInput saying(const std::string& text) {
    ChatInput input;
    input.messages_json =
        R"([{"role": "user", "content": [{"type": "text", "text": ")" + text + R"("}]}])";
    return input;
}

}  // namespace

int main() {
    Expectations expect;
    const auto& plugin = expect.value(load_plugin(PLUGIN_FILE), "the plugin loads");
    FakeHost host;
    expect.value(host.create(plugin, R"({"before": "You said: "})"), "it can be made");

    auto& answered = expect.value(host.open(saying("a plug fits")), "it begins");
    host.run_until([&] { return answered.closed(); });
    expect.equal(answered.text(), "You said: a plug fits");
    expect(answered.events().size() == 5, "a word is an event");

    auto& cancelled = expect.value(host.open(saying("a plug fits")), "it begins");
    cancelled.cancel();
    host.run_until([&] { return cancelled.closed(); });

    const auto refused = host.open(ChatInput{.messages_json = "no JSON"});
    expect(!refused, "what makes no sense is refused");
    expect(!host.open(ChatInput{.messages_json = "[]"}), "nothing to echo is refused");

    auto& long_word = expect.value(host.open(saying(std::string(100'000, 'x'))), "it begins");
    host.run_until([&] { return long_word.closed(); });
    expect(long_word.error().has_value(), "a word beyond 64 KiB fails, and does not hang");

    host.shut_down();
    for (const auto& fault : host.faults())
        expect(fault == "emit of an event beyond 64 KiB", fault);
    return expect.exit_code();
}
