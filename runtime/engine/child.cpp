#include "runtime/engine/child.hpp"

#include "runtime/engine/payload.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/engine/usage.hpp"
#include "runtime/plugins/abi_error.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::engine {
namespace {

using nlohmann::json;

constexpr size_t collected_limit = 1024 * 1024;
constexpr size_t tool_calls_limit = 256;

std::string_view view(const patchbay_str& text) {
    return {text.data, static_cast<size_t>(text.size)};
}

patchbay_str borrow(std::string_view text) { return {text.data(), text.size()}; }

// Text that goes before all messages.
std::string with_system(std::string messages_json, const std::string& system) {
    if (system.empty()) return messages_json;
    auto messages = json::parse(messages_json);
    auto all = json::array();
    all.push_back({{"role", "system"}, {"content", {{{"type", "text"}, {"text", system}}}}});
    for (auto& message : messages) all.push_back(std::move(message));
    return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string joined(const std::string& first, const std::string& second) {
    return first.empty() || second.empty() ? first + second : first + "\n\n" + second;
}

patchbay_usage abi_usage(const Usage& usage) {
    return {.prompt_tokens = usage.prompt_tokens,
            .completion_tokens = usage.completion_tokens,
            .cached_tokens = usage.cached_tokens,
            .cache_write_tokens = usage.cache_write_tokens,
            .reasoning_tokens = usage.reasoning_tokens,
            .estimated = usage.estimated ? 1u : 0u,
            .reserved = 0};
}

}  // namespace

Child::Child(Run& run, Scope* parent, plugins::ChildListener& listener, uint32_t flags)
    : run_(run),
      parent_(parent),
      listener_(listener),
      flags_(flags),
      token_(std::make_shared<Child*>(this)),
      ledger_entry_(
          run.ledger().open(parent ? std::optional(parent->place().ledger_entry) : std::nullopt)),
      tool_calls_(json::array()) {}

Child::~Child() { stop(); }

// Afterwards nothing of it needs the run. What it has asked for, its answer drops.
void Child::stop() {
    if (std::exchange(token_, nullptr)) run_.forget_held(*this);
    if (answer_) {
        book_estimate();
        std::exchange(answer_, nullptr)->cancel(run_.stop_reason());
    }
    end_span(PATCHBAY_FINISH_CANCELLED, nullptr);
    work_.reset();
}

void Child::post(net::Task task) {
    run_.shard().lane().post([guard = std::weak_ptr(token_), task = std::move(task)]() mutable {
        if (const auto alive = guard.lock()) task();
    });
}

// ---- opening ----

void Child::open(ModelAsk ask) {
    is_model_ = true;
    choice_ = ask.choice;
    begin_span("model");
    span_->add("provider", name_of(*choice_.provider));
    span_->add("model", choice_.model.id);
    model_ = std::move(ask);
    if (!model_.messages_json.empty()) return open_model(model_.messages_json);
    parent_->read_conversation(run_.window_tokens(choice_, model_.max_tokens),
                               [this, guard = std::weak_ptr(token_)](Result<std::string> messages) {
                                   const auto alive = guard.lock();
                                   if (!alive) return;
                                   if (!messages) return fail_later(messages.error());
                                   open_model(std::move(*messages));
                               });
}

void Child::open_model(std::string messages_json) {
    if (auto admitted = run_.admit_model(); !admitted) return fail_later(admitted.error());
    const bool conversation = model_.messages_json.empty();
    const bool goes_on = conversation && (flags_ & PATCHBAY_CHAT_FORWARD) != 0 &&
                         parent_->place().is_root && choice_.model.prefill;
    if (conversation && parent_->place().is_root) run_.recorded().spend();
    plugins::ChatCall call{
        .model = choice_.model.id,
        .messages_json =
            with_system(std::move(messages_json), joined(run_.request().system, model_.system)),
        .options_json = model_.options_json,
        .tools_json = model_.tools_json,
        .prefill = goes_on ? run_.take_prefill() : "",
        .traceparent = span_->traceparent(),
        .run_id = run_.id().str(),
        .deadline_ms = run_.deadline_ms(),
        .max_tokens = model_.max_tokens,
        .attempt = run_.record().attempt};
    prompt_tokens_ = estimate_tokens(call.messages_json);
    model_ = {};
    const auto answer = plugins::Answer::open(run_.shard().lane(), choice_.provider, call, *this);
    if (!answer) return fail_later(answer.error());
    answer_ = *answer;
    work_.emplace(run_);
}

void Child::open(AgentAsk ask) {
    choice_ = ask.choice;
    begin_span("agent");
    span_->add("agent", name_of(*ask.agent));
    span_->add("method", ask.method);
    Scope::Place place{.agent = name_of(*ask.agent),
                       .depth = ask.depth,
                       .is_root = !parent_,
                       .ledger_entry = ledger_entry_,
                       .trace = span_->context()};
    if (!parent_) {
        place.content_json = run_.content_json();
    } else if (ask.method == "chat") {
        place.content_json = json::parse(ask.input_json).value("content", json::array()).dump();
    }
    scope_ = std::make_unique<Scope>(run_, *this, std::move(place));
    const plugins::AgentCall call{.method = std::move(ask.method),
                                  .input_json = std::move(ask.input_json),
                                  .model = choice_.provider ? choice_.full_name() : "",
                                  .options_json = std::move(ask.options_json),
                                  .interaction_id = run_.interaction().id().str(),
                                  .run_id = run_.id().str(),
                                  .owner = run_.interaction().record().owner,
                                  .traceparent = span_->traceparent(),
                                  .deadline_ms = run_.deadline_ms(),
                                  .max_tokens = ask.max_tokens,
                                  .attempt = run_.record().attempt,
                                  .depth = ask.depth};
    const auto answer =
        plugins::Answer::open(run_.shard().lane(), std::move(ask.agent), call, *this, *scope_);
    if (!answer) return fail_later(answer.error());
    answer_ = *answer;
}

void Child::fail_later(Error error) {
    post([this, error = std::move(error)] { finish(PATCHBAY_FINISH_ERROR, &error); });
}

// ---- what it says ----

// As the plugin says it; what its scope forwards comes by deliver().
patchbay_status Child::on_events(std::span<const patchbay_event> events) {
    const auto guard = std::weak_ptr(token_);
    const auto status = hand_over(events);
    if (guard.expired()) return status;  // who listens has dropped it
    if (status == PATCHBAY_PAUSE) listener_pauses_ = true;
    const bool is_full =
        parent_ && std::ranges::any_of(events, is_step) && run_.room_for(*this) == PATCHBAY_PAUSE;
    return listener_pauses_ || is_full ? PATCHBAY_PAUSE : PATCHBAY_OK;
}

patchbay_status Child::hand_over(std::span<const patchbay_event> events) {
    const auto is_call = [](const auto& event) { return event.kind == PATCHBAY_EVENT_TOOL_CALL; };
    if (is_model_ && std::ranges::any_of(events, is_call)) {
        const auto named = with_call_ids(events);
        note(named);
        return deliver(named);
    }
    note(events);
    return scope_ && parent_ ? deliver_between_steps(events) : deliver(events);
}

// Whether or not it is forwarded its steps are logged: a tool call without its result would stay
// open. A listener may resume it from within what follows its PAUSE.
patchbay_status Child::deliver_between_steps(std::span<const patchbay_event> events) {
    const auto guard = std::weak_ptr(token_);
    const auto tell = [this](std::span<const patchbay_event> part) {
        if (!part.empty() && deliver(part) == PATCHBAY_PAUSE) listener_pauses_ = true;
    };
    while (!events.empty()) {
        tell(take_to_step(events));
        if (events.empty() || guard.expired()) break;  // who listens may have dropped it
        scope_->say_step(events.front());
        if (!is_forwarded()) tell(events.first(1));
        if (guard.expired()) break;
        events = events.subspan(1);
    }
    return PATCHBAY_OK;
}

std::vector<patchbay_event> Child::with_call_ids(std::span<const patchbay_event> events) {
    std::vector<patchbay_event> named(events.begin(), events.end());
    for (auto& event : named) {
        if (event.kind != PATCHBAY_EVENT_TOOL_CALL) continue;
        event.id =
            borrow(call_ids_.emplace_back(run_.call_ids().of_wish(std::string(view(event.id)))));
    }
    return named;
}

patchbay_status Child::deliver(std::span<const patchbay_event> events) {
    if ((flags_ & PATCHBAY_CHAT_COLLECT) != 0) {
        for (const auto& event : events) {
            if (event.kind == PATCHBAY_EVENT_DELTA && event.channel == PATCHBAY_CHANNEL_ANSWER)
                collect(view(event.text));
        }
    }
    if (is_forwarded()) return parent_->forward(events, *this);
    return listener_.on_events(events);
}

void Child::note(std::span<const patchbay_event> events) {
    for (const auto& event : events) {
        switch (event.kind) {
            case PATCHBAY_EVENT_DELTA:
                (event.channel == PATCHBAY_CHANNEL_ANSWER ? answer_bytes_ : reasoning_bytes_) +=
                    event.text.size;
                break;
            case PATCHBAY_EVENT_USAGE: book(usage_of(*event.usage)); break;
            case PATCHBAY_EVENT_TOOL_CALL:
                if (parent_ && tool_calls_.size() < tool_calls_limit) note_call(event);
                break;
            default: break;
        }
    }
}

void Child::note_call(const patchbay_event& event) {
    json call = {{"id", view(event.id)},
                 {"name", view(event.name)},
                 {"arguments", json::parse(view(event.text))}};
    if (event.extra_json.size > 0) call["extra"] = json::parse(view(event.extra_json));
    tool_calls_.push_back(std::move(call));
}

void Child::collect(std::string_view text) {
    const size_t room = collected_limit - text_.size();
    if (text.size() > room) {
        truncated_ = true;
        size_t end = room;
        while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
        text = text.substr(0, end);
    }
    text_ += text;
}

void Child::book(const Usage& usage) {
    is_booked_ = true;
    const auto cost = is_model_ ? cost_micros(usage, choice_.model) : std::optional<int64_t>();
    run_.ledger().set(ledger_entry_, usage, cost);
}

// What a provider has not counted.
void Child::book_estimate() {
    if (is_booked_ || !is_model_ || prompt_tokens_ == 0) return;
    const uint64_t reasoning = reasoning_bytes_ / 4;
    const uint64_t answer = answer_bytes_ == 0 ? 0 : std::max<uint64_t>(1, answer_bytes_ / 4);
    book({.prompt_tokens = prompt_tokens_,
          .completion_tokens = answer + reasoning,
          .reasoning_tokens = reasoning,
          .estimated = true});
}

bool Child::is_forwarded() const { return parent_ && (flags_ & PATCHBAY_CHAT_FORWARD) != 0; }

void Child::relieve() {
    if (answer_ && !listener_pauses_) answer_->resume();
}

void Child::resume() {
    listener_pauses_ = false;
    if (answer_ && !run_.holds(*this)) answer_->resume();
    if (scope_) scope_->resume_forwarded();
}

// ---- its span ----

void Child::begin_span(std::string_view name) {
    span_.emplace(run_.shard(), parent_ ? parent_->place().trace : run_.trace(), name);
    span_->add("run", run_.id().str());
}

void Child::end_span(uint32_t reason, const Error* error) {
    if (!span_) return;
    const bool cancelled = reason == PATCHBAY_FINISH_CANCELLED;
    const bool completed = !cancelled && reason != PATCHBAY_FINISH_ERROR;
    if (completed) span_->add("finish_reason", std::string(finish_name(reason)));
    span_->add(run_.ledger().of(ledger_entry_));
    span_->end(completed ? "completed" : cancelled ? "cancelled" : "failed", error);
    span_.reset();
}

// ---- the end ----

void Child::on_finish(uint32_t reason, const Error* error) {
    answer_ = nullptr;
    finish(reason, error);
}

void Child::finish(uint32_t reason, const Error* error) {
    book_estimate();
    const auto self = parent_ ? parent_->release(*this) : run_.release_root();
    scope_.reset();
    end_span(reason, error);
    patchbay_error view{};
    if (error) view = plugins::view_of(*error);
    const auto calls = tool_calls_.empty() ? std::string() : tool_calls_.dump();
    const patchbay_chat_end end{.reason = reason,
                                .truncated = truncated_ ? 1u : 0u,
                                .error = error ? &view : nullptr,
                                .text = borrow(text_),
                                .tool_calls_json = borrow(calls),
                                .usage = abi_usage(run_.ledger().of(ledger_entry_)),
                                .extra_json = {}};
    listener_.on_done(end);
}

// Whoever drops it may do so while it says something: it goes when those calls have returned.
void Child::drop() {
    auto self = parent_ ? parent_->release(*this) : run_.release_root();
    stop();
    run_.shard().lane().post([self = std::move(self)] {});
}

}  // namespace patchbay::engine
