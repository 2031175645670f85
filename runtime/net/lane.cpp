#include "runtime/net/lane.hpp"

#include "runtime/net/http_client.hpp"

#include <cassert>

namespace patchbay::net {

Lane::Lane(unsigned index, Resolver& resolver)
    : index_(index), http_(std::make_unique<HttpClient>(loop_, resolver)) {}

Lane::~Lane() { stop(); }

void Lane::start() {
    thread_ = std::jthread([this] { loop_.run(); });
}

void Lane::stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
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

}  // namespace patchbay::net
