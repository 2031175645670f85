#include "runtime/net/lane.hpp"

#include "runtime/net/http_client.hpp"

#include <algorithm>
#include <cassert>

namespace patchbay::net {

Lane::Lane(unsigned index, Resolver& resolver)
    : index_(index), http_(std::make_unique<HttpClient>(loop_, resolver)) {}

Lane::~Lane() { stop(); }

void Lane::start() {
    thread_ = std::jthread([this] {
        loop_.run();
        end_.set_value_at_thread_exit();  // after its thread-local objects, a plugin's among them
    });
}

void Lane::stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
}

bool Lane::stop_within(std::chrono::milliseconds patience) {
    loop_.stop();
    if (!thread_.joinable()) return true;
    if (ended_.wait_for(patience) != std::future_status::ready) return false;
    thread_.join();
    return true;
}

Lanes::Lanes(unsigned count, Resolver& resolver) {
    assert(count >= 1 && count <= 64);
    for (unsigned i = 0; i < count; ++i) lanes_.push_back(std::make_unique<Lane>(i, resolver));
}

Lanes::~Lanes() = default;

void Lanes::start() {
    for (auto& lane : lanes_) lane->start();
}

void Lanes::stop() {
    for (auto& lane : lanes_) lane->stop();
}

size_t Lanes::stop_within(std::chrono::milliseconds patience) {
    for (auto& lane : lanes_) lane->loop().stop();
    const auto deadline = Clock::now() + patience;
    size_t left = 0;
    for (auto& lane : lanes_) {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (!lane->stop_within(std::max(rest, std::chrono::milliseconds(0)))) ++left;
    }
    return left;
}

}  // namespace patchbay::net
