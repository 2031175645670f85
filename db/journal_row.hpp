// A journal row: the events of all batches of one commit, as one blob.
#pragma once

#include "db/event_codec.hpp"

#include <patchbay/error.hpp>

#include <span>
#include <vector>

namespace patchbay {

class JournalRowWriter {
public:
    JournalRowWriter() { clear(); }

    void clear();
    bool empty() const { return blocks_ == 0; }
    size_t size() const { return payload_.size(); }

    // Adds the events of one batch; they have their seqs, without a hole.
    void append(const InteractionId& interaction, const RunId& run, std::span<const Event> events);

    std::string_view sealed();  // borrowed until the next append or clear

private:
    std::string payload_;
    int64_t last_ms_ = 0;
    size_t blocks_ = 0;
};

// The events of one batch, read back.
struct JournalBlock {
    InteractionId interaction;
    RunId run;
    std::vector<Event> events;
};

// Takes a row apart, block by block; the payload is borrowed. `row` is its id, for the message.
class JournalRowReader {
public:
    // `storage` when the row is torn or damaged.
    static Result<JournalRowReader> open(std::string_view payload, int64_t row);

    // False at the end. The block's storage is used again.
    Result<bool> next(JournalBlock& block);

private:
    JournalRowReader(std::string_view content, int64_t row) : in_(content), row_(row) {}

    ByteReader in_;
    int64_t row_;
    int64_t last_ms_ = 0;
};

}  // namespace patchbay
