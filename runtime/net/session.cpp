#include "runtime/net/session.hpp"

#include "runtime/net/gate_error.hpp"
#include "runtime/net/response_bytes.hpp"
#include "runtime/net/sessions.hpp"

#include <sys/epoll.h>

#include <utility>

namespace patchbay::net {

using namespace std::chrono_literals;

namespace {

constexpr auto linger_time = 2s;
constexpr size_t linger_bytes = 1024 * 1024;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Session::Session(Sessions& sessions, std::unique_ptr<Connection> connection)
    : sessions_(sessions), connection_(std::move(connection)) {}

Session::~Session() { unwatch(); }

void Session::read_request() {
    wait_for_request();
    if (!connection_->leftover().empty()) take({});
    if (stage_ == Stage::idle && sessions_.draining()) return close_gently();
    if (!reading()) return;
    watch(EPOLLIN);
    if (connection_->holds_more()) read_some();
}

void Session::wait_for_request() {
    stage_ = Stage::idle;
    deadline_ = sessions_.loop().now() + sessions_.options().idle_timeout;
}

void Session::on_ready(uint32_t) {
    switch (stage_) {
        case Stage::idle:
        case Stage::handshake:
        case Stage::head:
        case Stage::body: return read_some();
        case Stage::writing: return flush();
        case Stage::lingering: return linger();
        case Stage::ended: return;
    }
}

// More than one turn only for what the connection holds of one TLS record.
void Session::read_some() {
    const auto scratch = sessions_.scratch();
    IoResult result;
    do {
        result = connection_->read(scratch);
        if (result.state == IoResult::State::closed) return close();
        if (connection_->handshake() != Handshake::done || stage_ == Stage::handshake)
            follow_handshake();
        if (!reading()) return;
        if (result.state == IoResult::State::ok) take({scratch.data(), result.bytes});
        if (stage_ == Stage::idle && sessions_.draining()) return close_gently();
        if (!reading()) return;
        watch(result.state == IoResult::State::wants_output ? EPOLLOUT : EPOLLIN);
    } while (result.state == IoResult::State::ok && connection_->holds_more());
}

// A TLS connection that sends nothing is idle. One that has begun has as much time as for a
// request's head, and then is idle again.
void Session::follow_handshake() {
    switch (connection_->handshake()) {
        case Handshake::pending:
            if (stage_ != Stage::idle) return;
            stage_ = Stage::handshake;
            deadline_ = sessions_.loop().now() + sessions_.options().head_timeout;
            return;
        case Handshake::done: return wait_for_request();
        case Handshake::not_tls:
            return reject({.code = ErrorCode::bad_request,
                           .message = "This address speaks TLS only: use https://."});
    }
}

// What the reader does not take stays with the connection: the start of a line, or of the next
// request. As a rule there is nothing, and the bytes are not copied.
void Session::take(std::string_view bytes) {
    std::string& leftover = connection_->leftover();
    if (leftover.empty()) {
        const size_t used = parse(bytes);
        leftover.assign(bytes.substr(used));
    } else {
        leftover.append(bytes);
        leftover.erase(0, parse(leftover));
        if (leftover.empty()) leftover = std::string();  // an idle connection holds no buffer
    }
    after_parsing();
}

size_t Session::parse(std::string_view bytes) {
    size_t skipped = 0;
    if (!reader_) {
        // RFC 9112, 2.2: empty lines before a request are to be ignored.
        while (bytes.substr(skipped).starts_with("\r\n")) skipped += 2;
        const auto rest = bytes.substr(skipped);
        if (rest.empty() || rest == "\r") return skipped;  // perhaps half of an empty line
        const GateOptions& options = sessions_.options();
        reader_ = std::make_unique<RequestReader>(options.head_bytes, options.body_bytes);
        body_tally_ = sessions_.new_body_tally();
        counted_ = 0;
        stage_ = Stage::head;
        deadline_ = sessions_.loop().now() + options.head_timeout;
    }
    return skipped + reader_->feed(bytes.substr(skipped));
}

void Session::after_parsing() {
    if (!reader_) return;
    if (reader_->stage() == RequestReader::Stage::failed) return reject(reader_->error());

    const size_t body_size = reader_->body_size();
    if (body_size > counted_) {
        const uint64_t total = body_tally_.add(body_size - std::exchange(counted_, body_size));
        if (total > sessions_.options().total_body_bytes)
            return reject({.code = ErrorCode::unavailable,
                           .message = "Too many requests with a body at once; try again.",
                           .retry_after_ms = 1000});
    }
    if (reader_->stage() == RequestReader::Stage::done) return hand_over();
    if (stage_ == Stage::head && reader_->stage() == RequestReader::Stage::body) {
        stage_ = Stage::body;
        deadline_ = sessions_.loop().now() + sessions_.options().body_timeout;
        // The socket has room for a line: this connection's earlier replies are all written.
        if (reader_->wants_continue() && connection_->leftover().empty() &&
            connection_->write(continue_line).bytes != continue_line.size())
            close();
    }
}

void Session::hand_over() {
    unwatch();
    stage_ = Stage::ended;
    sessions_.hand_over(std::move(connection_), *reader_, std::move(body_tally_));
    sessions_.remove(*this);
}

void Session::write(std::string bytes, bool keep_alive) {
    stage_ = Stage::writing;
    out_ = std::move(bytes);
    sent_ = 0;
    keep_alive_ = keep_alive;
    told_waiting_ = false;
    deadline_ = sessions_.loop().now() + sessions_.options().write_timeout;
    flush();
}

void Session::reject(Error error) {
    sessions_.count_bad_request();
    refuse(std::move(error));
}

void Session::refuse(Error error) {
    auto response = error_response(error);
    const auto& more_headers = sessions_.options().error_headers;
    if (reader_ && more_headers) {
        for (auto& header : more_headers(reader_->origin()))
            response.headers.push_back(std::move(header));
    }
    reader_.reset();
    body_tally_ = Tally();
    refusing_ = true;
    write(response_bytes(response, {.keep_alive = false}), false);
}

void Session::flush() {
    if (sent_ < out_.size()) {
        const IoResult result = connection_->write(std::string_view(out_).substr(sent_));
        if (result.state == IoResult::State::closed) return close();
        sent_ += result.bytes;
        if (result.bytes > 0)
            deadline_ = sessions_.loop().now() + sessions_.options().write_timeout;
        if (sent_ < out_.size()) {
            const bool first = !std::exchange(told_waiting_, true);
            if (first && !connection_->wait_with(out_.size() - sent_)) return close();
            return watch(result.state == IoResult::State::wants_input ? EPOLLIN : EPOLLOUT);
        }
    }
    connection_->all_sent();
    out_ = std::string();
    sent_ = 0;
    if (keep_alive_) return read_request();
    close_gently();
}

// Closing a socket that holds unread bytes resets the connection, and the client may lose the reply
// it has not read yet. So only our half is closed, and what still comes is read and dropped.
void Session::close_gently() {
    connection_->shut_down_writing();
    stage_ = Stage::lingering;
    deadline_ = sessions_.loop().now() + linger_time;
    lingered_ = 0;
    linger();
}

void Session::linger() {
    const IoResult result = connection_->read(sessions_.scratch());
    lingered_ += result.bytes;
    if (result.state == IoResult::State::closed || lingered_ > linger_bytes) return close();
    const bool more_may_come = refusing_ || lingered_ > 0 || !connection_->leftover().empty();
    if (!more_may_come) return close();
    watch(EPOLLIN);
}

void Session::on_deadline() {
    if (stage_ == Stage::head || stage_ == Stage::body)
        return reject(
            {.code = ErrorCode::request_timeout, .message = "The request was not sent in time."});
    close();
}

void Session::close() {
    if (stage_ == Stage::ended) return;
    unwatch();
    if (stage_ == Stage::idle) connection_->shut_down_writing();  // nothing is cut off
    stage_ = Stage::ended;
    connection_.reset();
    sessions_.remove(*this);
}

void Session::watch(uint32_t events) {
    if (watched_ == events) return;
    if (watched_ == 0)
        sessions_.loop().watch(connection_->fd(), events, *this);
    else
        sessions_.loop().rewatch(connection_->fd(), events);
    watched_ = events;
}

void Session::unwatch() {
    if (std::exchange(watched_, 0) != 0) sessions_.loop().unwatch(connection_->fd());
}

}  // namespace patchbay::net
