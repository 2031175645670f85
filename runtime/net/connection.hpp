// A client's connection: a non-blocking byte stream and what was read from it too early.
#pragma once

#include "runtime/net/event_loop.hpp"
#include "runtime/net/tally.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay::net {

// What one non-blocking read or write did.
struct IoResult {
    enum class State { ok, would_block, closed } state = State::ok;  // closed: EOF or an error
    size_t bytes = 0;
};

// Where a connection came in.
enum class Entrance { tcp, unix_socket, control };

// Owned by one thread at a time: gate, worker or lane. TLS is another implementation of it.
class Connection {
public:
    Connection(std::string remote, Entrance entrance)
        : remote_(std::move(remote)), entrance_(entrance) {}
    virtual ~Connection() = default;

    virtual int fd() const = 0;
    virtual IoResult read(std::span<char> into) = 0;
    virtual IoResult write(std::string_view bytes) = 0;
    virtual void shut_down_writing() = 0;  // the other side reads the end; we may still read

    const std::string& remote() const { return remote_; }  // "127.0.0.1", "" for a unix socket
    Entrance entrance() const { return entrance_; }

    // Bytes of the next request that came with this one.
    std::string& leftover() { return leftover_; }

    // Counts the connection as open until it goes, whoever owns it by then.
    void count(Tally tally) { tally_ = std::move(tally); }

    // Bytes that wait for the client count towards `total`, which `limit` bounds.
    void limit_waiting(Tally::Total total, uint64_t limit) {
        waiting_total_ = std::move(total);
        waiting_limit_ = limit;
    }
    // Adds to what waits. False = all connections together hold more than they may: close this one.
    [[nodiscard]] bool wait_with(uint64_t bytes) {
        if (!waits_) waiting_ = Tally(waiting_total_);
        waits_ = true;
        return waiting_.add(bytes) <= waiting_limit_;
    }
    void all_sent() {
        if (std::exchange(waits_, false)) waiting_ = Tally();
    }

private:
    std::string remote_;
    Entrance entrance_;
    std::string leftover_;
    Tally tally_;
    Tally::Total waiting_total_;
    uint64_t waiting_limit_ = UINT64_MAX;
    Tally waiting_;
    bool waits_ = false;
};

// A plain socket, made non-blocking, with TCP_NODELAY and a small TCP_NOTSENT_LOWAT, so that a
// stalled client's bytes wait in our bounded buffer and not in the kernel.
std::unique_ptr<Connection> plain_connection(FileDescriptor socket, std::string remote,
                                             Entrance entrance);

}  // namespace patchbay::net
