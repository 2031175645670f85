#include "runtime/net/connection_pool.hpp"

#include <sys/epoll.h>

#include <utility>

namespace patchbay::net {

namespace {

// Nothing is to be read: it is neither closed nor broken, and no answer has come unasked. What TLS
// has to say for itself is taken in here.
bool is_silent(UpstreamConnection& connection) {
    char byte = 0;
    return connection.stream().read({&byte, 1}).state == ByteStream::State::would_block;
}

}  // namespace

ConnectionPool::~ConnectionPool() { loop_.cancel(timer_); }

std::unique_ptr<UpstreamConnection> ConnectionPool::take(const std::string& key) {
    for (auto found = by_key_.find(key); found != by_key_.end(); found = by_key_.find(key)) {
        auto connection = remove(*found->second.rbegin());
        if (is_silent(*connection)) return connection;
    }
    return nullptr;
}

void ConnectionPool::put(std::unique_ptr<UpstreamConnection> connection) {
    if (limits_.connections == 0) return;
    if (idle_.size() >= limits_.connections) remove(idle_.begin()->first);
    const Turn turn = ++last_turn_;
    by_key_[connection->key()].insert(turn);
    Idle& idle = idle_[turn];
    idle.pool = this;
    idle.turn = turn;
    idle.since = loop_.now();
    idle.connection = std::move(connection);
    idle.connection->listen(idle, EPOLLIN);
    if (timer_ == 0) timer_ = loop_.at(idle.since + limits_.idle, [this] { drop_old(); });
}

void ConnectionPool::look_at(Turn turn) {
    if (!is_silent(*idle_.at(turn).connection)) remove(turn);
}

std::unique_ptr<UpstreamConnection> ConnectionPool::remove(Turn turn) {
    const auto found = idle_.find(turn);
    auto connection = std::move(found->second.connection);
    connection->ignore();
    idle_.erase(found);
    const auto same = by_key_.find(connection->key());
    same->second.erase(turn);
    if (same->second.empty()) by_key_.erase(same);
    return connection;
}

void ConnectionPool::clear() {
    while (!idle_.empty()) remove(idle_.begin()->first);
}

void ConnectionPool::drop_old() {
    timer_ = 0;
    while (!idle_.empty() && idle_.begin()->second.since + limits_.idle <= loop_.now())
        remove(idle_.begin()->first);
    if (idle_.empty()) return;
    timer_ = loop_.at(idle_.begin()->second.since + limits_.idle, [this] { drop_old(); });
}

}  // namespace patchbay::net
