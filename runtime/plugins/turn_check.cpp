#include "runtime/plugins/turn_check.hpp"

#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/message_content.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_time = 5s;
constexpr size_t system_limit = 256 * 1024;
constexpr size_t answer_limit = 1024 * 1024;

patchbay_turn view_of(const TurnView& turn) {
    patchbay_turn view{};
    view.surface = borrow(turn.surface);
    view.owner = borrow(turn.owner);
    view.credential_id = borrow(turn.credential_id);
    view.interaction_id = borrow(turn.interaction_id);
    view.agent = borrow(turn.agent);
    view.model = borrow(turn.model);
    view.method = borrow(turn.method);
    view.content_json = borrow(turn.content_json);
    view.input_json = borrow(turn.input_json);
    view.options_json = borrow(turn.options_json);
    view.traceparent = borrow(turn.traceparent);
    view.role = static_cast<uint32_t>(turn.role);
    view.attempt = turn.attempt;
    return view;
}

bool is_content_or_empty(patchbay_str text) {
    return text.size == 0 || is_message_content(nlohmann::json::parse(view(text), nullptr, false));
}

bool is_valid(const patchbay_change& change, bool has_input) {
    for (const auto* text : {&change.content_json, &change.input_json, &change.options_json,
                             &change.model, &change.system, &change.answer}) {
        if (!is_text(*text)) return false;
    }
    return is_content_or_empty(change.content_json) && is_object_or_empty(change.input_json) &&
           (has_input || change.input_json.size == 0) && is_object_or_empty(change.options_json) &&
           is_object_or_empty(change.extra_json) && change.system.size <= system_limit &&
           change.answer.size <= answer_limit;
}

TurnChange copy_of(const patchbay_change& change) {
    return {.content_json = std::string(view(change.content_json)),
            .input_json = std::string(view(change.input_json)),
            .options_json = std::string(view(change.options_json)),
            .model = std::string(view(change.model)),
            .system = std::string(view(change.system)),
            .answer = std::string(view(change.answer))};
}

}  // namespace

bool is_middleware(const Instance& instance) { return instance.tables().middleware != nullptr; }

void ask_about_turn(net::Lane& lane, const InstanceRef& instance, const TurnView& turn,
                    OnTurnVerdict done) {
    if (!instance->is_alive()) {
        return done({failure(ErrorCode::unavailable, instance->name() + " was turned off"), {}});
    }
    if (!instance->tables().middleware->on_request) return done({TurnChange{}, nullptr});
    TurnCheck::ask(std::make_unique<TurnCheck>(lane, instance, turn, std::move(done)), turn);
}

TurnCheck::TurnCheck(net::Lane& lane, InstanceRef instance, const TurnView& turn,
                     OnTurnVerdict done)
    : Request(lane, instance, turn.interaction_id),
      state_(std::make_shared<TurnState>(lane, std::move(instance), turn.interaction_id)),
      done_(std::move(done)),
      has_input_(!turn.input_json.empty()) {}

void TurnCheck::ask(std::unique_ptr<TurnCheck> check, const TurnView& turn) {
    TurnCheck& self = *check;
    if (!self.handle().bits || !self.state_->out().bits) {
        self.give(failure(ErrorCode::unavailable, "too many open handles"));
        return abandon(std::move(check));
    }
    std::optional<Error> failed;
    self.asking_ = true;
    const auto status = self.call_on_request(turn, failed);
    self.asking_ = false;
    if (status < 0) {
        self.give(std::unexpected(std::move(*failed)));
        return abandon(std::move(check));
    }
    if (status != PATCHBAY_OK && status != PATCHBAY_PENDING) {
        self.instance().fault("on_request() returned a status that it does not have");
        self.give(failure(ErrorCode::internal, self.instance().name() + " gave no clear answer"));
        return abandon(std::move(check));
    }
    live_on(std::move(check));
    if (self.verdict_) return self.give(std::move(*self.verdict_));
    if (status == PATCHBAY_PENDING) return self.limit(answer_time, [&self] { self.on_late(); });
    self.end();
    self.give(TurnChange{});
}

patchbay_status TurnCheck::call_on_request(const TurnView& turn, std::optional<Error>& failed) {
    const auto view = view_of(turn);
    PluginCall frame(instance(), "middleware.on_request", PluginCall::Where::lane, run_id());
    patchbay_status status = PATCHBAY_E_INTERNAL;
    const bool returned = frame.guarded([&] {
        status = state_->table().on_request(instance().state(), &view, handle(), state_->out(),
                                            &state_->plugin);
    });
    if (!returned) status = PATCHBAY_E_INTERNAL;
    if (status < 0) {
        failed = frame.error_of(status);
        state_->plugin = nullptr;  // nothing follows a failure
    }
    return status;
}

void TurnCheck::on_late() {
    instance().fault("did not answer about a turn within 5 s");
    give(failure(ErrorCode::unavailable, instance().name() + " did not answer within 5 s"));
    cancel_plugin(PATCHBAY_REASON_DEADLINE);
}

// The events are the filter's from here on, unless the turn is refused.
void TurnCheck::give(Result<TurnChange> change) {
    if (!done_) return;
    auto done = std::exchange(done_, nullptr);
    const auto& table = state_->table();
    const bool sees_events =
        change && state_->plugin && (table.on_events != nullptr || table.on_end != nullptr);
    done({std::move(change), sees_events ? std::make_unique<TurnFilter>(state_) : nullptr});
}

patchbay_status TurnCheck::complete(const patchbay_verdict* verdict) {
    if (stage() == Stage::over) {
        instance().fault("called complete() twice");
        return PATCHBAY_E_BAD_STATE;
    }
    patchbay_status status = PATCHBAY_OK;
    const bool one =
        verdict && !verdict->allow && (verdict->change != nullptr) != (verdict->deny != nullptr);
    if (one && verdict->deny) {
        verdict_ = std::unexpected(plugins::copy_of(*verdict->deny));
    } else if (one && is_valid(*verdict->change, has_input_)) {
        verdict_ = copy_of(*verdict->change);
    } else {
        status = PATCHBAY_E_BAD_REQUEST;
        instance().fault("gave an invalid verdict");
        verdict_ = failure(ErrorCode::internal, instance().name() + " gave an invalid verdict");
    }
    end();
    if (!asking_) later([this] { give(std::move(*verdict_)); });
    return status;
}

void TurnCheck::on_broken(Error error) {
    give(std::unexpected(std::move(error)));
    cancel_plugin(PATCHBAY_REASON_OVERRUN);
}

void TurnCheck::call_cancel(patchbay_reason reason) {
    auto* const cancel = state_->table().cancel;
    if (cancel && state_->plugin)
        call_plugin("middleware.cancel", [&] { cancel(state_->plugin, reason); });
}

}  // namespace patchbay::plugins
