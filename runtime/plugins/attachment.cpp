#include "runtime/plugins/attachment.hpp"

#include "runtime/plugins/owner.hpp"

#include <utility>

namespace patchbay::plugins {

bool Attachment::take_handle(HandleKind kind) {
    handle_ = handles().add(kind, this, owner_.lane(), owner_.run_id(), &owner_.instance());
    return handle_.bits != 0;
}

void Attachment::drop_handle() {
    auto handle = std::exchange(handle_, {});
    if (!handle.bits) return;
    handles().retire(handle);  // nobody pins what hangs on an owner
    handles().free(handle);
}

}  // namespace patchbay::plugins
