#include "db/segment.hpp"

#include "db/payload.hpp"

namespace patchbay {

SegmentWriter::SegmentWriter() { begin_payload(payload_); }

void SegmentWriter::append(const Event& event) {
    if (empty()) {
        first_seq_ = event.seq;
        cursor_.seq = event.seq - 1;  // the row's first_seq column tells the reader
    }
    encode_event(payload_, cursor_, event);
}

std::string SegmentWriter::sealed() const {
    std::string payload = payload_;
    seal_payload(payload);
    return payload;
}

std::string SegmentWriter::packed() const {
    std::string payload = payload_;
    pack_payload(payload);
    seal_payload(payload);
    return payload;
}

namespace {

bool decode_events(std::string_view content, const RunId& run, uint64_t first_seq,
                   std::vector<Event>& events) {
    ByteReader in(content);
    EventCursor cursor{.seq = first_seq - 1};
    while (!in.at_end()) {
        Event event;
        event.run = run;
        if (!decode_event(in, cursor, event)) return false;
        events.push_back(std::move(event));
    }
    return in.ok();
}

}  // namespace

bool decode_segment(std::string_view unsealed, const RunId& run, uint64_t first_seq,
                    std::vector<Event>& events) {
    return decode_events(payload_content(unsealed), run, first_seq, events);
}

Result<void> read_segment(std::string_view sealed, const RunId& run, uint64_t first_seq,
                          std::vector<Event>& events) {
    std::string unpacked;
    const auto content = open_packable(sealed, unpacked);
    if (!content || !decode_events(*content, run, first_seq, events)) {
        return failure(ErrorCode::storage, "the segment of run " + run.str() + " from seq " +
                                               std::to_string(first_seq) +
                                               " is damaged: restore a backup");
    }
    return {};
}

}  // namespace patchbay
