// A segment: successive events of one run, as one blob. The live end of a log is made of the same
// blobs, in memory, until they are folded into the table.
#pragma once

#include "db/event_codec.hpp"

#include <patchbay/error.hpp>

#include <vector>

namespace patchbay {

class SegmentWriter {
public:
    SegmentWriter();

    // Seqs must rise; a step of more than one is what compaction leaves.
    void append(const Event& event);

    bool empty() const { return first_seq_ == 0; }
    uint64_t first_seq() const { return first_seq_; }
    uint64_t last_seq() const { return cursor_.seq; }

    // The bytes as they are, for decode_segment() in this process.
    const std::string& unsealed() const { return payload_; }

    // A copy as it goes to disk, with its checksum: others may be reading the bytes.
    std::string sealed() const;

    // The same, deflated: for what is old.
    std::string packed() const;

private:
    std::string payload_;
    EventCursor cursor_;
    uint64_t first_seq_ = 0;
};

// Appends the events of a segment to `events`. `storage` when the blob is damaged.
Result<void> read_segment(std::string_view sealed, const RunId& run, uint64_t first_seq,
                          std::vector<Event>& events);

// The same without the check, for unsealed bytes.
bool decode_segment(std::string_view unsealed, const RunId& run, uint64_t first_seq,
                    std::vector<Event>& events);

}  // namespace patchbay
