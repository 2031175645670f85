// Connections that wait for another request, found by what they lead to.
//
// Limits     how many wait in all, and for how long each; the one that has waited longest goes
//            first. One that its upstream closes, or that says something unasked, goes at once.
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/upstream_connection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

namespace patchbay::net {

struct PoolLimits {
    size_t connections = 4096;                // each has a descriptor
    std::chrono::milliseconds idle{118'000};  // shorter than the two minutes after which many close
};

class ConnectionPool {
public:
    explicit ConnectionPool(EventLoop& loop, PoolLimits limits = {})
        : loop_(loop), limits_(limits) {}
    ~ConnectionPool();

    // The one of this key that was used last, if any is left that lives.
    std::unique_ptr<UpstreamConnection> take(const std::string& key);
    void put(std::unique_ptr<UpstreamConnection> connection);

    void clear();
    size_t size() const { return idle_.size(); }

private:
    using Turn = uint64_t;  // in the order in which they came

    struct Idle final : Watcher {
        void on_ready(uint32_t) override { pool->look_at(turn); }

        ConnectionPool* pool = nullptr;
        Turn turn = 0;
        Clock::time_point since;
        std::unique_ptr<UpstreamConnection> connection;
    };

    void look_at(Turn turn);
    std::unique_ptr<UpstreamConnection> remove(Turn turn);
    void drop_old();

    EventLoop& loop_;
    PoolLimits limits_;
    Turn last_turn_ = 0;
    std::map<Turn, Idle> idle_;
    std::unordered_map<std::string, std::set<Turn>> by_key_;  // no set is empty
    TimerId timer_ = 0;  // not later than when the oldest one is too old
};

}  // namespace patchbay::net
