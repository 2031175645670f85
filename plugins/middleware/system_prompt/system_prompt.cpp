// system_prompt: puts a text before each conversation. It sees no events: its slots are NULL.
#include <patchbay/middleware.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace {

class SystemPrompt : public patchbay::Middleware {
public:
    SystemPrompt(const patchbay::Host&, std::string_view config)
        : text_(nlohmann::json::parse(config).at("text")) {}

    patchbay::Admission on_request(const patchbay::Turn&, const patchbay::Gate&,
                                   const patchbay::Output&) override {
        return patchbay::Change{.system = text_};
    }

private:
    std::string text_;
};

constexpr std::string_view config_schema = R"({
  "type": "object",
  "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 65536}},
  "required": ["text"],
  "additionalProperties": false
})";

}  // namespace

PATCHBAY_PLUGIN(SystemPrompt, {.id = "patchbay.middleware.system_prompt",
                               .version = "1.0.0",
                               .title = "System prompt",
                               .description = "Puts a text before each conversation.",
                               .config = config_schema});
