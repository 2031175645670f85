// What was said before in this interaction.
//
// Threads    [lane].
// Ending     a read that started is heard exactly once; cancelled with its owner.
// Errors     stale, cancelled, limit (4 reads of one owner at a time), wrong_thread, unsupported;
//            storage when it could not be read.
#pragma once

#include <patchbay/completion.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace patchbay {
namespace detail {

// What is delivered where the host's callback has a text and an error.
inline void text_done(void* user, patchbay_str text, const patchbay_error* error) noexcept {
    Completion<std::string>::deliver(user, [&]() -> Result<std::string> {
        if (error) return std::unexpected(error_of(*error));
        return std::string(text_of(text));
    });
}

}  // namespace detail

// Reads the messages, a JSON array as in abi/provider.h, oldest first; the last one is the user's
// of this turn, followed by what this run has done already, after a crash. The oldest turns are
// left out until `max_tokens` (estimated) hold the rest; 0 = what the run's own model takes.
[[nodiscard]] inline Result<void> read_history(const Owner& owner, uint32_t max_tokens,
                                               Done<std::string> done) {
    const auto* table = owner.host().interfaces().history;
    if (!table) return detail::no_interface("history");
    return detail::start_completion<std::string>(
        owner, std::move(done), "a read of the history", [&](void* user) {
            return table->read(owner.host().raw(), owner.handle(), max_tokens, &detail::text_done,
                               user);
        });
}

}  // namespace patchbay
