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

// What one non-blocking read or write did. A TLS connection's read may have to wait until it can
// write, and the other way round: whoever waits for anything else would spin, or sleep for ever.
struct IoResult {
    enum class State {
        ok,
        wants_input,   // call again when the descriptor is readable
        wants_output,  // … writable
        closed         // EOF or an error
    } state = State::ok;
    size_t bytes = 0;
};

// Where a connection came in.
enum class Entrance { tcp, unix_socket, control };

// How far a TLS handshake is, which read() and write() carry on. A plain connection has done it.
enum class Handshake {
    pending,  // the client's part has not come, or not all of it
    done,
    not_tls  // the client does without: its bytes are read, and answered, as they are
};

// Owned by one thread at a time: gate, worker or lane. plain_connection() and tls_connection() are
// the implementations.
class Connection {
public:
    Connection(std::string remote, Entrance entrance)
        : remote_(std::move(remote)), entrance_(entrance) {}
    virtual ~Connection() = default;  // without shut_down_writing(): cut off, as by an accident

    virtual int fd() const = 0;
    virtual IoResult read(std::span<char> into) = 0;

    // After less than all was taken, the next bytes must be the same, and may be more: TLS has
    // encrypted some already.
    virtual IoResult write(std::string_view bytes) = 0;

    // The other side reads an orderly end. What it still sends may be read, to be dropped.
    virtual void shut_down_writing() = 0;

    Handshake handshake() const { return handshake_; }

    // The last read() left bytes that are here already: fd() may never become readable for them.
    bool holds_more() const { return holds_more_; }

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

protected:
    Handshake handshake_ = Handshake::done;
    bool holds_more_ = false;

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

// Makes a client's socket non-blocking, with TCP_NODELAY and a small TCP_NOTSENT_LOWAT, so that a
// stalled client's bytes wait in our bounded buffer and not in the kernel.
void prepare_client_socket(int fd, Entrance entrance);

std::unique_ptr<Connection> plain_connection(FileDescriptor socket, std::string remote,
                                             Entrance entrance);

// What one recv() or send() did.
IoResult plain_read(int fd, std::span<char> into);
IoResult plain_write(int fd, std::string_view bytes);

}  // namespace patchbay::net
