#include "db/event_log.hpp"

#include "db/journal_scan.hpp"

#include <algorithm>

namespace patchbay {
namespace {

// Takes events in the order of seq until the page is full.
class PageBuilder {
public:
    PageBuilder(const EventQuery& query, uint64_t compacted_to) : query_(query) {
        page_.read_to = query.after;
        page_.compacted_to = compacted_to;
    }

    bool full() const { return full_; }
    bool wants(const RunId& run) const { return !query_.run || *query_.run == run; }
    uint64_t read_to() const { return page_.read_to; }
    EventPage take() { return std::move(page_); }

    // Everything up to `seq` was looked at.
    void looked_at(uint64_t seq) {
        if (!full_) page_.read_to = std::max(page_.read_to, seq);
    }

    void add(std::vector<Event>&& events) {
        for (Event& event : events) {
            if (full_) return;
            if (event.seq <= page_.read_to) continue;  // before `after`, or in a segment already
            const size_t size = event.body.size() + event.extra.size();
            if (!page_.events.empty() &&
                (page_.events.size() >= query_.max_events || bytes_ + size > query_.max_bytes)) {
                full_ = true;
                return;
            }
            bytes_ += size;
            page_.read_to = event.seq;
            page_.events.push_back(std::move(event));
        }
    }

private:
    const EventQuery& query_;
    EventPage page_;
    size_t bytes_ = 0;
    bool full_ = false;
};

Result<uint64_t> compacted_to_of(Database& database, const InteractionId& id) {
    auto query = database.query("SELECT compacted_to FROM interactions WHERE id=?1", id);
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return failure(ErrorCode::not_found, "no interaction " + id.str());
    return query->count(0);
}

Result<void> add_segments(Database& database, const EventQuery& query, PageBuilder& page) {
    auto segments = database.query(
        "SELECT first_seq, last_seq, run_id, payload FROM segments"
        " WHERE interaction_id=?1 AND last_seq>?2 ORDER BY last_seq",
        query.interaction, query.after);
    if (!segments) return std::unexpected(segments.error());
    while (!page.full()) {
        const auto row = segments->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        const auto run = segments->id<RunId>(2);
        if (page.wants(run)) {
            std::vector<Event> events;
            auto read = read_segment(segments->blob(3), run, segments->count(0), events);
            if (!read) return read;
            page.add(std::move(events));
        }
        page.looked_at(segments->count(1));
    }
    return {};
}

Result<void> add_live(const LiveView& live, PageBuilder& page) {
    for (const LiveView::Part& part : live.parts) {
        if (part.last_seq <= page.read_to()) continue;
        if (page.wants(part.run)) {
            std::vector<Event> events;
            if (!decode_segment(part.unsealed, part.run, part.first_seq, events)) {
                return failure(ErrorCode::internal, "a live log cannot be read");
            }
            page.add(std::move(events));
        }
        page.looked_at(part.last_seq);
    }
    return {};
}

// What the journal holds of one interaction.
Result<LiveView> live_view_of(Database& database, const InteractionId& id) {
    LiveView view;
    const auto take = [&](int64_t, const JournalBlock& block) -> Result<void> {
        if (block.interaction != id || block.events.empty()) return {};
        SegmentWriter segment;
        for (const Event& event : block.events) segment.append(event);
        view.parts.push_back(
            {block.run, segment.first_seq(), segment.last_seq(), segment.unsealed()});
        return {};
    };
    if (auto scanned = scan_journal(database, take); !scanned) {
        return std::unexpected(scanned.error());
    }
    return view;
}

Result<EventPage> build_page(Database& database, const EventQuery& query, const LiveView* live) {
    const auto compacted_to = compacted_to_of(database, query.interaction);
    if (!compacted_to) return std::unexpected(compacted_to.error());
    PageBuilder page(query, *compacted_to);
    if (auto added = add_segments(database, query, page); !added) {
        return std::unexpected(added.error());
    }
    if (live && !page.full()) {
        if (auto added = add_live(*live, page); !added) return std::unexpected(added.error());
    }
    return page.take();
}

}  // namespace

Result<EventPage> read_events(Database& database, const EventQuery& query,
                              const std::optional<LiveView>& live) {
    const auto snapshot = Transaction::begin_read(database);
    if (!snapshot) return std::unexpected(snapshot.error());
    return build_page(database, query, live ? &*live : nullptr);
}

Result<EventPage> read_events_from_journal(Database& database, const EventQuery& query) {
    const auto snapshot = Transaction::begin_read(database);
    if (!snapshot) return std::unexpected(snapshot.error());
    const auto live = live_view_of(database, query.interaction);
    if (!live) return std::unexpected(live.error());
    return build_page(database, query, &*live);
}

}  // namespace patchbay
