#include "runtime/observe/spans.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>

namespace patchbay::observe {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 100ms;
constexpr auto poll_time = 5ms;  // while the server stops

}  // namespace

Spans::Spans(const SpanOptions& options)
    : options_(options), overseer_([this](const std::stop_token& stop) { look_after(stop); }) {
    pthread_setname_np(overseer_.native_handle(), "span-overseer");
}

Spans::~Spans() {
    overseer_.request_stop();
    overseer_.join();
    set_targets({});
}

void Spans::record(Span&& span) {
    if (!wanted()) return;
    counters_.recorded.fetch_add(1, std::memory_order_relaxed);
    const auto shared = std::make_shared<const Span>(std::move(span));
    const std::lock_guard lock(mutex_);
    for (const auto& courier : couriers_) courier->add(shared);
}

void Spans::set_targets(std::vector<SpanTarget> targets) {
    Couriers next;
    const std::lock_guard lock(mutex_);
    for (auto& target : targets) {
        const auto same = std::ranges::find_if(couriers_, [&](const auto& courier) {
            return courier && courier->target().identity == target.identity;
        });
        next.push_back(same != couriers_.end()
                           ? std::move(*same)
                           : std::make_unique<SpanCourier>(std::move(target), options_, counters_));
    }
    for (auto& courier : couriers_) {
        if (courier) let_go(std::move(courier));
    }
    couriers_ = std::move(next);
    wanted_.store(!couriers_.empty(), std::memory_order_relaxed);
}

void Spans::let_go(std::unique_ptr<SpanCourier> courier) {
    courier->leave();
    leaving_.push_back(std::move(courier));
}

bool Spans::stop(std::chrono::milliseconds patience) {
    set_targets({});
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!all_gone()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(poll_time);
    }
    return true;
}

bool Spans::all_gone() {
    let_go_of_ended();
    const std::lock_guard lock(mutex_);
    return leaving_.empty();
}

// Without the lock: the exporter's last reference may go with its courier.
void Spans::let_go_of_ended() {
    Couriers ended;
    const std::lock_guard lock(mutex_);
    const auto rest =
        std::ranges::partition(leaving_, [](const auto& courier) { return !courier->has_ended(); });
    std::ranges::move(rest, std::back_inserter(ended));
    leaving_.erase(rest.begin(), rest.end());
}

// An instance that was turned off never comes back; its successor is another target.
void Spans::let_go_of_what_is_off() {
    const std::lock_guard lock(mutex_);
    for (auto& courier : couriers_) {
        if (!courier->is_on()) let_go(std::move(courier));
    }
    std::erase(couriers_, nullptr);
    wanted_.store(!couriers_.empty(), std::memory_order_relaxed);
}

void Spans::look_after(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock waiting(mutex);
    while (!never.wait_for(waiting, stop, look_every, [&] { return stop.stop_requested(); })) {
        let_go_of_what_is_off();
        let_go_of_ended();
        const std::lock_guard lock(mutex_);
        for (const auto* couriers : {&couriers_, &leaving_}) {
            for (const auto& courier : *couriers) courier->watch();
        }
    }
}

}  // namespace patchbay::observe
