// The conversation as a provider gets it.
#pragma once

#include "db/store.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace patchbay::engine {

// The messages of a chat request, as abi/provider.h describes them: `history` (oldest first; whole
// turns before this one), then the user's new message. Whole turns are left out, the oldest first,
// until the estimate fits `window_tokens`; this turn's own message always stays. Neighbours of one
// role become one message, empty ones go, the results of tool calls stand right behind them, and a
// call without a result gets an error result: strict providers accept what comes out. `done_json`:
// the parts of the answer as far as there is one (Transcript::content_json).
std::string build_messages(const std::vector<MessageRecord>& history,
                           const std::string& user_content_json, uint64_t window_tokens,
                           const std::string& done_json = "[]");

// The same with the history read from the store: the turns before `turn`, as many as may fit.
// [worker]
Result<std::string> messages_for(Store& store, const InteractionId& interaction, uint32_t turn,
                                 const std::string& user_content_json, uint64_t window_tokens,
                                 const std::string& done_json = "[]");

}  // namespace patchbay::engine
