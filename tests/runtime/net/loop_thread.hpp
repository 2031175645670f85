// An event loop on a thread of its own, for tests.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <type_traits>
#include <utility>

namespace patchbay::net {

class LoopThread {
public:
    LoopThread() : thread_([this] { loop_.run(); }) {}
    ~LoopThread() { stop(); }

    EventLoop& loop() { return loop_; }

    // Runs `function` on the loop and gives its result.
    template <class Function>
    auto call(Function function) {
        std::packaged_task<std::invoke_result_t<Function>()> task(std::move(function));
        auto result = task.get_future();
        loop_.post([&task] { task(); });
        return result.get();
    }

    void stop() {
        loop_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    EventLoop loop_;
    std::jthread thread_;
};

}  // namespace patchbay::net
