// my_plugin: a provider. It answers every request with the same sentence, word by word.
#include <patchbay/provider.hpp>

#include <algorithm>

namespace {

constexpr std::string_view answer = "Hello from my_plugin.";

// One answer. It goes on whenever the reader has caught up.
class MyPluginChat : public patchbay::Chat {
public:
    using Chat::Chat;

    void resume() override {
        while (sent_ < answer.size()) {
            const auto end = std::min(answer.find(' ', sent_), answer.size() - 1) + 1;
            const auto flow = stream().text(answer.substr(sent_, end - sent_));
            sent_ = end;
            if (flow != patchbay::Flow::go_on) return;  // resume() or cancel() comes
        }
        finish(patchbay::FinishReason::stop);
    }

private:
    size_t sent_ = 0;
};

class MyPlugin : public patchbay::Provider {
public:
    explicit MyPlugin(const patchbay::Host&) {}

    // What is asked is in `request`: the model, the messages as JSON, and how long to go on.
    patchbay::Status open(const patchbay::ChatRequest&, patchbay::Stream stream) override {
        auto chat = std::make_unique<MyPluginChat>(stream);
        chat->resume();
        return chat;
    }
};

}  // namespace

PATCHBAY_PLUGIN(MyPlugin, {.id = "org.example.my_plugin",
                           .version = "0.1.0",
                           .title = "my_plugin",
                           .config = R"({"type": "object", "additionalProperties": false})"});
