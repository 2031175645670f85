#include "runtime/engine/viewer.hpp"

#include "runtime/engine/interaction.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::engine {

Viewer::Viewer(uint64_t id, Interaction& interaction, ViewerSpec spec)
    : id_(id),
      interaction_(interaction),
      stream_(std::move(spec.stream)),
      dialect_(std::move(spec.dialect)),
      cursor_(spec.after),
      start_(spec.after),
      only_(spec.only),
      end_seq_(spec.end_seq),
      follow_(spec.follow),
      superseded_(std::move(spec.superseded)) {
    stream_->listen(this);
    text_is_stale_ = knows_of_superseding();
}

void Viewer::pump() {
    if (ended_) return;
    show_committed();
    if (full()) interaction_.note_full_viewer();
}

void Viewer::show_committed() {
    if (reading_) return;
    while (!stream_->full() && cursor_ < interaction_.last_seq()) {
        const Event* event = interaction_.window().find(cursor_ + 1);
        if (event == nullptr) {
            reading_ = true;
            interaction_.read_page_for(*this, cursor_, only_);
            break;
        }
        if (take(*event)) return finish();
    }
    stream_->flush();
    if (!reading_ && nothing_more()) finish();
}

void Viewer::on_page(Result<EventPage> page) {
    reading_ = false;
    if (ended_) return;
    if (!page) return end_with(&page.error());
    // Events were compacted away while it lagged. A reader that could show the gap is cut off: it
    // comes back with its cursor, and gets a resync.
    const bool gap = page->compacted_to > cursor_ && dialect_->can_replace();
    interaction_.note_compaction(page->compacted_to);
    if (gap) return end_with(nullptr);
    for (const auto& event : page->events) {
        if (take(event)) return finish();
    }
    cursor_ = std::max(cursor_, page->read_to);
    pump();
}

bool Viewer::take(const Event& event) {
    cursor_ = event.seq;
    if (!shows(event.run)) return false;
    if (!dialect_->can_replace()) {
        if (event.kind == EventKind::attempt_superseded) return take_superseding(event);
        if (was_superseded(event.seq)) return false;
        if (text_is_stale_ && event.kind == EventKind::delta) return false;
    }
    shown_text_ = shown_text_ || event.kind == EventKind::delta;
    encoded_.clear();
    const bool last = dialect_->encode(event, encoded_);
    if (!encoded_.empty()) stream_->add(encoded_);
    return last || (only_ && ends_run(event.kind));
}

bool Viewer::was_superseded(uint64_t seq) const {
    for (const auto& [from, to] : superseded_) {
        if (seq >= from && seq <= to) return true;
    }
    return false;
}

// Whether its cursor is the id of the error that take_superseding() has ended a stream with: a seq
// that no other event shown by such a dialect has.
bool Viewer::knows_of_superseding() const {
    return std::ranges::any_of(superseded_,
                               [&](const SeqRange& range) { return start_ == range.second + 1; });
}

// Text that this reader has shown is replaced, and it cannot take it back: its stream ends here.
// When it comes back it gets no text, but the answer's end, which has the whole of it.
bool Viewer::take_superseding(const Event& event) {
    if (text_is_stale_) return false;
    const auto payload = nlohmann::json::parse(event.body, nullptr, false);
    const uint64_t from = payload.is_object() ? payload.value("from_seq", uint64_t{0}) : 0;
    const bool known = was_superseded(from) && start_ < from;  // skipped, so nothing was shown
    if (known || (!shown_text_ && start_ < from)) return false;
    encoded_.clear();
    const uint64_t to = payload.is_object() ? payload.value("to_seq", event.seq) : event.seq;
    dialect_->encode_error({.code = ErrorCode::unavailable,
                            .message = "The answer was started again; ask for it anew.",
                            .retryable = true,
                            .user_safe = true},
                           StreamPlace{event.run, to + 1}, encoded_);
    stream_->add(encoded_);
    return true;
}

bool Viewer::nothing_more() const {
    if (end_seq_ != 0) return cursor_ >= end_seq_;
    if (only_ || follow_) return false;
    return cursor_ >= interaction_.last_seq() && !interaction_.has_open_runs();
}

void Viewer::finish() {
    if (ended_) return;
    ended_ = true;
    stream_->listen(nullptr);
    net::EventStream::finish(std::move(stream_));
    interaction_.viewer_ended(*this, false);
}

void Viewer::end_with(const Error* error) {
    if (ended_) return;
    ended_ = true;
    stream_->listen(nullptr);
    if (error != nullptr) {
        encoded_.clear();
        dialect_->encode_error(*error, std::nullopt, encoded_);
        if (!encoded_.empty()) stream_->add(encoded_);
        stream_->flush();
    }
    stream_.reset();
    interaction_.viewer_ended(*this, true);
}

void Viewer::on_gone() {
    if (ended_) return;
    ended_ = true;
    stream_.reset();
    interaction_.viewer_ended(*this, true);
}

void Viewer::on_drained() {
    pump();
    interaction_.relieve();
}

}  // namespace patchbay::engine
