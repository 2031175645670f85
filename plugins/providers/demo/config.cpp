#include "config.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace demo {
namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;

constexpr uint32_t max_words = 100'000;
constexpr double max_delay_ms = 3'600'000;  // an hour

// Reads a delay in milliseconds, of which fractions count, when the key is there.
patchbay::Result<void> read_delay(const json& object, const char* key,
                                  std::chrono::microseconds& delay) {
    const auto found = object.find(key);
    if (found == object.end()) return {};
    if (!found->is_number() || found->get<double>() < 0 || found->get<double>() > max_delay_ms)
        return failure(ErrorCode::bad_request,
                       std::string(key) + " must be a number from 0 to 3600000");
    delay = std::chrono::microseconds(std::llround(found->get<double>() * 1000));
    return {};
}

patchbay::Result<Pace> read_pace(Pace pace, const json& object) {
    if (const auto words = object.find("words"); words != object.end()) {
        if (!words->is_number_integer() || *words < 1 || *words > max_words)
            return failure(ErrorCode::bad_request, "words must be an integer from 1 to 100000");
        pace.words = words->get<uint32_t>();
    }
    if (auto read = read_delay(object, "first_token_ms", pace.first_token); !read)
        return std::unexpected(read.error());
    if (auto read = read_delay(object, "token_delay_ms", pace.token_delay); !read)
        return std::unexpected(read.error());
    return pace;
}

}  // namespace

patchbay::Result<Config> read_config(std::string_view text) {
    const auto object = json::parse(text, nullptr, false);
    if (!object.is_object()) return failure(ErrorCode::bad_request, "the config is no JSON object");

    const auto pace = read_pace({}, object);
    if (!pace) return std::unexpected(pace.error());

    auto models = json::array();
    for (const auto& id : object.value("models", json::array({"demo"})))
        models.push_back({{"id", id},
                          {"context_window", object.value("context_window", 32'768)},
                          {"prefill", true}});
    return Config{.pace = *pace, .models_json = models.dump()};
}

patchbay::Result<Pace> override_pace(Pace pace, std::string_view options_json) {
    const auto object = json::parse(options_json, nullptr, false);
    if (!object.is_object())
        return failure(ErrorCode::bad_request, "the options are no JSON object");
    return read_pace(pace, object);
}

}  // namespace demo
