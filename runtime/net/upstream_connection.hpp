// A connection to an upstream, watched by a loop.
//
// Life       connected from the beginning; closed when it goes.
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/byte_stream.hpp"
#include "runtime/net/event_loop.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace patchbay::net {

class UpstreamConnection {
public:
    // `key`: see Route::key().
    UpstreamConnection(EventLoop& loop, std::unique_ptr<ByteStream> stream, std::string key)
        : loop_(loop), stream_(std::move(stream)), key_(std::move(key)) {}
    ~UpstreamConnection() { ignore(); }
    UpstreamConnection(const UpstreamConnection&) = delete;
    UpstreamConnection& operator=(const UpstreamConnection&) = delete;

    // From now on `watcher`, borrowed, hears of these events (epoll's bits), and nobody else does.
    void listen(Watcher& watcher, uint32_t events);
    void ignore();  // nobody hears of anything

    ByteStream& stream() { return *stream_; }
    const std::string& key() const { return key_; }

private:
    EventLoop& loop_;
    std::unique_ptr<ByteStream> stream_;
    std::string key_;
    Watcher* watcher_ = nullptr;  // nullptr = the loop does not watch
    uint32_t events_ = 0;
};

}  // namespace patchbay::net
