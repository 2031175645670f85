// A child of an agent or a tool: a model or another agent that it asked, bound to its stream.
#pragma once

#include "runtime/plugins/attachment.hpp"
#include "runtime/plugins/event_batch.hpp"
#include "runtime/plugins/run_scope.hpp"

namespace patchbay::plugins {

class BoundChild final : public Attachment, private ChildListener {
public:
    BoundChild(Owner& owner, const patchbay_chat_handler& handler, void* user);
    ~BoundChild() override;

    // OK, or why not: then done() does not follow.
    patchbay_status start(const patchbay_chat_start& request);

    void abort() override;  // done(CANCELLED) follows on a later turn
    void go_on();           // after events() returned PAUSE

private:
    patchbay_status on_events(std::span<const patchbay_event> events) override;
    void on_done(const patchbay_chat_end& end) override;
    patchbay_status tell(std::span<const patchbay_event> events);
    void tell_waiting();

    const patchbay_chat_handler& handler_;
    void* user_;
    Pending* pending_ = nullptr;  // nullptr: nothing more will come from it
    EventBatch waiting_;          // for a later turn
};

}  // namespace patchbay::plugins
