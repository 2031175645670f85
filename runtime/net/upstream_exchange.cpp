#include "runtime/net/upstream_exchange.hpp"

#include <sys/epoll.h>

#include <utility>

namespace patchbay::net {

namespace {

constexpr size_t joined_bytes = 16 * 1024;  // of head and body: a usual request is one packet
constexpr size_t piece_bytes = 64 * 1024;   // of what follows
constexpr int pieces_a_turn = 8;            // then others, and the answer, have theirs

}  // namespace

void UpstreamExchange::begin(std::unique_ptr<UpstreamConnection> connection, bool reused,
                             Request request, Watcher& watcher) {
    connection_ = std::move(connection);
    watcher_ = &watcher;
    request_ = std::move(request);
    if (request_.head.size() < joined_bytes) {
        const auto joined = request_.body.substr(0, joined_bytes - request_.head.size());
        request_.head += joined;
        request_.body.remove_prefix(joined.size());
    }
    reader_.begin(request_.is_head);
    write_fault_.clear();
    spoiled_ = false;
    sent_ = 0;
    reused_ = reused;
    sending_ = true;
    send();
}

// The same bytes as the last time, when those were not taken.
std::string_view UpstreamExchange::next_piece() const {
    const std::string_view head = request_.head;
    if (sent_ < head.size()) return head.substr(sent_);
    const size_t sent = sent_ - head.size();
    return request_.body.substr(sent, piece_bytes);
}

void UpstreamExchange::send() {
    for (int pieces = 0; sending_ && pieces < pieces_a_turn; ++pieces) {
        const std::string_view piece = next_piece();
        if (piece.empty()) {
            end_sending();
            break;
        }
        const auto moved = connection_->stream().write(piece);
        if (moved.state == ByteStream::State::would_block) break;
        if (moved.state != ByteStream::State::moved) {
            // What the upstream said before it hung up is still to be read, and so is its end.
            write_fault_ = connection_->stream().reason();
            spoil();
            end_sending();
            break;
        }
        sent_ += moved.bytes;
    }
    listen();
}

void UpstreamExchange::stop_sending() {
    if (!sending_) return;
    spoil();
    end_sending();
    listen();
}

void UpstreamExchange::end_sending() {
    sending_ = false;
    request_ = {};
}

void UpstreamExchange::hold() {
    held_ = true;
    if (connection_) listen();
}

void UpstreamExchange::go_on() {
    held_ = false;
    if (connection_) listen();
}

void UpstreamExchange::listen() {
    const uint32_t events = (held_ ? 0u : EPOLLIN) | (sending_ ? EPOLLOUT : 0u);
    connection_->listen(*watcher_, events);
}

std::string UpstreamExchange::reason() const {
    return write_fault_.empty() ? connection_->stream().reason() : write_fault_;
}

std::unique_ptr<UpstreamConnection> UpstreamExchange::finish() {
    const bool is_fit = !sending_ && !spoiled_ && reader_.keeps_connection();
    auto connection = std::move(connection_);
    close();
    return is_fit ? std::move(connection) : nullptr;
}

void UpstreamExchange::close() {
    connection_.reset();
    end_sending();
}

}  // namespace patchbay::net
