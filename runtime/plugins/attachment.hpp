// What hangs on an owner and owes the plugin one completion: a timer, an HTTP call, a child, …
//
// Ownership  the owner's, from Owner::attach() until it says Owner::completed().
// Threads    [lane].
#pragma once

#include "runtime/plugins/handles.hpp"

#include <cstddef>
#include <cstdint>

namespace patchbay::plugins {

class Owner;

class Attachment {
public:
    enum class Kind : uint8_t { timer, http_call, child, tool_call, question, read, store, job };
    static constexpr size_t kinds = 8;

    Attachment(Owner& owner, Kind kind) : owner_(owner), kind_(kind) {}
    virtual ~Attachment() { drop_handle(); }
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    Kind kind() const { return kind_; }
    Owner& owner() const { return owner_; }
    patchbay_handle handle() const { return handle_; }

    // Ends it: its completion follows on a later turn. Idempotent.
    virtual void abort() = 0;

    // The owner's reader is behind, and has caught up.
    virtual void pause() {}
    virtual void resume() {}

protected:
    bool take_handle(HandleKind kind);  // false: too many are open
    void drop_handle();                 // it is over: calls that name it are stale from here on

private:
    Owner& owner_;
    Kind kind_;
    patchbay_handle handle_{};
};

}  // namespace patchbay::plugins
