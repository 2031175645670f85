#include "runtime/net/sessions.hpp"

#include "runtime/net/gate_error.hpp"
#include "runtime/net/response_bytes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace patchbay::net {

using namespace std::chrono_literals;

namespace {

// So many connections beyond the limit are held until they have read their 503; what comes beyond
// these is closed at once, and may see a reset instead.
constexpr uint64_t refused_at_once = 64;

Error too_many() {
    return {.code = ErrorCode::unavailable,
            .message = "Too many connections; try again.",
            .retry_after_ms = 1000};
}

}  // namespace

Sessions::Sessions(Gate& gate, EventLoop& loop, const GateOptions& options,
                   const Gate::Handler& handler)
    : gate_(gate), loop_(loop), options_(options), handler_(handler) {}

void Sessions::begin() {
    loop_.after_each_turn([this] { ended_.clear(); });
}

void Sessions::admit(std::unique_ptr<Connection> connection) {
    counters_->accepted.fetch_add(1, std::memory_order_relaxed);
    Tally open(Tally::Total(counters_, &counters_->open));
    if (open.add(1) <= options_.max_connections) {
        connection->count(std::move(open));
        connection->limit_waiting(waiting_bytes_, options_.total_waiting_bytes);
        return add(std::move(connection)).read_request();
    }
    counters_->refused.fetch_add(1, std::memory_order_relaxed);
    Tally refused(refused_now_);  // beside `open`: their farewell takes nobody's place
    if (refused.add(1) <= refused_at_once) {
        connection->count(std::move(refused));
        return add(std::move(connection)).refuse(too_many());
    }
    if (connection->handshake() == Handshake::done)
        connection->write(response_bytes(error_response(too_many()), {.keep_alive = false}));
}

void Sessions::take_back(std::unique_ptr<Connection> connection, std::string unsent,
                         bool keep_alive) {
    if (closing_ && unsent.empty()) return connection->shut_down_writing();
    Session& session = add(std::move(connection));
    keep_alive = keep_alive && !closing_;
    if (unsent.empty() && keep_alive) return session.read_request();
    session.write(std::move(unsent), keep_alive);
}

void Sessions::drain() {
    set_draining();
    for (size_t i = sessions_.size(); i-- > 0;)
        if (sessions_[i]->idle()) sessions_[i]->close();
}

void Sessions::close_all() {
    closing_ = true;
    for (size_t i = sessions_.size(); i-- > 0;)
        if (!sessions_[i]->writing()) sessions_[i]->close();
}

bool Sessions::any_writing() const {
    return std::ranges::any_of(sessions_, [](const auto& session) { return session->writing(); });
}

void Sessions::hand_over(std::unique_ptr<Connection> connection, RequestReader& reader,
                         Tally body_tally) {
    counters_->requests.fetch_add(1, std::memory_order_relaxed);
    Exchange exchange(gate_, std::move(connection), reader.take_request(), reader.take_body(),
                      reader.keep_alive(), std::move(body_tally));
    try {
        handler_(std::move(exchange));
    } catch (const std::exception& failed) {
        // The exchange has answered 500 on its way out; the others go on.
        spdlog::error("a request handler failed: {}", failed.what());
    }
}

void Sessions::remove(Session& session) {
    const size_t index = session.index_;
    ended_.push_back(std::move(sessions_[index]));
    if (index + 1 != sessions_.size()) {
        sessions_[index] = std::move(sessions_.back());
        sessions_[index]->index_ = index;
    }
    sessions_.pop_back();
}

Session& Sessions::add(std::unique_ptr<Connection> connection) {
    sessions_.push_back(std::make_unique<Session>(*this, std::move(connection)));
    sessions_.back()->index_ = sessions_.size() - 1;
    if (!sweeping_) arm_sweep();
    return *sessions_.back();
}

// One look at all of them now and then costs less than a timer each. A limit is passed by at most
// a quarter of the shortest.
void Sessions::arm_sweep() {
    const auto shortest = std::min({options_.head_timeout, options_.body_timeout,
                                    options_.idle_timeout, options_.write_timeout});
    sweeping_ = true;
    loop_.after(std::clamp(shortest / 4, 5ms, 250ms), [this] { sweep(); });
}

void Sessions::sweep() {
    // From the end: a session that ends is replaced by one that has been looked at.
    for (size_t i = sessions_.size(); i-- > 0;)
        if (sessions_[i]->deadline() <= loop_.now()) sessions_[i]->on_deadline();
    sweeping_ = false;
    if (!sessions_.empty()) arm_sweep();
}

}  // namespace patchbay::net
