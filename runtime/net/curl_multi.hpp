// libcurl's multi handle, driven by an event loop: its sockets are watched there, its timer is one
// of the loop's.
//
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace patchbay::net {

class CurlMulti {
public:
    // `on_action` runs each time that libcurl has been at work: transfers may have ended. It runs
    // outside of libcurl, so it may do anything.
    CurlMulti(EventLoop& loop, std::function<void()> on_action);
    ~CurlMulti();  // after all transfers have been removed
    CurlMulti(const CurlMulti&) = delete;
    CurlMulti& operator=(const CurlMulti&) = delete;

    void add(void* easy);
    void remove(void* easy);  // its connection is closed at once

    // The next transfer that has ended: its easy handle and CURLcode. It is still to be removed.
    struct Ended {
        void* easy;
        int code;
    };
    std::optional<Ended> next_ended();

private:
    struct Socket;
    struct Callbacks;

    void set_interest(int fd, int what, Socket* socket);
    void set_timer(long timeout_ms);
    void arm(Clock::time_point when);
    void on_timer();
    void act(int fd, int bits);

    EventLoop& loop_;
    std::function<void()> on_action_;
    void* multi_ = nullptr;
    std::vector<std::unique_ptr<Socket>> sockets_;  // never shrinks; free_sockets_ has the unused
    std::vector<Socket*> free_sockets_;
    std::optional<Clock::time_point> due_;  // when libcurl wants to be called
    TimerId timer_ = 0;
    Clock::time_point timer_when_;  // of timer_; may be earlier than due_
};

}  // namespace patchbay::net
