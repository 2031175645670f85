// The connections that the gate has just now, and their time limits.
#pragma once

#include "runtime/net/gate.hpp"
#include "runtime/net/session.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace patchbay::net {

// Belongs to the gate's thread, but for what is marked.
class Sessions {
public:
    Sessions(Gate& gate, EventLoop& loop, const GateOptions& options, const Gate::Handler& handler);
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;

    void begin();  // in the loop's thread, before anything else

    void admit(std::unique_ptr<Connection> connection);  // a new one
    void take_back(std::unique_ptr<Connection> connection, std::string unsent, bool keep_alive);

    void drain();      // closes those that wait for a request, now and later
    void close_all();  // but for those that are writing; take_back() only writes from here on
    bool any_writing() const;

    bool draining() const { return draining_.load(std::memory_order_relaxed); }  // [any-thread]
    void set_draining() { draining_.store(true, std::memory_order_relaxed); }    // [any-thread]
    const GateCounters& counters() const { return *counters_; }                  // [any-thread]

    // For Session.
    EventLoop& loop() { return loop_; }
    const GateOptions& options() const { return options_; }
    std::span<char> scratch() { return scratch_; }
    Tally new_body_tally() { return Tally(body_bytes_); }
    void count_bad_request() { counters_->bad_requests.fetch_add(1, std::memory_order_relaxed); }
    void hand_over(std::unique_ptr<Connection> connection, RequestReader& reader, Tally body_tally);
    void remove(Session& session);

private:
    Session& add(std::unique_ptr<Connection> connection);
    void arm_sweep();
    void sweep();

    Gate& gate_;
    EventLoop& loop_;
    const GateOptions& options_;
    const Gate::Handler& handler_;
    std::shared_ptr<GateCounters> counters_ = std::make_shared<GateCounters>();
    Tally::Total body_bytes_ = std::make_shared<std::atomic<uint64_t>>(0);
    Tally::Total waiting_bytes_ = std::make_shared<std::atomic<uint64_t>>(0);  // for their clients
    Tally::Total refused_now_ = std::make_shared<std::atomic<uint64_t>>(0);
    std::atomic<bool> draining_{false};
    bool closing_ = false;
    bool sweeping_ = false;  // the sweep's timer runs: only while there is a session
    std::array<char, 64 * 1024> scratch_;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<std::unique_ptr<Session>> ended_;  // in this turn
};

}  // namespace patchbay::net
