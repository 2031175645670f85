// OS threads that carry a lane in turn: no two calls in a row run on the same one.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace patchbay::validate {

class Carrier {
public:
    Carrier();

    // Runs `body` on the next thread, and waits for it. `body` must not throw. One caller.
    void carry(const std::function<void()>& body);

    static constexpr size_t thread_count = 3;

private:
    void serve(const std::stop_token& stop, size_t self);

    std::mutex mutex_;  // of what follows
    std::condition_variable_any changed_;
    const std::function<void()>* body_ = nullptr;
    size_t turn_ = 0;                                 // whose it is
    std::array<std::jthread, thread_count> threads_;  // last: they use the rest
};

}  // namespace patchbay::validate
