// The gate: one thread that accepts connections and reads whole requests without blocking, so that
// an idle, slow or half-sent one costs no thread.
//
// Framing    Boost.Beast's incremental parser (strict about smuggling); any transfer coding but
//            "chunked" is 400. Malformed requests are answered here, with the project's error body,
//            and the connection is closed.
// Limits     GateOptions; every one is enforced here.
#pragma once

#include "runtime/net/exchange.hpp"

#include <patchbay/error.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::net {

class CurrentTls;

struct GateOptions {
    std::vector<std::string> listen;        // "127.0.0.1:8080", "[::1]:0", "unix:/run/x.sock"
    std::string control_socket;             // "" = none; made 0600
    std::shared_ptr<const CurrentTls> tls;  // for all of TCP; null = plain HTTP
    size_t max_connections = 10000;         // beyond it: 503 and close
    size_t head_bytes = 16 * 1024;          // beyond it: 431
    size_t body_bytes = 10 * 1024 * 1024;   // beyond it: 413
    size_t total_body_bytes = 256u * 1024 * 1024;  // all bodies held at once; beyond it: 503
    size_t total_waiting_bytes =
        256u * 1024 * 1024;                         // replies that clients do not read; beyond: cut
    std::chrono::milliseconds head_timeout{10000};  // from the first byte; 408. A TLS handshake too
    std::chrono::milliseconds body_timeout{30000};  // from the head's end; 408
    std::chrono::milliseconds idle_timeout{75000};  // kept alive without a byte: closed
    std::chrono::milliseconds write_timeout{30000};  // a reply that takes no byte: closed

    // Further headers of the answers that the gate itself gives to a page of this origin ("" = none
    // was named); on the gate's thread. Not set = none.
    std::function<Headers(const std::string& origin)> error_headers;
};

struct GateCounters {
    std::atomic<uint64_t> accepted{0};
    std::atomic<uint64_t> refused{0};  // over max_connections
    std::atomic<uint64_t> requests{0};
    std::atomic<uint64_t> bad_requests{0};  // answered by the gate itself
    std::atomic<uint64_t> open{0};          // connections now, streams included
};

class Gate {
public:
    // `handler` gets every well-formed request, on the gate's thread: it must not block.
    using Handler = std::function<void(Exchange)>;

    Gate(GateOptions options, Handler handler);
    ~Gate();  // stop(); after the last Exchange of it has gone
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // Binds and starts. One sentence when an address is in use, malformed or forbidden.
    Result<void> start();

    // The addresses as bound, "https://127.0.0.1:8080": port 0 has become a real one.
    const std::vector<std::string>& addresses() const;

    // A stream's response is complete: the connection takes its next request. [any-thread]
    void give_back(std::unique_ptr<Connection> connection);

    // Stops accepting and closes idle connections; requests that come in on others still reach
    // the handler. [any-thread]
    void drain();

    void stop();  // flushes replies for up to 1 s, closes everything, joins; idempotent

    const GateCounters& counters() const;

private:
    friend class Exchange;

    // give_back() of a connection whose response is not all written yet. [any-thread]
    void take_back(std::unique_ptr<Connection> connection, std::string unsent, bool keep_alive);
    bool draining() const;  // [any-thread]

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// What the server answers when the gate itself refuses: the body of every error, in one place.
std::string error_body(ErrorCode code, std::string_view message, std::string_view request_id);

}  // namespace patchbay::net
