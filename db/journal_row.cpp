#include "db/journal_row.hpp"

#include "db/payload.hpp"

namespace patchbay {
namespace {

void put_id(std::string& out, const IdBytes& id) {
    out.append(reinterpret_cast<const char*>(id.data()), id.size());
}

IdBytes take_id(ByteReader& in) {
    IdBytes id{};
    const auto bytes = in.bytes(id.size());
    if (!bytes.empty()) std::memcpy(id.data(), bytes.data(), id.size());
    return id;
}

std::unexpected<Error> damaged(int64_t row) {
    return failure(ErrorCode::storage,
                   "row " + std::to_string(row) + " of the journal is damaged: restore a backup");
}

}  // namespace

void JournalRowWriter::clear() {
    begin_payload(payload_);
    last_ms_ = 0;
    blocks_ = 0;
}

void JournalRowWriter::append(const InteractionId& interaction, const RunId& run,
                              std::span<const Event> events) {
    put_id(payload_, interaction.bytes());
    put_id(payload_, run.bytes());
    put_varint(payload_, events.front().seq);
    put_varint(payload_, events.size());
    EventCursor cursor{.seq = events.front().seq - 1, .created_at_ms = last_ms_};
    for (const Event& event : events) encode_event(payload_, cursor, event);
    last_ms_ = cursor.created_at_ms;
    ++blocks_;
}

std::string_view JournalRowWriter::sealed() {
    seal_payload(payload_);
    return payload_;
}

Result<JournalRowReader> JournalRowReader::open(std::string_view payload, int64_t row) {
    const auto content = open_payload(payload);
    if (!content) return damaged(row);
    return JournalRowReader(*content, row);
}

Result<bool> JournalRowReader::next(JournalBlock& block) {
    if (in_.at_end()) return false;
    block.interaction = InteractionId(take_id(in_));
    block.run = RunId(take_id(in_));
    EventCursor cursor{.seq = in_.varint() - 1, .created_at_ms = last_ms_};
    const uint64_t count = in_.varint();
    block.events.clear();
    for (uint64_t i = 0; i < count; ++i) {
        Event event;
        event.run = block.run;
        if (!decode_event(in_, cursor, event)) return damaged(row_);
        block.events.push_back(std::move(event));
    }
    if (!in_.ok()) return damaged(row_);
    last_ms_ = cursor.created_at_ms;
    return true;
}

}  // namespace patchbay
