#include "runtime/engine/scope.hpp"

#include "runtime/engine/child.hpp"
#include "runtime/engine/context.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/engine/tool_call.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace patchbay::engine {
namespace {

using nlohmann::json;

constexpr int64_t day_ms = int64_t{24} * 60 * 60 * 1000;

std::string text_of(const patchbay_str& text) {
    return {text.data, static_cast<size_t>(text.size)};
}

std::string or_else(const patchbay_str& text, const std::string& other) {
    return text.size == 0 ? other : text_of(text);
}

template <class Owned>
std::unique_ptr<Owned> take(std::vector<std::unique_ptr<Owned>>& list, const Owned& one) {
    const auto found = std::ranges::find(list, &one, [](const auto& each) { return each.get(); });
    auto taken = std::move(*found);
    list.erase(found);
    return taken;
}

Result<plugins::MethodInfo> method_of(const plugins::Instance& agent, const std::string& name) {
    const auto* const method = find_method(agent, name);
    if (method) return *method;
    return failure(ErrorCode::bad_request,
                   "agent: '" + name_of(agent) + "' has no method '" + name + "'.");
}

}  // namespace

bool is_step(const patchbay_event& event) {
    return event.kind == PATCHBAY_EVENT_TOOL_CALL || event.kind == PATCHBAY_EVENT_TOOL_RESULT;
}

std::span<const patchbay_event> take_to_step(std::span<const patchbay_event>& events) {
    const auto step = std::ranges::find_if(events, is_step);
    const std::span before(events.begin(), step);
    events = {step, events.end()};
    return before;
}

// One read of the conversation that a plugin asked for.
class Scope::HistoryRead final : public plugins::Pending {
public:
    HistoryRead(Scope& scope, plugins::OnAnswered<std::string> done)
        : scope_(scope), done_(std::move(done)), token_(std::make_shared<HistoryRead*>(this)) {}
    ~HistoryRead() override = default;

    void start(uint64_t max_tokens) {
        scope_.run_.shard().lane().post([this, guard = std::weak_ptr(token_), max_tokens] {
            if (const auto alive = guard.lock())
                scope_.read_conversation(max_tokens, [this, guard](Result<std::string> messages) {
                    if (const auto still = guard.lock()) finish(std::move(messages));
                });
        });
    }

    void drop() override { const auto self = take(scope_.reads_, *this); }

private:
    void finish(Result<std::string> messages) {
        const auto self = take(scope_.reads_, *this);
        done_(std::move(messages));
    }

    Scope& scope_;
    plugins::OnAnswered<std::string> done_;
    std::shared_ptr<HistoryRead*> token_;
};

Scope::Scope(Run& run, EventSink& sink, Place place)
    : run_(run), sink_(sink), place_(std::move(place)) {}

Scope::~Scope() = default;

Transcript& Scope::transcript() { return place_.is_root ? run_.transcript() : own_; }

// ---- children ----

Result<plugins::Pending*> Scope::start_child(const patchbay_chat_start& request,
                                             plugins::ChildListener& listener) {
    if (auto admitted = run_.admit_child(place_.depth + 1); !admitted)
        return std::unexpected(admitted.error());
    const auto offers = run_.shard().offers();
    const auto model = text_of(request.model);
    auto choice = model.empty() ? run_.own_model() : offers->models.resolve(model);
    const auto options = or_else(request.options_json, run_.request().options_json);
    const auto max_tokens = request.max_tokens ? request.max_tokens : run_.request().max_tokens;
    auto child = std::make_unique<Child>(run_, this, listener, request.flags);
    if (request.agent.size == 0) {
        if (!choice) return std::unexpected(choice.error());
        if (auto admitted = run_.admit_child_of(place_.agent, *choice); !admitted)
            return std::unexpected(admitted.error());
        const bool is_told = request.messages_json.size > 0;
        if (!is_told && place_.content_json.empty())
            return failure(ErrorCode::bad_request, "There is no conversation to go on with.");
        child->open_later(Child::ModelAsk{.choice = std::move(*choice),
                                          .messages_json = text_of(request.messages_json),
                                          .system = text_of(request.system),
                                          .options_json = options,
                                          .tools_json = text_of(request.tools_json),
                                          .max_tokens = max_tokens});
    } else {
        auto agent = offers->agents.resolve(text_of(request.agent));
        if (!agent) {
            const bool none = agent.error().code == ErrorCode::bad_request;
            return failure(none ? ErrorCode::not_found : agent.error().code, agent.error().message);
        }
        if (auto admitted = run_.admit_child_of(name_of(**agent), choice.value_or(ModelChoice{}));
            !admitted)
            return std::unexpected(admitted.error());
        const auto name = or_else(request.method, "chat");
        const auto method = method_of(**agent, name);
        if (!method) return std::unexpected(method.error());
        const auto input = or_else(request.input_json, "{}");
        if (auto fits = check_input(*method, json::parse(input)); !fits)
            return failure(ErrorCode::bad_request, "input: " + fits.error().message);
        child->open_later(Child::AgentAsk{.agent = std::move(*agent),
                                          .method = name,
                                          .input_json = input,
                                          .choice = choice.value_or(ModelChoice{}),
                                          .options_json = options,
                                          .max_tokens = max_tokens,
                                          .depth = place_.depth + 1});
    }
    children_.push_back(std::move(child));
    return children_.back().get();
}

