#include "runtime/net/event_stream.hpp"

#include "runtime/net/response_bytes.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <span>
#include <utility>

namespace patchbay::net {

namespace {

constexpr size_t write_at = 16 * 1024;        // added bytes that do not wait for flush()
constexpr size_t leftover_limit = 16 * 1024;  // read of the client's next request
constexpr size_t kept_capacity = 16 * 1024;   // of an empty buffer
constexpr size_t compact_from = 4 * 1024;
constexpr std::string_view ping = ": ping\n\n";
constexpr std::string_view final_chunk = "0\r\n\r\n";

}  // namespace

struct EventStream::Notice {
    EventStream* stream;
    bool posted = false;
};

EventStream::EventStream(Lane& lane, Exchange exchange, EventStreamOptions options)
    : lane_(lane),
      exchange_(std::move(exchange)),
      options_(options),
      connection_(exchange_.take_connection()),
      chunked_(!exchange_.http_1_0()),
      read_waits_for_(EPOLLIN),
      write_waits_for_(EPOLLOUT),
      last_progress_(lane.loop().now()),
      last_event_(lane.loop().now()) {
    assert(lane.here());
    watch();
}

EventStream::~EventStream() {
    leave_loop();
    if (notice_) notice_->stream = nullptr;
    if (connection_ && !head_sent_) exchange_.put_back(std::move(connection_));  // it answers 500
}

void EventStream::listen(EventStreamListener* listener) {
    listener_ = listener;
    if (gone_ && !told_gone_ && listener_ != nullptr) post_notice();
}

void EventStream::reply(Response response) {
    assert(!head_sent_);
    leave_loop();
    if (!connection_) return;
    exchange_.put_back(std::move(connection_));
    exchange_.reply(std::move(response));
}

Exchange EventStream::release(std::unique_ptr<EventStream> stream) {
    assert(!stream->head_sent_);
    stream->leave_loop();
    stream->exchange_.put_back(std::move(stream->connection_));
    return std::move(stream->exchange_);
}

void EventStream::send_head(const std::vector<std::pair<std::string, std::string>>& headers) {
    assert(!head_sent_);
    exchange_.drop_body();
    head_sent_ = true;
    if (!connection_) return;

    append_status(buffer_, 200);
    append_header(buffer_, "Content-Type", "text/event-stream; charset=utf-8");
    append_header(buffer_, "Cache-Control", "no-cache, no-transform");
    append_header(buffer_, "X-Accel-Buffering", "no");
    append_header(buffer_, "Vary", "Accept-Encoding");
    if (chunked_ && GzipEncoder::is_accepted(exchange_.list_header("Accept-Encoding"))) {
        gzip_ = std::make_unique<GzipEncoder>();
        append_header(buffer_, "Content-Encoding", "gzip");
    }
    if (chunked_) append_header(buffer_, "Transfer-Encoding", "chunked");
    append_header(buffer_, "Connection",
                  chunked_ && exchange_.keep_alive() ? "keep-alive" : "close");
    for (const auto& [name, value] : headers) append_header(buffer_, name, value);
    buffer_.append("\r\n");

    last_progress_ = last_event_ = lane_.loop().now();
    arm_tick();
}

void EventStream::add(std::string_view bytes) {
    assert(head_sent_);
    if (!connection_ || bytes.empty()) return;  // an empty chunk would end the stream
    last_event_ = lane_.loop().now();
    if (pending_bytes() == 0) last_progress_ = last_event_;

    if (chunked_)
        append_chunk(gzip_ ? gzip_->encode(bytes) : bytes);
    else
        buffer_.append(bytes);
    // What is larger than the bound of a stalled stream (a snapshot) counts towards that of all.
    if (bytes.size() > options_.full_bytes && !connection_->wait_with(bytes.size())) return fail();
    if (pending_bytes() >= write_at) flush();
    if (full()) was_full_ = true;
}

void EventStream::append_chunk(std::string_view bytes) {
    std::array<char, 16> size;
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    buffer_.append(size.data(), end).append("\r\n").append(bytes).append("\r\n");
}

void EventStream::flush() {
    if (connection_ && !blocked_ && pending_bytes() > 0) write_some();
}

void EventStream::finish(std::unique_ptr<EventStream> stream) {
    assert(stream->head_sent_);
    if (!stream->connection_) return;
    if (stream->gzip_) stream->append_chunk(stream->gzip_->finish());
    if (stream->chunked_) stream->buffer_.append(final_chunk);
    stream->flush();
    stream->leave_loop();
    if (!stream->connection_) return;

    stream->buffer_.erase(0, stream->sent_);
    const bool keep_alive = stream->chunked_ && stream->exchange_.keep_alive();
    stream->exchange_.give_back(std::move(stream->connection_), std::move(stream->buffer_),
                                keep_alive);
}

void EventStream::on_ready(uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) return fail();
    if ((events & write_waits_for_) != 0 && blocked_) write_some();
    if (connection_ && (events & read_waits_for_) != 0 && room() > 0) read_some();
}

