#include "strict_json.hpp"

#include <set>
#include <vector>

namespace jwt {
namespace {

using nlohmann::json;

constexpr size_t deepest = 16;

}  // namespace

std::optional<json> parse_object(std::string_view text) {
    std::vector<std::set<std::string>> keys;
    bool fits = true;
    const auto watch = [&](int, json::parse_event_t event, json& parsed) {
        using Event = json::parse_event_t;
        if (event == Event::object_start || event == Event::array_start) keys.emplace_back();
        if (event == Event::object_end || event == Event::array_end) keys.pop_back();
        if (event == Event::key) {
            fits = fits && keys.back().insert(parsed.get<std::string>()).second;
        }
        fits = fits && keys.size() <= deepest;
        return true;
    };
    auto value = json::parse(text, watch, false);
    if (!fits || !value.is_object()) return std::nullopt;
    return value;
}

std::string text_member(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace jwt
