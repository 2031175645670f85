// Events as bytes, in journal rows and in segments: what is as in the event before costs nothing,
// so that a token's overhead is three bytes.
#pragma once

#include "db/event.hpp"
#include "db/varint.hpp"

namespace patchbay {

// What the next event is compared with. Both sides start from the same.
struct EventCursor {
    uint64_t seq = 0;
    int64_t created_at_ms = 0;
    uint32_t attempt = 1;
    Channel channel = Channel::answer;
};

void encode_event(std::string& out, EventCursor& cursor, const Event& event);

// Fills all but `run`. False when the bytes are no event.
bool decode_event(ByteReader& in, EventCursor& cursor, Event& event);

}  // namespace patchbay
