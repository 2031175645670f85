// A set that only grows: looking up takes no lock, and what is found stays where it is.
//
// Threads    find() and each() are [any-thread]; the caller lets one thread at a time into add().
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <memory>

namespace patchbay::observe {

// `Places`: a power of two, at least twice as many as will be added.
template <class Item, size_t Places>
class InternTable {
public:
    InternTable() = default;
    ~InternTable() {
        if (auto* const places = places_.load(std::memory_order_acquire)) {
            for (auto& place : *places) delete place.load(std::memory_order_acquire);
            delete places;
        }
    }
    InternTable(const InternTable&) = delete;
    InternTable& operator=(const InternTable&) = delete;

    // The item that `is_it(item)` accepts, among those added with this hash; nullptr when it is not
    // there.
    template <class IsIt>
    Item* find(size_t hash, IsIt&& is_it) const {
        const auto* const places = places_.load(std::memory_order_acquire);
        if (!places) return nullptr;
        for (size_t i = hash % Places;; i = (i + 1) % Places) {
            auto* const item = (*places)[i].load(std::memory_order_acquire);
            if (!item || is_it(*item)) return item;
        }
    }

    Item& add(size_t hash, std::unique_ptr<Item> item) {
        assert(size() < Places / 2);
        auto* places = places_.load(std::memory_order_relaxed);
        if (!places) {
            places = new Table{};
            places_.store(places, std::memory_order_release);
        }
        size_t i = hash % Places;
        while ((*places)[i].load(std::memory_order_relaxed)) i = (i + 1) % Places;
        (*places)[i].store(item.get(), std::memory_order_release);
        size_.fetch_add(1, std::memory_order_release);
        return *item.release();
    }

    template <class Visit>
    void each(Visit&& visit) const {
        const auto* const places = places_.load(std::memory_order_acquire);
        if (!places) return;
        for (const auto& place : *places) {
            if (const auto* const item = place.load(std::memory_order_acquire)) visit(*item);
        }
    }

    size_t size() const { return size_.load(std::memory_order_acquire); }

private:
    using Table = std::array<std::atomic<Item*>, Places>;

    std::atomic<Table*> places_{nullptr};  // made with the first item
    std::atomic<size_t> size_{0};
};

}  // namespace patchbay::observe
