#include "runtime/plugins/check_lane.hpp"

#include "runtime/plugins/breadcrumb.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace patchbay::plugins {
namespace {

using net::Clock;

Error unavailable(const char* why) {
    return {.code = ErrorCode::unavailable,
            .message = std::string("Credentials cannot be checked now: ") + why,
            .retryable = true,
            .user_safe = true};
}

// 0 when it is in no plugin.
std::chrono::nanoseconds time_in_plugin(const CallMark* mark) {
    const auto started = mark ? mark->get().started_ns : 0;
    return std::chrono::nanoseconds(started == 0 ? 0 : coarse_now_ns() - started);
}

size_t bytes_of(const AuthRequest& request) {
    size_t bytes =
        sizeof request + request.path.size() + request.query.size() + 2 * request.credential.size();
    for (const auto& [name, value] : request.headers)
        bytes += sizeof name + name.size() + sizeof value + value.size();
    return bytes;
}

}  // namespace

CheckLane::Place::Place(net::Resolver& resolver) : lane(0, resolver) {
    lane.post([this] { mark = CallMark::of_this_thread(); });
}

CheckLane::CheckLane(net::Resolver& resolver, net::Deadlines& deadlines, const CheckLimits& limits)
    : resolver_(resolver), deadlines_(deadlines), limits_(limits) {
    places_.push_back(std::make_unique<Place>(resolver));
    place_ = places_.front().get();
}

void CheckLane::start() { place_->lane.start(); }

// The deadlines have stopped: no other lane takes over any more.
bool CheckLane::stop(std::chrono::milliseconds patience) {
    for (auto& place : places_) place->lane.loop().stop();
    const auto until = Clock::now() + patience;
    bool all = true;
    for (auto& place : places_) {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        all = place->lane.stop_within(std::max(rest, std::chrono::milliseconds(0))) && all;
    }
    return all;
}

bool CheckLane::is_crowded(Clock::time_point now) const {
    if (queue_.empty()) return false;
    return queue_.size() >= limits_.queue || queue_bytes_ >= limits_.queue_bytes ||
           now - queue_.front().since >= limits_.queue_time;
}

void CheckLane::check(std::vector<AuthPlugin> chain, AuthRequest request, AuthDone done) {
    const auto now = Clock::now();
    const auto bytes = bytes_of(request);
    std::unique_lock lock(mutex_);
    if (is_crowded(now)) {
        lock.unlock();
        return done(std::unexpected(unavailable("too many wait for it.")));
    }
    const auto waiting = std::make_shared<AuthDone>(std::move(done));
    const auto deadline = deadlines_.after(limits_.time, [this, waiting] {
        on_late();
        (*waiting)(std::unexpected(unavailable("an auth plugin does not answer.")));
    });
    queue_.push_back({std::move(chain), std::move(request), bytes, waiting, now, deadline});
    queue_bytes_ += bytes;
    wake();
}

void CheckLane::wake() {
    if (std::exchange(woken_, true)) return;
    place_->lane.post([this, place = place_] { run_next(*place); });
}

CheckLane::Waiting CheckLane::take_first() {
    auto first = std::move(queue_.front());
    queue_.pop_front();
    queue_bytes_ -= first.bytes;
    return first;
}

void CheckLane::run_next(Place& place) {
    std::unique_lock lock(mutex_);
    if (&place != place_) return;  // another lane has taken over meanwhile
    woken_ = false;
    if (queue_.empty()) return;
    auto next = take_first();
    if (!queue_.empty()) wake();
    lock.unlock();

    auto answer = [this, done = next.done, deadline = next.deadline](Result<Principal> result) {
        const auto waits = done.lock();
        if (waits && deadlines_.cancel(deadline)) (*waits)(std::move(result));
    };
    authenticate(place.lane, next.chain, std::move(next.request), std::move(answer));
}

// Those before the one that is late are late, too: nobody waits for their checks any more.
void CheckLane::on_late() {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    while (!queue_.empty() && now - queue_.front().since >= limits_.time) (void)take_first();
    if (time_in_plugin(place_->mark) >= limits_.time / 2) replace_held_lane();
}

// One that was held once and has come free, or a new one. nullptr when all are held.
CheckLane::Place* CheckLane::free_place() {
    const auto is_free = [this](const auto& place) {
        return place.get() != place_ && place->mark != nullptr &&
               time_in_plugin(place->mark) == std::chrono::nanoseconds(0);
    };
    const auto free = std::ranges::find_if(places_, is_free);
    if (free != places_.end()) return free->get();
    if (places_.size() > limits_.left_behind) return nullptr;
    try {
        auto place = std::make_unique<Place>(resolver_);
        place->lane.start();
        return places_.emplace_back(std::move(place)).get();
    } catch (const std::exception& problem) {
        spdlog::error("no other lane for checks of credentials can be made: {}", problem.what());
        return nullptr;
    }
}

void CheckLane::replace_held_lane() {
    auto* const free = free_place();
    if (!free) return;
    place_ = free;
    spdlog::error(
        "an auth plugin does not let go of the lane where credentials are checked: "
        "another lane has taken over");
    woken_ = false;
    if (!queue_.empty()) wake();
}

}  // namespace patchbay::plugins
