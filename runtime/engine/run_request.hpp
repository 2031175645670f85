// What a run must remember to be started, also by the next process after a crash. It is kept in
// the run's row as JSON.
#pragma once

#include "runtime/engine/turn.hpp"

#include <patchbay/error.hpp>

#include <string>

namespace patchbay::engine {

struct RunRequest {
    std::string agent;
    std::string model;       // as it was asked for; "" = the default
    std::string method;      // of the agent; "" = chat
    std::string input_json;  // of that method; "" = the user's message
    std::string system;      // what middleware puts before the conversation
    std::string answer;      // what it answers itself; "" = the agent does
    std::string surface;
    std::string credential_id;
    Role role = Role::user;
    std::string options_json = "{}";
    uint32_t max_tokens = 0;
    OnDisconnect on_disconnect = OnDisconnect::keep_going;
    OnCrash on_crash = OnCrash::resume;
    std::string traceparent;
    MessageId user_message;
    MessageId answer_message;  // chosen beforehand: the next turn's parent
};

std::string to_json_text(const RunRequest& request);
Result<RunRequest> parse_run_request(const std::string& text);

}  // namespace patchbay::engine
