// What an agent or a tool asked its run for, and what has one answer: a tool's result, a person's
// decision, the history.
#pragma once

#include "runtime/plugins/attachment.hpp"
#include "runtime/plugins/owner.hpp"
#include "runtime/plugins/run_scope.hpp"

#include <utility>

namespace patchbay::plugins {

// `Value`: what the run answers with.
template <class Value>
class BoundQuery final : public Attachment {
public:
    // Calls the plugin back: with the value, or with the error.
    using Tell = std::move_only_function<void(const Result<Value>& answer)>;

    BoundQuery(Owner& owner, Kind kind, const char* slot, Tell tell)
        : Attachment(owner, kind), slot_(slot), tell_(std::move(tell)) {}
    ~BoundQuery() override {
        if (pending_) pending_->drop();
    }

    // Has a handle, so that the plugin can cancel it.
    bool name(HandleKind kind) { return take_handle(kind); }

    // Asks: `ask(done)` gives the Pending, or why it cannot be asked.
    template <class Ask>
    Result<void> start(Ask&& ask) {
        auto asked = ask([this](Result<Value> answer) {
            pending_ = nullptr;
            complete(answer);
        });
        if (!asked) return std::unexpected(asked.error());
        pending_ = *asked;
        return {};
    }

    void abort() override {
        if (!pending_) return;
        std::exchange(pending_, nullptr)->drop();
        owner().lane().post([this] { complete(failure(ErrorCode::cancelled, "cancelled")); });
    }

private:
    void complete(const Result<Value>& answer) {
        drop_handle();
        owner().call_plugin(slot_, [&] { tell_(answer); });
        owner().completed(*this);  // deletes this
    }

    const char* slot_;
    Tell tell_;
    Pending* pending_ = nullptr;  // nullptr: nothing more will come from it
};

}  // namespace patchbay::plugins
