#include "db/event_codec.hpp"

namespace patchbay {
namespace {

// An event: a tag; if it is not `plain`, the step of seq, the attempt and the channel; the step of
// time; the body's length and bytes; if it has one, the extra's length and bytes.
constexpr uint8_t kind_mask = 0x1f;
constexpr uint8_t plain = 0x20;  // the next seq, same attempt, same channel
constexpr uint8_t with_extra = 0x40;

void put_text(std::string& out, std::string_view text) {
    put_varint(out, text.size());
    out += text;
}

}  // namespace

void encode_event(std::string& out, EventCursor& cursor, const Event& event) {
    const bool is_plain = event.seq == cursor.seq + 1 && event.attempt == cursor.attempt &&
                          event.channel == cursor.channel;
    const auto kind = static_cast<uint8_t>(static_cast<uint8_t>(event.kind) & kind_mask);
    const bool has_extra = !event.extra.empty();
    out += static_cast<char>(kind | (is_plain ? plain : 0) | (has_extra ? with_extra : 0));
    if (!is_plain) {
        put_varint(out, event.seq - cursor.seq);
        put_varint(out, event.attempt);
        put_varint(out, static_cast<uint64_t>(event.channel));
    }
    put_signed_varint(out, event.created_at_ms - cursor.created_at_ms);
    put_text(out, event.body);
    if (has_extra) put_text(out, event.extra);
    cursor = {event.seq, event.created_at_ms, event.attempt, event.channel};
}

bool decode_event(ByteReader& in, EventCursor& cursor, Event& event) {
    const uint8_t tag = in.byte();
    cursor.seq += 1;
    if (!(tag & plain)) {
        cursor.seq += in.varint() - 1;
        cursor.attempt = static_cast<uint32_t>(in.varint());
        cursor.channel = static_cast<Channel>(in.varint());
    }
    // Unsigned: a damaged row may hold anything, and the sum is never undefined.
    cursor.created_at_ms = static_cast<int64_t>(static_cast<uint64_t>(cursor.created_at_ms) +
                                                static_cast<uint64_t>(in.signed_varint()));
    event.seq = cursor.seq;
    event.created_at_ms = cursor.created_at_ms;
    event.attempt = cursor.attempt;
    event.kind = static_cast<EventKind>(tag & kind_mask);
    event.channel = cursor.channel;
    event.body = in.bytes(in.varint());
    if (tag & with_extra) {
        event.extra = in.bytes(in.varint());
    } else {
        event.extra.clear();
    }
    return in.ok();
}

}  // namespace patchbay
