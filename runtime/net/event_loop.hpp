// One thread's event loop: epoll, timers, and tasks posted from other threads.
//
// Threads    post() and stop() are [any-thread]; everything else belongs to the thread in run().
// Order      tasks run in the order they were posted. In one turn: ready descriptors, then due
//            timers, then posted tasks, then the after-turn hooks, then the loop waits again. When
//            the loop was held up, all that is ready comes before the timers that are overdue.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace patchbay::net {

using Task = std::move_only_function<void()>;
using Clock = std::chrono::steady_clock;

// Closes a descriptor when it goes.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor();

    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// Hears that a descriptor is ready. `events` are epoll's bits (EPOLLIN, EPOLLOUT, EPOLLRDHUP, …).
class Watcher {
public:
    virtual ~Watcher() = default;
    virtual void on_ready(uint32_t events) = 0;
};

// Names a timer; 0 = none.
using TimerId = uint64_t;

class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Level-triggered. `watcher` is borrowed until unwatch(); it may unwatch itself, or any other,
    // from inside on_ready(): no call comes after unwatch().
    void watch(int fd, uint32_t events, Watcher& watcher);
    void rewatch(int fd, uint32_t events);  // other events, same watcher
    void unwatch(int fd);                   // before the descriptor is closed

    // One-shot. The task runs once, at `when` or later.
    TimerId at(Clock::time_point when, Task task);
    TimerId after(Clock::duration delay, Task task);
    void cancel(TimerId timer);  // its task is destroyed without being run; idempotent

    void post(Task task);  // [any-thread] dropped, unrun, when the loop has ended
    void after_each_turn(Task hook);

    // The time at which this turn began: cheap, and good to a turn.
    Clock::time_point now() const { return now_; }
    int64_t unix_ms() const;  // the wall clock at this turn

    bool in_loop_thread() const;
    void run();   // until stop(); then runs what is posted once more
    void stop();  // [any-thread]

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    Clock::time_point now_ = Clock::now();
};

}  // namespace patchbay::net
