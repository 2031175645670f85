// Structures of the ABI as they are lent to a plugin for one call: each text in memory of its own.
#pragma once

#include "runtime/validate/lent_pages.hpp"

#include <patchbay/abi/auth.h>
#include <patchbay/abi/stream.h>

#include <cstdint>

namespace patchbay::validate {

const patchbay_header* lend_headers(LentMemory& lent, const patchbay_header* headers,
                                    uint32_t count);

// nullptr for nullptr.
const patchbay_error* lend_error(LentMemory& lent, const patchbay_error* error);

const patchbay_event* lend_events(LentMemory& lent, const patchbay_event* events, uint32_t count);

}  // namespace patchbay::validate
