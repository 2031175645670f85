#include "runtime/validate/carrier.hpp"

namespace patchbay::validate {

Carrier::Carrier() {
    for (size_t i = 0; i < thread_count; ++i)
        threads_[i] = std::jthread([this, i](const std::stop_token& stop) { serve(stop, i); });
}

void Carrier::carry(const std::function<void()>& body) {
    std::unique_lock lock(mutex_);
    turn_ = (turn_ + 1) % thread_count;
    body_ = &body;
    changed_.notify_all();
    changed_.wait(lock, [this] { return body_ == nullptr; });
}

void Carrier::serve(const std::stop_token& stop, size_t self) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return body_ && turn_ == self; })) {
        const auto* body = body_;
        lock.unlock();
        (*body)();
        lock.lock();
        body_ = nullptr;
        changed_.notify_all();
    }
}

}  // namespace patchbay::validate
