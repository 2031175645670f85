#include "runtime/plugins/turn_filter.hpp"

#include "runtime/plugins/event_check.hpp"
#include "runtime/plugins/plugin_call.hpp"

#include <fmt/format.h>

namespace patchbay::plugins {
namespace {

constexpr size_t emitted_limit = 1024 * 1024;  // bytes of text in one call, as the header says

}  // namespace

TurnState::TurnState(net::Lane& lane, InstanceRef instance, std::string interaction_id)
    : instance_(std::move(instance)),
      table_(*instance_->tables().middleware),
      interaction_id_(std::move(interaction_id)),
      out_(handles().add(HandleKind::filter, this, lane, interaction_id_)) {}

TurnState::~TurnState() {
    if (plugin) {
        PluginCall frame(*instance_, "middleware.close", PluginCall::Where::lane, interaction_id_);
        frame.guarded([&] { table_.close(plugin); });
    }
    if (!out_.bits) return;
    handles().retire(out_);
    handles().free(out_);
}

patchbay_status TurnState::emit(std::span<const patchbay_event> events) {
    if (!may_emit) {
        instance_->fault("called emit() outside of on_events() and on_end()");
        return PATCHBAY_E_BAD_STATE;
    }
    size_t bytes = batch.bytes();
    for (const auto& event : events) {
        if (!is_known_kind(event.kind)) {
            instance_->fault("emitted an event of an unknown kind", FaultWeight::forgiven);
            continue;
        }
        if (const auto* const problem = problem_of(event)) {
            instance_->fault(fmt::format("emitted {}", problem));
            return PATCHBAY_E_BAD_REQUEST;
        }
        bytes += text_bytes(event);
    }
    if (bytes > emitted_limit) {
        instance_->fault("emitted more than 1 MiB in one call");
        failed = true;
        return PATCHBAY_E_LIMIT;
    }
    for (const auto& event : events) {
        if (is_known_kind(event.kind)) batch.add(event);
    }
    return PATCHBAY_OK;
}

Result<std::span<const patchbay_event>> TurnState::emitted() {
    if (!failed) return batch.events();
    return failure(ErrorCode::internal, instance_->name() + " emitted too much in one call");
}

Result<std::span<const patchbay_event>> TurnFilter::filter(std::span<const patchbay_event> events) {
    TurnState& state = *state_;
    if (!state.table().on_events || events.empty()) return events;
    state.batch.clear();
    patchbay_status status = PATCHBAY_E_INTERNAL;
    PluginCall frame(state.instance(), "middleware.on_events", PluginCall::Where::lane,
                     state.interaction_id());
    state.may_emit = true;
    const bool returned = frame.guarded([&] {
        status = state.table().on_events(state.plugin, events.data(),
                                         static_cast<uint32_t>(events.size()));
    });
    state.may_emit = false;
    if (!returned || status < 0) return std::unexpected(frame.error_of(status));
    if (status == PATCHBAY_EVENTS_TAKEN) return state.emitted();
    if (status != PATCHBAY_EVENTS_PASS) {
        state.instance().fault("on_events() returned a status that it does not have");
        return failure(ErrorCode::internal, state.instance().name() + " gave no clear answer");
    }
    if (!state.batch.events().empty())
        state.instance().fault("emitted events in an on_events() that did not take its batch");
    return events;
}

Result<std::span<const patchbay_event>> TurnFilter::end(uint32_t reason) {
    TurnState& state = *state_;
    if (!state.table().on_end) return std::span<const patchbay_event>();
    state.batch.clear();
    PluginCall frame(state.instance(), "middleware.on_end", PluginCall::Where::lane,
                     state.interaction_id());
    state.may_emit = true;
    const bool returned = frame.guarded([&] { state.table().on_end(state.plugin, reason); });
    state.may_emit = false;
    if (!returned) return std::unexpected(frame.error_of(PATCHBAY_E_INTERNAL));
    return state.emitted();
}

}  // namespace patchbay::plugins
