// The time that rows bear: milliseconds since the epoch, UTC.
#pragma once

#include <chrono>
#include <cstdint>

namespace patchbay {

inline int64_t unix_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace patchbay
