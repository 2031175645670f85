#include "runtime/engine/transcript.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::engine {

using nlohmann::json;

void Transcript::add_step(std::string_view payload_json, bool is_call) {
    auto part = json::parse(payload_json);
    part["type"] = is_call ? "tool_call" : "tool_result";
    part.erase("agent");  // whose call it was is for the log's readers
    auto id = part.value("id", "");
    steps_.push_back({text_.size(), is_call, std::move(id),
                      part.dump(-1, ' ', false, json::error_handler_t::replace)});
}

void Transcript::add_tool_call(std::string_view payload_json) { add_step(payload_json, true); }

void Transcript::add_tool_result(std::string_view payload_json) { add_step(payload_json, false); }

bool Transcript::has_call(std::string_view id) const {
    return std::ranges::any_of(steps_,
                               [&](const Step& step) { return step.is_call && step.id == id; });
}

void Transcript::clear() {
    text_.clear();
    steps_.clear();
}

std::string Transcript::content_json() const {
    auto parts = json::array();
    size_t shown = 0;
    const auto add_text_to = [&](size_t end) {
        if (end > shown)
            parts.push_back({{"type", "text"}, {"text", text_.substr(shown, end - shown)}});
        shown = end;
    };
    for (const auto& step : steps_) {
        add_text_to(step.text_before);
        parts.push_back(json::parse(step.part_json));
    }
    add_text_to(text_.size());
    return parts.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace patchbay::engine
