#include "runtime/engine/transcript.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::engine {

using nlohmann::json;

void Transcript::add_step(std::string_view payload_json, bool is_call) {
    auto part = json::parse(payload_json);
    part["type"] = is_call ? "tool_call" : "tool_result";
    part.erase("agent");    // whose call it was is for the log's readers,
    part.erase("repeats");  // as is who acted
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

void Transcript::drop_text() {
    text_.clear();
    for (auto& step : steps_) step.text_before = 0;
}

void Transcript::edit_call(std::string_view id, std::string_view arguments_json) {
    const auto call = std::ranges::find_if(
        steps_, [&](const Step& step) { return step.is_call && step.id == id; });
    if (call == steps_.end()) return;
    auto part = json::parse(call->part_json);
    part["arguments"] = json::parse(arguments_json);
    call->part_json = part.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::pair<std::string, bool>> Transcript::step_payloads() const {
    std::vector<std::pair<std::string, bool>> payloads;
    for (const auto& step : steps_) {
        auto part = json::parse(step.part_json);
        part.erase("type");
        payloads.emplace_back(part.dump(-1, ' ', false, json::error_handler_t::replace),
                              step.is_call);
    }
    return payloads;
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
