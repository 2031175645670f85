// A lane: one thread on which everything of its interactions lives: runs, viewers, plugin calls,
// upstream HTTP, timers. Nothing on it blocks, and it holds no locks.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::net {

class HttpClient;
class Resolver;

class Lane {
public:
    Lane(unsigned index, Resolver& resolver);
    ~Lane();  // stops and joins

    unsigned index() const { return index_; }
    EventLoop& loop() { return loop_; }
    HttpClient& http() { return *http_; }
    void post(Task task) { loop_.post(std::move(task)); }  // [any-thread]
    bool here() const { return loop_.in_loop_thread(); }   // [any-thread]

    void start();
    void stop();  // idempotent; joins

    // The same, for one that may be held. False when it was still held after `patience`: it is left
    // behind, and its thread may never end, so it must not be destroyed.
    bool stop_within(std::chrono::milliseconds patience);

private:
    unsigned index_;
    EventLoop loop_;
    std::unique_ptr<HttpClient> http_;
    std::promise<void> end_;
    std::future<void> ended_ = end_.get_future();
    std::jthread thread_;
};

// All lanes of the server.
class Lanes {
public:
    Lanes(unsigned count, Resolver& resolver);  // 1..64
    ~Lanes();

    size_t size() const { return lanes_.size(); }
    Lane& operator[](size_t index) { return *lanes_[index]; }
    Lane& home_of(uint64_t hash) { return *lanes_[hash % lanes_.size()]; }
    void start();
    void stop();
    size_t stop_within(std::chrono::milliseconds patience);  // how many are left behind

private:
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace patchbay::net
