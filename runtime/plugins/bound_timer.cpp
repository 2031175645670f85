#include "runtime/plugins/bound_timer.hpp"

#include "runtime/plugins/owner.hpp"

#include <utility>

namespace patchbay::plugins {

BoundTimer::BoundTimer(Owner& owner, patchbay_posted callback, void* user)
    : Attachment(owner, Kind::timer), callback_(callback), user_(user) {}

bool BoundTimer::start(uint64_t delay_us) {
    if (!take_handle(HandleKind::timer)) return false;
    id_ = owner().lane().loop().after(std::chrono::microseconds(delay_us),
                                      [this] { run(PATCHBAY_OK); });
    return true;
}

void BoundTimer::abort() {
    if (std::exchange(cancelled_, true)) return;
    owner().lane().loop().cancel(id_);
    owner().lane().post([this] { run(PATCHBAY_E_CANCELLED); });
}

void BoundTimer::run(patchbay_status status) {
    cancelled_ = true;  // over: a cancel() from the callback finds nothing
    drop_handle();
    owner().call_plugin("timer", [&] { callback_(user_, status); });
    owner().completed(*this);  // deletes this
}

}  // namespace patchbay::plugins
