#include "config.hpp"

#include <nlohmann/json.hpp>

namespace openai {
namespace {

using nlohmann::json;

// "api.openai.com" of "https://api.openai.com/v1".
std::string_view host_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme != url.npos) url.remove_prefix(scheme + 3);
    return url.substr(0, url.find_first_of("/:?#"));
}

std::vector<patchbay::HttpHeader> headers_of(const json& object, const std::string& api_key) {
    std::vector<patchbay::HttpHeader> headers = {{"Content-Type", "application/json"},
                                                 {"Accept", "text/event-stream"}};
    if (!api_key.empty()) headers.push_back({"Authorization", "Bearer " + api_key});
    if (object.contains("organization"))
        headers.push_back({"OpenAI-Organization", object["organization"]});
    if (object.contains("project")) headers.push_back({"OpenAI-Project", object["project"]});
    const auto extra = object.value("headers", json::object());
    for (const auto& [name, value] : extra.items()) headers.push_back({name, value});
    return headers;
}

std::string models_of(const json& object) {
    auto models = json::array();
    for (const auto& model : object.value("models", json::array()))
        models.push_back(model.is_string() ? json{{"id", model}} : model);
    return models.dump();
}

}  // namespace

patchbay::Result<Config> read_config(std::string_view text) {
    const auto object = json::parse(text, nullptr, false);
    if (!object.is_object())
        return patchbay::failure(patchbay::ErrorCode::bad_request, "the config is no JSON object");

    Config config;
    auto base = object.value("base_url", "https://api.openai.com/v1");
    while (base.ends_with('/')) base.pop_back();
    config.url = base + "/chat/completions";
    config.api_key = object.value("api_key", "");
    config.headers = headers_of(object, config.api_key);
    config.max_tokens_field =
        object.value("max_tokens_field",
                     host_of(base) == "api.openai.com" ? "max_completion_tokens" : "max_tokens");
    config.include_usage = object.value("include_usage", true);
    config.traceparent = object.value("traceparent", true);

    const auto timeout = [&](const char* key) {
        return std::chrono::milliseconds(object.value(key, uint32_t{0}));
    };
    config.connect_timeout = timeout("connect_timeout_ms");
    config.first_byte_timeout = timeout("first_byte_timeout_ms");
    config.idle_timeout = timeout("idle_timeout_ms");
    config.total_timeout = timeout("total_timeout_ms");
    config.models_json = models_of(object);
    return config;
}

}  // namespace openai
