// The plugin's state of one turn in one middleware, and where it emits its own events.
#pragma once

#include "runtime/plugins/handles.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/middleware.hpp"

namespace patchbay::plugins {

// Shared by the question about the turn and the filter of its events: whoever goes last closes the
// plugin's state.
class TurnState {
public:
    TurnState(net::Lane& lane, InstanceRef instance, std::string interaction_id);
    ~TurnState();
    TurnState(const TurnState&) = delete;
    TurnState& operator=(const TurnState&) = delete;

    Instance& instance() const { return *instance_; }
    const patchbay_middleware_1& table() const { return table_; }
    const std::string& interaction_id() const { return interaction_id_; }
    patchbay_stream out() const { return out_; }

    // emit() of stream.h, on `out`.
    patchbay_status emit(std::span<const patchbay_event> events);

    // What was emitted since `batch` was cleared; an error when it was too much.
    Result<std::span<const patchbay_event>> emitted();

    void* plugin = nullptr;  // *state of on_request()
    bool may_emit = false;   // inside on_events() and on_end() alone
    bool failed = false;     // it has emitted too much
    EventBatch batch;

private:
    InstanceRef instance_;
    const patchbay_middleware_1& table_;
    std::string interaction_id_;
    patchbay_stream out_;
};

class TurnFilter final : public EventFilter {
public:
    explicit TurnFilter(std::shared_ptr<TurnState> state) : state_(std::move(state)) {}

    Result<std::span<const patchbay_event>> filter(std::span<const patchbay_event> events) override;
    Result<std::span<const patchbay_event>> end(uint32_t reason) override;

private:
    std::shared_ptr<TurnState> state_;
};

}  // namespace patchbay::plugins
