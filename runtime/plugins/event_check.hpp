// Which events of a plugin are valid.
#pragma once

#include <patchbay/abi/stream.h>

#include <cstdint>

namespace patchbay::plugins {

bool is_known_kind(uint32_t kind);

// What is wrong with an event of a known kind: a sentence for the log, or nullptr. Costs a scan
// of the text; JSON is parsed only for the kinds that bear it.
const char* problem_of(const patchbay_event& event);

// The bytes of the event's texts together.
uint64_t text_bytes(const patchbay_event& event);

}  // namespace patchbay::plugins
