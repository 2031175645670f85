// The border that no exception crosses: every function that the host calls runs in guarded().
#pragma once

#include <exception>
#include <string_view>
#include <utility>

namespace patchbay {

// Returns what `body()` returns or, when it throws, what `rescue(reason)` returns. `rescue` must
// not throw, so it must not allocate; the reason is borrowed.
template <class Body, class Rescue>
auto guarded(Body&& body, Rescue&& rescue) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const std::exception& thrown) {
        return rescue(std::string_view(thrown.what()));
    } catch (...) {
        return rescue(std::string_view("an exception of an unknown type"));
    }
}

}  // namespace patchbay
