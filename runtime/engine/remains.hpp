// What the log tells of a run that was cut short.
#pragma once

#include "db/records.hpp"
#include "runtime/engine/transcript.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

struct RemainingCall {
    std::string payload_json;
    std::string id;
    std::string agent;  // "" = the run's own
    bool idempotent = false;
    bool is_wish = true;                     // of a model; false: the agent's own idea
    std::optional<std::string> result_json;  // the payload of its tool.result
    bool survives = true;                    // false: viewers were told to forget it
    bool repeats = false;                    // it got an earlier one's result, and nobody acted
};

struct Remains {
    std::string content_json = "[]";  // the user's message
    Transcript transcript;            // of the surviving attempt, without the text at its end
    std::string tail;                 // that text
    uint64_t tail_from = 0;           // its first event; 0 = there is none
    uint64_t shown_from = 0;  // the surviving attempt's first event that viewers show; 0 = none
    uint64_t last_seq = 0;
    std::vector<RemainingCall> calls;
    std::vector<nlohmann::json> questions;  // payloads of run.waiting and run.resumed, in order
    std::optional<Usage> usage;             // the last one
    uint64_t prompt_estimate = 0;           // tokens

    // The run's events, oldest first.
    static Remains of(const std::vector<Event>& events);

private:
    void add(const Event& event);
    void add_call(const Event& event, const nlohmann::json& payload);
    void add_result(const Event& event, const nlohmann::json& payload);
    void add_decision(const nlohmann::json& payload);
    void supersede(uint64_t from_seq);
    void show(uint64_t seq);

    uint64_t last_step_ = 0;  // the seq of the run's own last tool call or result
};

}  // namespace patchbay::engine
