#include "runtime/engine/run_request.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::engine {

std::string to_json_text(const RunRequest& request) {
    return nlohmann::json{{"agent", request.agent},
                          {"model", request.model},
                          {"method", request.method},
                          {"input", request.input_json},
                          {"system", request.system},
                          {"answer", request.answer},
                          {"surface", request.surface},
                          {"credential", request.credential_id},
                          {"role", name_of(request.role)},
                          {"options", request.options_json},
                          {"max_tokens", request.max_tokens},
                          {"on_disconnect", name_of(request.on_disconnect)},
                          {"on_crash", name_of(request.on_crash)},
                          {"traceparent", request.traceparent},
                          {"user_message", request.user_message.str()},
                          {"answer_message", request.answer_message.str()}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<RunRequest> parse_run_request(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return failure(ErrorCode::storage, "A run's request is not readable.");
    RunRequest request;
    request.agent = json.value("agent", "");
    request.model = json.value("model", "");
    request.method = json.value("method", "");
    request.input_json = json.value("input", "");
    request.system = json.value("system", "");
    request.answer = json.value("answer", "");
    request.surface = json.value("surface", "");
    request.credential_id = json.value("credential", "");
    request.role = role_named(json.value("role", "")).value_or(Role::user);
    request.options_json = json.value("options", "{}");
    request.max_tokens = json.value("max_tokens", 0u);
    request.on_disconnect =
        on_disconnect_named(json.value("on_disconnect", "")).value_or(OnDisconnect::keep_going);
    request.on_crash = on_crash_named(json.value("on_crash", "")).value_or(OnCrash::resume);
    request.traceparent = json.value("traceparent", "");
    request.user_message =
        MessageId::parse(json.value("user_message", "")).value_or(MessageId::make());
    request.answer_message =
        MessageId::parse(json.value("answer_message", "")).value_or(MessageId::make());
    return request;
}

}  // namespace patchbay::engine