void EventStream::write_some() {
    const IoResult result = connection_->write(std::string_view(buffer_).substr(sent_));
    if (result.state == IoResult::State::closed) return fail();
    sent_ += result.bytes;
    if (result.bytes > 0) last_progress_ = lane_.loop().now();
    compact();
    blocked_ = pending_bytes() > 0;
    write_waits_for_ = result.state == IoResult::State::wants_input ? EPOLLIN : EPOLLOUT;
    watch();

    if (was_full_ && pending_bytes() < options_.full_bytes / 2) {
        was_full_ = false;
        drained_ = true;
        post_notice();
    }
}

// Moves at most as many bytes as have been sent since the last time: amortised, O(1) a byte.
void EventStream::compact() {
    if (sent_ == buffer_.size()) {
        connection_->all_sent();
        buffer_.clear();
        sent_ = 0;
        if (buffer_.capacity() > kept_capacity) buffer_ = std::string();
    } else if (sent_ >= compact_from && sent_ >= pending_bytes()) {
        buffer_.erase(0, sent_);
        sent_ = 0;
    }
}

void EventStream::read_some() {
    std::array<char, 4096> bytes;
    IoResult result;
    do {
        result = connection_->read(std::span(bytes).first(std::min(room(), bytes.size())));
        if (result.state == IoResult::State::closed) return fail();
        connection_->leftover().append(bytes.data(), result.bytes);
        read_waits_for_ = result.state == IoResult::State::wants_output ? EPOLLOUT : EPOLLIN;
    } while (result.state == IoResult::State::ok && connection_->holds_more() && room() > 0);
    watch();
}

size_t EventStream::room() const {
    return leftover_limit - std::min(connection_->leftover().size(), leftover_limit);
}

// What is due next is worked out when the tick comes, so that an event costs no timer.
void EventStream::on_tick() {
    flush();  // the owner may not have: that is no fault of the client's
    if (!connection_) return;
    const auto now = lane_.loop().now();
    const bool pending = pending_bytes() > 0;
    if (pending && now - last_progress_ >= options_.stall_timeout) return fail();
    if (!pending && now - last_event_ >= options_.heartbeat) {
        add(ping);
        flush();
    }
    if (connection_) arm_tick();
}

void EventStream::arm_tick() {
    const auto now = lane_.loop().now();
    const bool pending = pending_bytes() > 0;
    const auto stalled = (pending ? last_progress_ : now) + options_.stall_timeout;
    auto beat = last_event_ + options_.heartbeat;
    if (beat <= now) beat = now + options_.heartbeat;  // missed, because bytes were pending
    tick_ = lane_.loop().at(std::min(stalled, beat), [this] { on_tick(); });
}

void EventStream::fail() {
    leave_loop();
    blocked_ = false;
    connection_.reset();
    buffer_ = std::string();
    sent_ = 0;
    gone_ = true;
    post_notice();
}

void EventStream::post_notice() {
    if (listener_ == nullptr) return;
    if (!notice_) notice_ = std::make_shared<Notice>(this);
    if (std::exchange(notice_->posted, true)) return;
    lane_.post([notice = notice_] {
        notice->posted = false;
        if (notice->stream != nullptr) notice->stream->notify();
    });
}

// The listener may destroy the stream: nothing of it is touched after a call.
void EventStream::notify() {
    if (listener_ == nullptr) return;
    const bool drained = std::exchange(drained_, false);
    if (gone_) {
        if (!std::exchange(told_gone_, true)) listener_->on_gone();
    } else if (drained) {
        listener_->on_drained();
    }
}

// EPOLLRDHUP shows that the client has left, also when nothing more is read of its next request.
void EventStream::watch() {
    uint32_t events = EPOLLRDHUP;
    if (room() > 0) events |= read_waits_for_;
    if (blocked_) events |= write_waits_for_;
    if (events == watching_) return;
    if (watching_ == 0)
        lane_.loop().watch(connection_->fd(), events, *this);
    else
        lane_.loop().rewatch(connection_->fd(), events);
    watching_ = events;
}

void EventStream::leave_loop() {
    lane_.loop().cancel(std::exchange(tick_, 0));
    if (std::exchange(watching_, 0) != 0) lane_.loop().unwatch(connection_->fd());
}

}  // namespace patchbay::net
