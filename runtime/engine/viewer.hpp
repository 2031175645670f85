// One client that watches an interaction: its cursor, its dialect and its stream.
//
// A viewer shows the events after its cursor, in order: from the interaction's live window while it
// keeps up, from the store when it lags. There is one road for replay and live, so that there is no
// seam between them.
#pragma once

#include "db/store.hpp"
#include "runtime/engine/dialect.hpp"
#include "runtime/net/event_stream.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

class Interaction;

struct ViewerSpec {
    std::unique_ptr<net::EventStream> stream;  // its head is sent
    std::unique_ptr<Dialect> dialect;
    uint64_t after = 0;                // the cursor: the first event shown is after + 1
    std::optional<RunId> only;         // limited to this run
    uint64_t end_seq = 0;              // the run's last event, when it has ended; else 0
    bool follow = false;               // stays when nothing is active
    std::vector<SeqRange> superseded;  // of that run, so far
};

class Viewer final : private net::EventStreamListener {
public:
    Viewer(uint64_t id, Interaction& interaction, ViewerSpec spec);

    uint64_t id() const { return id_; }
    bool shows(const RunId& run) const { return !only_ || *only_ == run; }
    bool full() const { return stream_ && stream_->full(); }
    bool follows() const { return follow_; }
    bool ended() const { return ended_; }
    uint64_t cursor() const { return cursor_; }

    // Shows what there is, as far as the stream has room. [lane]
    void pump();

    // A page that was read from the store for it. [lane]
    void on_page(Result<EventPage> page);

    // Ends the stream with the dialect's error, or without a word (nullptr).
    void end_with(const Error* error);

private:
    void show_committed();
    void on_gone() override;
    void on_drained() override;

    bool take(const Event& event);  // true when it was the stream's last one
    bool was_superseded(uint64_t seq) const;
    bool knows_of_superseding() const;
    bool take_superseding(const Event& event);
    void finish();
    bool nothing_more() const;

    uint64_t id_;
    Interaction& interaction_;
    std::unique_ptr<net::EventStream> stream_;
    std::unique_ptr<Dialect> dialect_;
    uint64_t cursor_;
    const uint64_t start_;
    std::optional<RunId> only_;
    uint64_t end_seq_;
    bool follow_;
    std::vector<SeqRange> superseded_;
    bool reading_ = false;  // a page is on its way
    bool shown_text_ = false;
    bool text_is_stale_ = false;  // the reader shows text of an attempt that was superseded
    bool ended_ = false;
    std::string encoded_;  // reused for each event
};

}  // namespace patchbay::engine
