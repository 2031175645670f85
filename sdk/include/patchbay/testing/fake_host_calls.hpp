// The half of FakeHost that calls the plugin. Included by fake_host.hpp.
#pragma once

#include <patchbay/testing/fake_host.hpp>

#include <algorithm>

namespace patchbay::testing {

inline Result<void> FakeHost::create(const patchbay_plugin& plugin, std::string_view config_json) {
    plugin_ = &plugin;
    lets_in_ = table<patchbay_auth_1>(PATCHBAY_AUTH_1) != nullptr;
    last_error_.reset();
    LentText lent;
    const FakeLane::OffLaneCall here;
    creating_ = true;
    const auto status = plugin.create(&raw_.host, lent.lend(config_json), &instance_);
    creating_ = false;
    if (status >= 0) return {};
    instance_ = nullptr;
    if (!last_error_) lane_.fault("create failed without set_error");
    return std::unexpected(last_error_.value_or(Error{.code = code_of(status), .message = {}}));
}

inline std::string FakeHost::models() const {
    const auto* provider = table<patchbay_provider_1>(PATCHBAY_PROVIDER_1);
    if (!provider || !provider->models) return {};
    const FakeLane::OffLaneCall here;
    return std::string(text_of(provider->models(instance_)));
}

inline std::string FakeHost::methods() const {
    const auto* agent = table<patchbay_agent_1>(PATCHBAY_AGENT_1);
    if (!agent || !agent->methods) return {};
    const FakeLane::OffLaneCall here;
    return std::string(text_of(agent->methods(instance_)));
}

inline std::string FakeHost::describe() const {
    const auto* tool = table<patchbay_tool_1>(PATCHBAY_TOOL_1);
    const FakeLane::OffLaneCall here;
    return tool ? std::string(text_of(tool->describe(instance_))) : std::string();
}

inline FakeStream& FakeHost::add_stream() {
    auto& stream = add_owner<FakeStream>();
    stream.on_resume = [this, &stream] {
        http_.release_held(stream);
        children_.release_held(stream);
    };
    stream.on_cancel = [this, &stream] { cancel_all(stream); };
    // An HTTP call that is about to end may keep its connection.
    stream.on_finish = [this, &stream] {
        pending_.cancel_all(stream);
        http_.release_held(stream);
        lane_.turns.add([this, &stream] { http_.cancel_all(stream); },
                        std::chrono::milliseconds(500));
    };
    last_error_.reset();
    return stream;
}

inline Result<FakeStream*> FakeHost::opened(FakeStream& stream, const AnswerFunctions& functions,
                                            patchbay_status status, void* state) {
    if (status >= 0) {
        stream.opened(functions, state);
        return &stream;
    }
    if (!last_error_) lane_.fault("open failed without set_error");
    if (stream.finished() || stream.pending() > 0) {
        lane_.fault("open failed, yet its stream was ended or in use");
    } else {
        const std::lock_guard lock(owners_mutex_);
        owners_.erase(stream.handle().bits);
    }
    return std::unexpected(last_error_.value_or(Error{.code = code_of(status), .message = {}}));
}

inline Result<FakeStream*> FakeHost::open(const ChatInput& input) {
    const auto* provider = table<patchbay_provider_1>(PATCHBAY_PROVIDER_1);
    if (!provider) return failure(ErrorCode::unsupported, "the plugin is no provider");
    auto& chat = add_stream();

    LentText lent;
    patchbay_chat_request request = {};
    request.model = lent.lend(input.model);
    request.messages_json = lent.lend(input.messages_json);
    request.options_json = lent.lend(input.options_json);
    request.tools_json = lent.lend(input.tools_json);
    request.prefill = lent.lend(input.prefill);
    request.traceparent = lent.lend(input.traceparent);
    request.run_id = lent.lend(input.run_id);
    request.deadline_ms = input.deadline_ms;
    request.max_tokens = input.max_tokens;
    request.attempt = input.attempt;

    void* state = nullptr;
    const auto status = provider->open(instance_, &request, chat.handle(), &state);
    return opened(chat, {provider->resume, provider->cancel, provider->close}, status, state);
}

inline Result<FakeStream*> FakeHost::open(const AgentInput& input) {
    const auto* agent = table<patchbay_agent_1>(PATCHBAY_AGENT_1);
    if (!agent) return failure(ErrorCode::unsupported, "the plugin is no agent");
    auto& answer = add_stream();
    answer.set_run();

    LentText lent;
    patchbay_agent_request request = {};
    request.method = lent.lend(input.method);
    request.input_json = lent.lend(input.input_json);
    request.model = lent.lend(input.model);
    request.options_json = lent.lend(input.options_json);
    request.interaction_id = lent.lend(input.interaction_id);
    request.run_id = lent.lend(input.run_id);
    request.owner = lent.lend(input.owner);
    request.traceparent = lent.lend(input.traceparent);
    request.extra_json = lent.lend(input.extra_json);
    request.deadline_ms = input.deadline_ms;
    request.max_tokens = input.max_tokens;
    request.attempt = input.attempt;
    request.depth = input.depth;

    void* state = nullptr;
    const auto status = agent->open(instance_, &request, answer.handle(), &state);
    return opened(answer, {agent->resume, agent->cancel, agent->close}, status, state);
}

inline Result<FakeStream*> FakeHost::call(const ToolInput& input) {
    const auto* tool = table<patchbay_tool_1>(PATCHBAY_TOOL_1);
    if (!tool) return failure(ErrorCode::unsupported, "the plugin is no tool");
    auto& call = add_stream();

    LentText lent;
    patchbay_tool_request request = {};
    request.name = lent.lend(input.name);
    request.arguments_json = lent.lend(input.arguments_json);
    request.call_id = lent.lend(input.call_id);
    request.interaction_id = lent.lend(input.interaction_id);
    request.run_id = lent.lend(input.run_id);
    request.owner = lent.lend(input.owner);
    request.traceparent = lent.lend(input.traceparent);
    request.extra_json = lent.lend(input.extra_json);
    request.deadline_ms = input.deadline_ms;

    call.set_run();
    call.expect_result();
    void* state = nullptr;
    const auto status = tool->call(instance_, &request, call.handle(), &state);
    return opened(call, {tool->resume, tool->cancel, tool->close}, status, state);
}

inline FakeTurn& FakeHost::turn(const TurnInput& input) {
    auto& turn = add_owner<FakeTurn>();
    auto& out = add_owner<FakeTurnOut>();
    turn.has_input = !input.input_json.empty();
    turn.on_cancel = [this, &turn] { cancel_all(turn); };
    turn.take_error = [this] { return std::exchange(last_error_, std::nullopt); };
    const auto* middleware = table<patchbay_middleware_1>(PATCHBAY_MIDDLEWARE_1);
    last_error_.reset();

    LentText lent;
    patchbay_turn request = {};
    request.surface = lent.lend(input.surface);
    request.owner = lent.lend(input.owner);
    request.credential_id = lent.lend(input.credential_id);
    request.interaction_id = lent.lend(input.interaction_id);
    request.agent = lent.lend(input.agent);
    request.model = lent.lend(input.model);
    request.method = lent.lend(input.method);
    request.content_json = lent.lend(input.content_json);
    request.input_json = lent.lend(input.input_json);
    request.options_json = lent.lend(input.options_json);
    request.traceparent = lent.lend(input.traceparent);
    request.extra_json = lent.lend(input.extra_json);
    request.role = input.role;
    request.attempt = input.attempt;

    void* state = nullptr;
    const auto status =
        middleware && middleware->on_request
            ? middleware->on_request(instance_, &request, turn.handle(), out.handle(), &state)
            : PATCHBAY_OK;
    turn.asked(middleware, &out, status, state);
    return turn;
}

inline Result<void> FakeHost::export_spans(std::string_view spans_json) {
    const auto* exporter = table<patchbay_exporter_1>(PATCHBAY_EXPORTER_1);
    if (!exporter) return failure(ErrorCode::unsupported, "the plugin is no exporter");
    last_error_.reset();
    patchbay_status status = PATCHBAY_OK;
    lane_.turns.call_off_lane([&] {
        const FakeLane::OffLaneCall here;
        LentText lent;
        status = exporter->export_spans(instance_, lent.lend(spans_json));
    });
    if (status >= 0) return {};
    if (!last_error_) lane_.fault("export_spans failed without set_error");
    return std::unexpected(last_error_.value_or(Error{.code = code_of(status), .message = {}}));
}

inline FakeCheck& FakeHost::check(const CheckInput& input) {
    auto& check = add_owner<FakeCheck>();
    check.on_cancel = [this, &check] { cancel_all(check); };
    const auto* auth = table<patchbay_auth_1>(PATCHBAY_AUTH_1);
    last_error_.reset();

    LentText lent;
    std::vector<patchbay_header> headers;
    for (const auto& [name, value] : input.headers)
        headers.push_back({lent.lend(name), lent.lend(value)});
    patchbay_http_request request = {};
    request.method = lent.lend(input.method);
    request.path = lent.lend(input.path);
    request.query = lent.lend(input.query);
    request.remote = lent.lend(input.remote);
    request.headers = headers.data();
    request.header_count = static_cast<uint32_t>(headers.size());
    request.credential = lent.lend(input.credential);
    request.scheme = lent.lend(input.scheme);

    void* state = nullptr;
    const auto status =
        auth ? auth->check(instance_, &request, check.handle(), &state) : PATCHBAY_NOT_MINE;
    check.checked(auth, status, state, last_error_);
    return check;
}

inline void FakeHost::shut_down() {
    if (!instance_) return;
    for (const auto& [bits, owner] : owners_) {
        if (auto* stream = dynamic_cast<FakeStream*>(owner.get())) {
            stream->resume();
            stream->cancel(PATCHBAY_REASON_SHUTDOWN);
        } else if (auto* turn = dynamic_cast<FakeTurn*>(owner.get())) {
            turn->end(PATCHBAY_FINISH_CANCELLED);
            turn->cancel(PATCHBAY_REASON_SHUTDOWN);
        } else if (auto* check = dynamic_cast<FakeCheck*>(owner.get())) {
            check->cancel(PATCHBAY_REASON_SHUTDOWN);
        }
    }
    const auto all_closed = [this] {
        return std::ranges::all_of(owners_, [](const auto& o) { return o.second->closed(); });
    };
    if (!lane_.turns.run_until(all_closed, std::chrono::seconds(10),
                               std::chrono::milliseconds(100)))
        lane_.fault("something did not close");
    const FakeLane::OffLaneCall here;
    plugin_->destroy(instance_);
    instance_ = nullptr;
}

inline void FakeHost::cancel_all(FakeOwner& owner) {
    http_.cancel_all(owner);
    pending_.cancel_all(owner);
}

}  // namespace patchbay::testing
