// One request and its answer, on one connection. It reads while it writes: an answer may come
// before the request is out.
//
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/response_reader.hpp"
#include "runtime/net/upstream_connection.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::net {

class UpstreamExchange {
public:
    explicit UpstreamExchange(size_t head_limit) : reader_(head_limit) {}

    struct Request {
        std::string head;
        std::string_view body;  // borrowed until the exchange ends
        bool is_head = false;   // the method: its answer has no body
    };
    // Sends what the connection takes. `watcher`, borrowed, hears when it is ready for more.
    void begin(std::unique_ptr<UpstreamConnection> connection, bool reused, Request request,
               Watcher& watcher);
    bool has_begun() const { return connection_ != nullptr; }

    void send();                       // more of the request
    void stop_sending();               // the rest is not wanted any more
    void spoil() { spoiled_ = true; }  // the connection is not fit for another request
    void hold();                       // nothing is to be read, until go_on()
    void go_on();
    ByteStream::Moved read(std::span<char> room) { return connection_->stream().read(room); }

    ResponseReader& reader() { return reader_; }
    uint64_t sent() const { return sent_; }  // of the request, in bytes
    bool is_sending() const { return sending_; }
    // Not a byte of an answer has come over a connection that had been used before.
    bool is_unanswered_reuse() const { return reused_ && !reader_.has_begun(); }
    bool failed_to_send() const { return !write_fault_.empty(); }
    std::string reason() const;  // why the connection broke

    // The connection, if it is fit for another request; this exchange is over.
    std::unique_ptr<UpstreamConnection> finish();
    void close();  // at once; idempotent

private:
    std::string_view next_piece() const;
    void end_sending();
    void listen();

    std::unique_ptr<UpstreamConnection> connection_;
    Watcher* watcher_ = nullptr;
    Request request_;
    ResponseReader reader_;
    std::string write_fault_;  // why nothing more could be sent; "" = it could
    uint64_t sent_ = 0;
    bool reused_ = false;
    bool sending_ = false;
    bool spoiled_ = false;
    bool held_ = false;
};

}  // namespace patchbay::net
