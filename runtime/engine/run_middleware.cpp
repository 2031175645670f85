// Run: what middleware makes of it.
#include "runtime/engine/answer_words.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/middleware.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/recovery.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/shard.hpp"

namespace patchbay::engine {
namespace {

constexpr size_t answer_piece = 4096;  // bytes of one delta

Error has_ended() {
    return {.code = ErrorCode::conflict, .message = "This run has ended.", .user_safe = true};
}

}  // namespace

// What it was to take out is not shown. Not at once: a plugin's call is on the stack.
void Run::on_spoilt(Error error) {
    spoilt_ = true;
    shard().lane().post([this, guard = std::weak_ptr(token_), error = std::move(error)] {
        if (const auto alive = guard.lock()) fail(error);
    });
}

Result<void> Run::end_middleware(uint32_t reason) {
    const auto chain = std::exchange(middleware_, nullptr);
    if (!chain || !chain->sees_events()) return {};
    plugins::EventBatch held;
    auto ended = chain->end(reason, held);
    if (ended && !held.events().empty()) (void)add_events(held.events());
    return ended;
}

// Its answer is the whole one.
void Run::give_answer() {
    patchbay_event event{};
    event.kind = PATCHBAY_EVENT_DELTA;
    std::string_view left = request_.answer;
    while (!left.empty() && state_ == State::running) {
        size_t end = std::min(left.size(), answer_piece);
        while (end < left.size() && (static_cast<uint8_t>(left[end]) & 0xC0) == 0x80) --end;
        event.text = {left.data(), end};
        (void)on_events({&event, 1});
        left.remove_prefix(end);
    }
    if (state_ != State::running || spoilt_) return;
    if (auto ended = end_middleware(PATCHBAY_FINISH_STOP); !ended) return fail(ended.error());
    complete(PATCHBAY_FINISH_STOP);
}

Result<void> Run::admit_child_of(const std::string& agent, const ModelChoice& model) const {
    const auto provider_of = [](const ModelChoice& choice) {
        return choice.provider ? name_of(*choice.provider) : std::string();
    };
    const auto offers = shard().offers();
    const auto names = offers->middleware.passed_by({record_.agent, provider_of(choice_.model)},
                                                    {agent, provider_of(model)}, request_.surface);
    for (const auto& name : names) {
        if (middleware_ && middleware_->has_asked(name)) continue;
        return failure(ErrorCode::forbidden,
                       "The middleware '" + name + "' stands before the agent '" + agent +
                           "' with this model, and the turn that asks has not passed it.");
    }
    return {};
}

Result<std::vector<plugins::InstanceRef>> Run::middleware_of_turn() const {
    const auto provider = choice_.model.provider ? name_of(*choice_.model.provider) : "";
    return shard().offers()->middleware.select(record_.agent, provider, request_.surface);
}

plugins::TurnView Run::turn_view() const {
    return {.surface = request_.surface,
            .owner = interaction_.record().owner,
            .credential_id = request_.credential_id,
            .interaction_id = interaction_.id().str(),
            .agent = record_.agent,
            .model = request_.model,
            .method = request_.method,
            .content_json = content_json_,
            .input_json = request_.input_json,
            .options_json = request_.options_json,
            .traceparent = observe::traceparent_of(trace_),
            .role = request_.role,
            .attempt = record_.attempt};
}

// After a crash: what it kept of this turn is gone, and it is asked to begin anew.
void Run::ask_middleware_again() {
    auto seen_by = middleware_of_turn();
    if (!seen_by) return fail(seen_by.error());
    if (seen_by->empty()) return open_agent();
    MiddlewareChain::ask(shard().lane(), MiddlewareChain::of(turn_view()), std::move(*seen_by),
                         [this, guard = std::weak_ptr(token_)](auto chain) {
                             const auto alive = guard.lock();
                             if (!alive || state_ != State::running) return;
                             if (!chain) return fail(chain.error());
                             middleware_ = std::move(*chain);
                             open_agent();
                         });
}

// ---- what people answer ----

void Run::answer(std::string request_id, plugins::Decision decision, OnAnswerTaken done) {
    if (auto takes = takes_answers(); !takes) return done(std::move(takes));
    if (words_of(decision).empty())
        return take_answer(request_id, std::move(decision), std::move(done));
    auto seen_by = middleware_of_turn();
    if (!seen_by) return done(std::unexpected(seen_by.error()));
    if (seen_by->empty()) return take_answer(request_id, std::move(decision), std::move(done));
    ask_about_answer(std::move(*seen_by), std::move(request_id), std::move(decision),
                     std::move(done));
}

// As a turn of its own, and always a first one: it is the first time that these words are seen.
void Run::ask_about_answer(std::vector<plugins::InstanceRef> instances, std::string request_id,
                           plugins::Decision decision, OnAnswerTaken done) {
    auto turn = turn_view();
    turn.method = answer_method;
    turn.input_json = words_of(decision);
    turn.content_json = content_of_input(turn.input_json);
    turn.attempt = 1;
    MiddlewareChain::ask(
        shard().lane(), MiddlewareChain::of(std::move(turn)), std::move(instances),
        [this, guard = std::weak_ptr(token_), request_id = std::move(request_id),
         decision = std::move(decision), done = std::move(done)](auto chain) mutable {
            const auto alive = guard.lock();
            if (!alive) return done(std::unexpected(has_ended()));
            if (!chain) return done(std::unexpected(chain.error()));
            auto left = with_words(std::move(decision), (*chain)->turn().input_json);
            if (!left) return done(std::unexpected(left.error()));
            take_answer(request_id, std::move(*left), std::move(done));
        });
}

}  // namespace patchbay::engine
