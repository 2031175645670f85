#include "runtime/http/json_input.hpp"

#include "runtime/http/error_reply.hpp"

namespace patchbay::http {
namespace {

using nlohmann::json;

// Thrown out of the parser's callback, and caught around it: there is no other way to stop it.
struct TooDeep {};

Error bad_request(std::string message) {
    return caller_error(ErrorCode::bad_request, std::move(message));
}

}  // namespace

Result<json> parse_json(std::string_view text) {
    // At the start of an object or array, `depth` counts those around it.
    const auto watch_depth = [](int depth, json::parse_event_t event, json&) {
        const bool starts =
            event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
        if (starts && depth >= static_cast<int>(json_depth_limit)) throw TooDeep{};
        return true;
    };
    try {
        return json::parse(text, watch_depth);
    } catch (const TooDeep&) {
        return std::unexpected(bad_request("The JSON is nested deeper than 64 levels."));
    } catch (const json::exception&) {
        return std::unexpected(bad_request("The body is not valid JSON in UTF-8."));
    }
}

// The JSON writer is the judge: it refuses what is not UTF-8.
bool is_utf8(std::string_view text) {
    try {
        (void)json(text).dump();
        return true;
    } catch (const json::exception&) {
        return false;
    }
}

Result<Fields> Fields::of(std::string_view body, bool strict) {
    auto parsed = parse_json(body);
    if (!parsed) return std::unexpected(parsed.error());
    if (!parsed->is_object())
        return std::unexpected(bad_request("The body must be a JSON object."));
    return Fields(std::move(*parsed), strict);
}

const json* Fields::find(const std::string& name) {
    read_.insert(name);
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool Fields::has(const std::string& name) const {
    const auto found = object_.find(name);
    return found != object_.end() && !found->is_null();
}

std::optional<std::string> Fields::text(const std::string& name, size_t max_bytes) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        complain(name, "must be a string");
        return std::nullopt;
    }
    const auto& text = value->get_ref<const std::string&>();
    if (text.size() > max_bytes) {
        complain(name, "is longer than " + std::to_string(max_bytes) + " bytes");
        return std::nullopt;
    }
    return text;
}

std::optional<uint64_t> Fields::number(const std::string& name, uint64_t min, uint64_t max) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_unsigned()) {
        const auto number = value->get<uint64_t>();
        if (number >= min && number <= max) return number;
    }
    complain(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
}

std::optional<bool> Fields::flag(const std::string& name) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    complain(name, "must be true or false");
    return std::nullopt;
}

std::optional<json> Fields::object(const std::string& name) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_object()) return *value;
    complain(name, "must be an object");
    return std::nullopt;
}

std::optional<json> Fields::array(const std::string& name) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_array()) return *value;
    complain(name, "must be an array");
    return std::nullopt;
}

std::optional<json> Fields::any(const std::string& name) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    return *value;
}

void Fields::complain(const std::string& name, const std::string& problem) {
    if (!problem_) problem_ = name + ": " + problem + ".";
}

std::optional<Error> Fields::error() {
    if (strict_ && !problem_) {
        for (const auto& [name, value] : object_.items()) {
            if (!read_.contains(name)) complain(name, "is not known here");
        }
    }
    if (!problem_) return std::nullopt;
    return bad_request(*problem_);
}

bool has_url(const json& part) {
    if (!part.contains("url") || !part["url"].is_string()) return false;
    const auto& url = part["url"].get_ref<const std::string&>();
    return url.starts_with("http://") || url.starts_with("https://") || url.starts_with("data:");
}

namespace {

bool is_part(const json& part) {
    if (!part.is_object() || !part.contains("type") || !part["type"].is_string()) return false;
    const auto& type = part["type"].get_ref<const std::string&>();
    if (type == "text") {
        return part.contains("text") && part["text"].is_string() &&
               !part["text"].get_ref<const std::string&>().empty();
    }
    return (type == "image" || type == "file") && has_url(part);
}

}  // namespace

json content_parts(const json& content, Fields& fields) {
    if (content.is_string()) {
        if (content.get_ref<const std::string&>().empty()) fields.complain("content", "is empty");
        return json::array({{{"type", "text"}, {"text", content}}});
    }
    if (!content.is_array() || content.empty()) {
        fields.complain("content", "must be a text or an array of parts");
        return json::array();
    }
    for (size_t i = 0; i < content.size(); ++i) {
        if (is_part(content[i])) continue;
        fields.complain("content[" + std::to_string(i) + "]",
                        "must be {type: text, text} or {type: image|file, url}");
    }
    return content;
}

}  // namespace patchbay::http
