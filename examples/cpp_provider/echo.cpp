// echo: a provider that streams the last message back, word by word.
#include <patchbay/provider.hpp>

#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;

constexpr const char* config_schema = R"({"type": "object", "additionalProperties": false,
    "properties": {"before": {"type": "string", "description": "What goes before the answer"}}})";

std::string last_text(std::string_view messages_json) {
    const auto messages = json::parse(messages_json);
    std::string text;
    for (const auto& part : messages.at(messages.size() - 1).at("content"))
        if (part.at("type") == "text") text += part.at("text").get<std::string>();
    return text;
}

// One answer. It goes on whenever the reader has caught up.
class EchoChat : public patchbay::Chat {
public:
    EchoChat(patchbay::Stream stream, std::string text) : Chat(stream), text_(std::move(text)) {}

    void resume() override {
        while (sent_ < text_.size()) {
            const auto end = std::min(text_.find(' ', sent_), text_.size() - 1) + 1;
            const auto flow = stream().text(std::string_view(text_).substr(sent_, end - sent_));
            if (flow == patchbay::Flow::rejected)
                return fail({.code = patchbay::ErrorCode::limit, .message = "too long a word"});
            sent_ = end;
            if (flow != patchbay::Flow::go_on) return;
        }
        finish(patchbay::FinishReason::stop);
    }

private:
    std::string text_;
    size_t sent_ = 0;
};

class Echo : public patchbay::Provider {
public:
    Echo(const patchbay::Host&, std::string_view config)
        : before_(json::parse(config).value("before", "")) {}

    patchbay::Status open(const patchbay::ChatRequest& request, patchbay::Stream stream) override {
        auto chat = std::make_unique<EchoChat>(stream, before_ + last_text(request.messages_json));
        chat->resume();
        return chat;
    }

private:
    std::string before_;
};

}  // namespace

PATCHBAY_PLUGIN(Echo, {.id = "org.example.echo", .version = "1.0.0", .config = config_schema});
