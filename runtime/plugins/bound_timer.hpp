// One timer of a plugin, bound to its stream or request.
#pragma once

#include "runtime/net/event_loop.hpp"
#include "runtime/plugins/attachment.hpp"

#include <patchbay/abi/timer.h>

namespace patchbay::plugins {

class BoundTimer final : public Attachment {
public:
    BoundTimer(Owner& owner, patchbay_posted callback, void* user);

    bool start(uint64_t delay_us);  // false: too many handles are open
    void abort() override;
    bool is_cancelled() const { return cancelled_; }

private:
    void run(patchbay_status status);

    patchbay_posted callback_;
    void* user_;
    net::TimerId id_ = 0;
    bool cancelled_ = false;
};

}  // namespace patchbay::plugins
