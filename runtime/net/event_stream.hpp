// A response that is written bit by bit on a lane: an SSE stream to one client.
//
// Life       made when a request has reached its lane, before its head is sent: from then on the
//            client's leaving is seen. Ends with reply() or finish(), or by being destroyed: then
//            the connection is closed without the final chunk, so that nobody takes it for
//            complete; before the head, the client gets a 500.
// Threads    [lane] all of it.
// Memory     what the socket does not take waits here; the owner stops adding when full(). TLS
//            holds one record of it, 16 KiB, encrypted beside it. Of a next request that comes
//            meanwhile at most 16 KiB are read; the rest waits in the kernel.
#pragma once

#include "runtime/net/exchange.hpp"
#include "runtime/net/gzip_encoder.hpp"
#include "runtime/net/lane.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::net {

struct EventStreamOptions {
    size_t full_bytes = 64 * 1024;
    std::chrono::milliseconds heartbeat{15000};
    std::chrono::milliseconds stall_timeout{30000};
};

class EventStreamListener {
public:
    virtual ~EventStreamListener() = default;
    virtual void on_gone() = 0;     // the client left, stalled too long or broke; once, the last
    virtual void on_drained() = 0;  // was full(), and has room again (below half)
};

class EventStream final : private Watcher {
public:
    EventStream(Lane& lane, Exchange exchange, EventStreamOptions options);
    ~EventStream() override;
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    // Who hears of the client; nullptr = nobody. When the client has left already, on_gone() comes
    // on the next turn. Never called from inside a function of this class.
    void listen(EventStreamListener* listener);

    const Poco::Net::HTTPRequest& request() const { return exchange_.request(); }
    std::string& body() { return exchange_.body(); }  // gone after send_head()

    // Instead of a stream: one whole response. Then the object may be destroyed at any time.
    void reply(Response response);

    // Instead of a stream: the exchange, as it came, for another lane. Before the head.
    static Exchange release(std::unique_ptr<EventStream> stream);

    // Status 200 and the SSE headers, with `headers` added. Once. Written with what is added next.
    // From here on all is gzipped, where the request asks for that.
    void send_head(const std::vector<std::pair<std::string, std::string>>& headers);

    // Adds one event (or several whole ones): one HTTP chunk each call, or plain bytes for
    // HTTP/1.0. Nothing is written before flush(), or 16 KiB.
    void add(std::string_view bytes);
    void flush();  // one write() of what was added, unless the socket is full

    bool gone() const { return gone_; }
    bool full() const { return pending_bytes() >= options_.full_bytes; }
    size_t pending_bytes() const { return buffer_.size() - sent_; }

    // The final zero chunk. The gate gets the connection back, writes what the client has not taken
    // yet, within its write_timeout, and then reads the next request.
    static void finish(std::unique_ptr<EventStream> stream);

private:
    // Outlives the stream where a call to its listener is still to come.
    struct Notice;

    void on_ready(uint32_t events) override;
    void on_tick();
    void arm_tick();
    void append_chunk(std::string_view bytes);
    void write_some();
    void compact();
    void read_some();
    size_t room() const;
    void fail();
    void notify();
    void post_notice();
    void watch();
    void leave_loop();

    Lane& lane_;
    Exchange exchange_;
    EventStreamOptions options_;
    std::unique_ptr<Connection> connection_;  // null once it is gone or given back
    EventStreamListener* listener_ = nullptr;
    std::shared_ptr<Notice> notice_;
    std::unique_ptr<GzipEncoder> gzip_;  // null = as it is
    std::string buffer_;
    size_t sent_ = 0;  // of buffer_
    const bool chunked_;
    bool head_sent_ = false;
    bool gone_ = false;
    bool told_gone_ = false;
    bool was_full_ = false;
    bool drained_ = false;  // on_drained() is to be called
    bool blocked_ = false;  // the socket takes no more of buffer_ for now
    uint32_t watching_ = 0;
    uint32_t read_waits_for_;          // EPOLLIN; with TLS now and then EPOLLOUT
    uint32_t write_waits_for_;         // EPOLLOUT; with TLS now and then EPOLLIN
    Clock::time_point last_progress_;  // when the socket last took a byte, or had none to take
    Clock::time_point last_event_;
    TimerId tick_ = 0;
};

}  // namespace patchbay::net