std::unique_ptr<Child> Scope::release(Child& child) {
    std::erase(held_, &child);
    return take(children_, child);
}

// ---- what forwarded children say ----

patchbay_status Scope::forward(std::span<const patchbay_event> events, Child& source) {
    const auto status =
        place_.is_root ? sink_.deliver(events) : forward_between_steps(events, source);
    if (status == PATCHBAY_PAUSE && is_there(source) && std::ranges::count(held_, &source) == 0)
        held_.push_back(&source);
    return status;
}

// The tool calls of a child's model, and their results, are in the log as that child's own, and not
// its asker's.
patchbay_status Scope::forward_between_steps(std::span<const patchbay_event> events,
                                             const Child& source) {
    std::optional<uint64_t> paused;  // after so many resumes
    while (!events.empty()) {
        const auto before = take_to_step(events);
        for (const auto& event : before) {
            if (event.kind == PATCHBAY_EVENT_DELTA && event.channel == PATCHBAY_CHANNEL_ANSWER)
                own_.add_text({event.text.data, static_cast<size_t>(event.text.size)});
        }
        if (!before.empty() && sink_.deliver(before) == PATCHBAY_PAUSE) paused = resumes_;
        // Who listens may have dropped the child, or this agent with it.
        if (!is_there(source)) return PATCHBAY_OK;
        if (events.empty()) break;
        say_step(events.front());
        events = events.subspan(1);
    }
    return paused == resumes_ ? PATCHBAY_PAUSE : PATCHBAY_OK;
}

void Scope::say_step(const patchbay_event& event) {
    auto label = run_.agent_label(*this);
    if (event.kind == PATCHBAY_EVENT_TOOL_CALL) {
        own_.add_tool_call(run_.say_tool_call(event, place_.agent, std::move(label)));
    } else {
        const auto payload = tool_result_payload(event, label);
        run_.say(EventKind::tool_result, payload);
        own_.add_tool_result(payload);
    }
}

bool Scope::is_there(const Child& child) const {
    return std::ranges::count(children_, &child, [](const auto& each) { return each.get(); }) > 0;
}

void Scope::resume_forwarded() {
    ++resumes_;
    for (auto* child : std::exchange(held_, {})) child->resume();
}

// ---- tools and questions ----

std::shared_ptr<const std::string> Scope::tools_json() {
    return run_.shard().offers()->tools.json_for(place_.agent);
}

Result<plugins::Pending*> Scope::call_tool(const patchbay_tool_start& request,
                                           plugins::OnAnswered<plugins::ToolOutput> done) {
    if (auto admitted = run_.admit_tool_call(); !admitted) return std::unexpected(admitted.error());
    auto& call = *tool_calls_.emplace_back(
        std::make_unique<ToolCall>(run_, *this,
                                   ToolCall::Ask{.name = text_of(request.name),
                                                 .arguments_json = text_of(request.arguments_json),
                                                 .call_id = text_of(request.call_id),
                                                 .extra_json = text_of(request.extra_json)},
                                   std::move(done)));
    call.start();
    return &call;
}

void Scope::take_up(const std::string& call_json, plugins::OnAnswered<plugins::ToolOutput> done) {
    const auto payload = json::parse(call_json);
    auto& call = *tool_calls_.emplace_back(std::make_unique<ToolCall>(
        run_, *this,
        ToolCall::Ask{.name = payload.value("name", ""),
                      .arguments_json = payload.value("arguments", json::object()).dump(),
                      .call_id = payload.value("id", ""),
                      .extra_json = ""},
        std::move(done)));
    call.take_up();
}

std::unique_ptr<ToolCall> Scope::release(ToolCall& call) { return take(tool_calls_, call); }

Result<plugins::Pending*> Scope::ask(const patchbay_question& question,
                                     plugins::OnAnswered<plugins::Decision> done) {
    const auto wait_ms = question.expires_in_ms ? question.expires_in_ms : day_ms;
    return run_.questions().ask({.text = text_of(question.text),
                                 .input_json = text_of(question.input_json),
                                 .schema_json = text_of(question.schema_json),
                                 .tool_name = {},
                                 .call_id = {},
                                 .extra_json = text_of(question.extra_json),
                                 .expires_at_ms = run_.shard().unix_ms() + wait_ms},
                                std::move(done));
}

// ---- the conversation ----

Result<plugins::Pending*> Scope::read_history(uint32_t max_tokens,
                                              plugins::OnAnswered<std::string> done) {
    if (place_.content_json.empty())
        return failure(ErrorCode::bad_request, "There is no conversation here.");
    const auto model = run_.own_model().value_or(ModelChoice{});
    const uint64_t tokens = max_tokens ? max_tokens : run_.window_tokens(model, 0);
    auto& read = *reads_.emplace_back(std::make_unique<HistoryRead>(*this, std::move(done)));
    read.start(tokens);
    return &read;
}

void Scope::read_conversation(uint64_t window_tokens, plugins::OnAnswered<std::string> done) {
    auto done_json = transcript().content_json();
    if (place_.is_root)
        return run_.read_history(window_tokens, std::move(done_json), std::move(done));
    done(build_messages({}, place_.content_json, window_tokens, done_json));
}

}  // namespace patchbay::engine
