#include "runtime/engine/remains.hpp"

#include <algorithm>

namespace patchbay::engine {

using nlohmann::json;

Remains Remains::of(const std::vector<Event>& events) {
    Remains remains;
    for (const auto& event : events) remains.add(event);
    remains.tail = remains.transcript.tail();
    remains.transcript.cut_tail();
    return remains;
}

void Remains::show(uint64_t seq) {
    if (shown_from == 0) shown_from = seq;
}

void Remains::add(const Event& event) {
    last_seq = event.seq;
    if (event.kind == EventKind::delta) {
        if (event.channel == Channel::answer) transcript.add_text(event.body);
        if (tail_from == 0) tail_from = event.seq;
        return show(event.seq);
    }
    const auto payload = json::parse(event.body, nullptr, false);
    switch (event.kind) {
        case EventKind::message_user: content_json = payload["content"].dump(); break;
        case EventKind::tool_call: add_call(event, payload); break;
        case EventKind::tool_result: add_result(event, payload); break;
        case EventKind::run_waiting: questions.push_back(payload); break;
        case EventKind::run_resumed: add_decision(payload); break;
        case EventKind::attempt_superseded:
            supersede(payload.value("from_seq", uint64_t{0}));
            break;
        case EventKind::usage:
            usage = Usage{.prompt_tokens = payload.value("prompt_tokens", uint64_t{0}),
                          .completion_tokens = payload.value("completion_tokens", uint64_t{0}),
                          .cached_tokens = payload.value("cached_tokens", uint64_t{0}),
                          .cache_write_tokens = payload.value("cache_write_tokens", uint64_t{0}),
                          .reasoning_tokens = payload.value("reasoning_tokens", uint64_t{0}),
                          .estimated = payload.value("estimated", false)};
            break;
        default: break;
    }
}

void Remains::add_call(const Event& event, const json& payload) {
    const auto id = payload.value("id", "");
    const auto agent = payload.value("agent", "");
    const auto before = std::ranges::find(calls, id, &RemainingCall::id);
    if (before != calls.end()) {  // told again, in an answer that was made anew
        before->survives = true;
    } else {
        calls.push_back({.payload_json = event.body,
                         .id = id,
                         .agent = agent,
                         .idempotent = payload.value("idempotent", false),
                         .is_wish = payload.value("by", "") != "agent",
                         .result_json = std::nullopt});
    }
    show(event.seq);
    if (!agent.empty()) return;
    transcript.add_tool_call(event.body);
    tail_from = 0;
    last_step_ = event.seq;
}

void Remains::add_result(const Event& event, const json& payload) {
    const auto id = payload.value("id", "");
    const auto call = std::ranges::find_if(
        calls, [&](const RemainingCall& each) { return each.id == id && !each.result_json; });
    if (call != calls.end()) {
        call->result_json = event.body;
        call->repeats = payload.contains("repeats");
    }
    if (payload.contains("agent")) return;
    transcript.add_tool_result(event.body);
    tail_from = 0;
    last_step_ = event.seq;
}

void Remains::add_decision(const json& payload) {
    questions.push_back(payload);
    if (payload.value("decision", "") != "edited") return;
    const auto asked = std::ranges::find_if(questions, [&](const json& question) {
        return !question.contains("decision") &&
               question.value("request_id", "") == payload.value("request_id", "");
    });
    if (asked == questions.end() || !asked->contains("tool_call")) return;
    transcript.edit_call((*asked)["tool_call"].value("id", ""),
                         payload.value("input", json::object()).dump());
}

// What was taken back is either the text behind the last step, or all.
void Remains::supersede(uint64_t from_seq) {
    tail_from = 0;
    if (from_seq > last_step_) return transcript.cut_tail();
    transcript.clear();
    shown_from = 0;
    for (auto& call : calls) call.survives = false;
}

}  // namespace patchbay::engine
