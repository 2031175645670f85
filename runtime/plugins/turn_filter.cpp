#include "runtime/plugins/turn_filter.hpp"

#include "runtime/plugins/event_check.hpp"
#include "runtime/plugins/plugin_call.hpp"

#include <fmt/format.h>

namespace patchbay::plugins {
namespace {

constexpr size_t emitted_limit = 256 * 1024;  // bytes of text in one call

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
    for (const auto& event : events) {
        if (!is_known_kind(event.kind)) continue;
        if (const auto* const problem = problem_of(event)) {
            instance_->fault(fmt::format("emitted {}", problem));
            return PATCHBAY_E_BAD_REQUEST;
        }
    }
    for (const auto& event : events) {
        if (is_known_kind(event.kind)) batch.add(event);
    }
    if (batch.bytes() <= emitted_limit) return PATCHBAY_OK;
    instance_->fault("emitted more than 256 KiB in one call");
    return PATCHBAY_E_LIMIT;
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
    if (status == PATCHBAY_EVENTS_TAKEN) return state.batch.events();
    if (!state.batch.events().empty())
        state.instance().fault("emitted events in an on_events() that did not take its batch");
    return events;
}

std::span<const patchbay_event> TurnFilter::end(uint32_t reason) {
    TurnState& state = *state_;
    if (!state.table().on_end) return {};
    state.batch.clear();
    PluginCall frame(state.instance(), "middleware.on_end", PluginCall::Where::lane,
                     state.interaction_id());
    state.may_emit = true;
    frame.guarded([&] { state.table().on_end(state.plugin, reason); });
    state.may_emit = false;
    return state.batch.events();
}

}  // namespace patchbay::plugins
