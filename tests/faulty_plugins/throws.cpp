// Lets an exception out of open().
#include "well_behaved.h"

#include <stdexcept>

static patchbay_status open_badly(struct chat*, const patchbay_chat_request*) {
    throw std::runtime_error("boo");
}

extern const struct faults faults = {open_badly, nullptr, nullptr, nullptr, nullptr,
                                     nullptr,    nullptr, 0,       0,       0};
