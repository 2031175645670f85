// What hangs on a stream or request and owes one completion: timers, children, reads, questions.
#pragma once

#include <patchbay/testing/fake_owner.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::testing {

class FakePending {
public:
    using Complete = std::function<void(bool cancelled)>;

    explicit FakePending(FakeLane& lane) : lane_(lane) {}

    // `complete` is called in a turn of its own: after `delay`, or without one when complete() says
    // so; or cancelled. Returns its id, 0 when the owner is being closed.
    uint64_t add(FakeOwner& owner, std::string_view kind, std::optional<Turns::Time> delay,
                 Complete complete) {
        if (!owner.hold()) return 0;
        const auto id = ++last_;
        entries_.emplace(id, Entry{.owner = owner, .kind = kind, .complete = std::move(complete)});
        if (delay) schedule(id, *delay, false);
        return id;
    }

    // For completions that have to know their id.
    void on_complete(uint64_t id, Complete complete) {
        entries_.at(id).complete = std::move(complete);
    }

    // Its time has come, or comes after `delay`.
    void complete(uint64_t id, Turns::Time delay = {}) {
        const auto found = entries_.find(id);
        if (found != entries_.end() && !found->second.turn) schedule(id, delay, false);
    }

    // False when it is over, cannot be cancelled any more or was cancelled already.
    bool cancel(uint64_t id) {
        const auto found = entries_.find(id);
        if (found == entries_.end() || found->second.begun || found->second.cancelled) return false;
        found->second.cancelled = true;
        if (const auto turn = std::exchange(found->second.turn, std::nullopt))
            lane_.turns.remove(*turn);
        schedule(id, {}, true);
        return true;
    }

    // Those of one kind, or all.
    void cancel_all(const FakeOwner& owner, std::string_view kind = {}) {
        std::vector<uint64_t> own;
        for (const auto& [id, entry] : entries_)
            if (&entry.owner == &owner && (kind.empty() || entry.kind == kind)) own.push_back(id);
        for (const auto id : own) cancel(id);
    }

    // From now on it cannot be cancelled. False when it was.
    bool begin(uint64_t id) {
        const auto found = entries_.find(id);
        if (found == entries_.end() || found->second.cancelled) return false;
        found->second.begun = true;
        return true;
    }

    // Whether it is of this kind, and not over.
    bool knows(uint64_t id, std::string_view kind) const {
        const auto found = entries_.find(id);
        return found != entries_.end() && found->second.kind == kind;
    }

    // PATCHBAY_OK when a [lane] function may name it now.
    patchbay_status usable(uint64_t id, std::string_view kind, const char* function) const {
        if (!lane_.turns.on_lane()) {
            lane_.fault(function, " from a foreign thread");
            return PATCHBAY_E_WRONG_THREAD;
        }
        return knows(id, kind) ? PATCHBAY_OK : PATCHBAY_E_STALE;
    }

    bool running(uint64_t id) const {
        const auto found = entries_.find(id);
        return found != entries_.end() && !found->second.cancelled;
    }

    size_t count(const FakeOwner& owner, std::string_view kind) const {
        return static_cast<size_t>(std::ranges::count_if(entries_, [&](const auto& entry) {
            return &entry.second.owner == &owner && entry.second.kind == kind;
        }));
    }

private:
    struct Entry {
        FakeOwner& owner;
        std::string_view kind;
        Complete complete;
        std::optional<Turns::Key> turn = {};
        bool cancelled = false;
        bool begun = false;
    };

    void schedule(uint64_t id, Turns::Time delay, bool cancelled) {
        entries_.at(id).turn = lane_.turns.add(
            [this, id, cancelled] {
                const auto entry = std::move(entries_.at(id));
                entries_.erase(id);
                entry.complete(cancelled);
                entry.owner.release();
            },
            delay);
    }

    FakeLane& lane_;
    std::map<uint64_t, Entry> entries_;
    uint64_t last_ = uint64_t{1} << 32;  // no owner has such a handle
};

}  // namespace patchbay::testing
