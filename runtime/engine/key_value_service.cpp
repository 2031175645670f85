#include "runtime/engine/key_value_service.hpp"

#include "db/clock.hpp"

#include <pthread.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace patchbay::engine {
namespace {

using plugins::KeyValueCall;

constexpr size_t most_waiting = 16384;
constexpr size_t most_waiting_bytes = 64u * 1024 * 1024;
constexpr size_t enough_bytes = 1024 * 1024;  // of one transaction, which holds up the log's writer
constexpr size_t row_bytes = 1024;            // what a small change costs beside its own bytes
constexpr size_t most_keys = 1000;

// The end of what lives for `ttl_ms` from now on; what is too far away for a clock is never.
int64_t end_of(uint64_t ttl_ms) {
    const auto now = unix_ms();
    const auto room = static_cast<uint64_t>(std::numeric_limits<int64_t>::max() - now);
    return ttl_ms == 0 || ttl_ms >= room ? 0 : now + static_cast<int64_t>(ttl_ms);
}

Result<std::string> get(Store& store, const KeyValueCall& call) {
    auto value = store.value(call.instance, call.key);
    if (!value) return std::unexpected(value.error());
    if (!*value) return failure(ErrorCode::not_found, "no such key");
    return std::move(**value);
}

Result<std::string> list(Store& store, const KeyValueCall& call) {
    const auto keys = store.keys(
        {.instance = call.instance, .prefix = call.key, .after = call.value, .limit = most_keys});
    if (!keys) return std::unexpected(keys.error());
    return nlohmann::json(*keys).dump();
}

// kv.h knows one reason for a store that does not answer.
Error as_storage(Error error) {
    if (error.code != ErrorCode::not_found) error.code = ErrorCode::storage;
    return error;
}

size_t bytes_of(const ValueChange& change) {
    return change.key.size() + (change.value ? change.value->size() : 0);
}

}  // namespace

KeyValueService::KeyValueService(Store& store, net::Workers& workers)
    : store_(store), workers_(workers), writer_([this] { run(); }) {
    pthread_setname_np(writer_.native_handle(), "plugin-values");
}

KeyValueService::~KeyValueService() { stop(); }

void KeyValueService::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ready_.notify_all();
    if (writer_.joinable()) writer_.join();
}

bool KeyValueService::start(KeyValueCall call, Done done) {
    const bool reads =
        call.action == KeyValueCall::Action::get || call.action == KeyValueCall::Action::list;
    return reads ? read(std::move(call), std::move(done)) : write(std::move(call), std::move(done));
}

bool KeyValueService::read(KeyValueCall call, Done done) {
    return workers_.post([this, call = std::move(call), done = std::move(done)]() mutable {
        auto answer =
            call.action == KeyValueCall::Action::get ? get(store_, call) : list(store_, call);
        done(answer ? std::move(answer) : std::unexpected(as_storage(answer.error())));
    });
}

bool KeyValueService::write(KeyValueCall call, Done done) {
    Write added{.change = {.instance = std::move(call.instance), .key = std::move(call.key)},
                .done = std::move(done)};
    if (call.action == KeyValueCall::Action::put) {
        added.change.value = std::move(call.value);
        added.change.expires_at_ms = end_of(call.ttl_ms);
    }
    {
        const std::lock_guard lock(mutex_);
        const auto bytes = waiting_bytes_ + bytes_of(added.change);
        if (stopping_ || waiting_.size() >= most_waiting || bytes > most_waiting_bytes)
            return false;
        waiting_bytes_ = bytes;
        waiting_.push_back(std::move(added));
    }
    ready_.notify_one();
    return true;
}

void KeyValueService::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        ready_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto writes = take();
        lock.unlock();
        commit(std::move(writes));
        lock.lock();
    }
}

// The next transaction's, at least one.
std::vector<KeyValueService::Write> KeyValueService::take() {
    std::vector<Write> writes;
    for (size_t bytes = 0; !waiting_.empty() && bytes < enough_bytes;) {
        bytes += bytes_of(waiting_.front().change) + row_bytes;
        waiting_bytes_ -= bytes_of(waiting_.front().change);
        writes.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return writes;
}

void KeyValueService::commit(std::vector<Write> writes) {
    std::vector<ValueChange> changes;
    changes.reserve(writes.size());
    for (auto& each : writes) changes.push_back(std::move(each.change));
    const auto results = store_.change_values(changes);
    for (size_t i = 0; i < writes.size(); ++i) {
        if (results[i]) {
            writes[i].done(std::string());
        } else {
            writes[i].done(std::unexpected(as_storage(results[i].error())));
        }
    }
}

}  // namespace patchbay::engine
