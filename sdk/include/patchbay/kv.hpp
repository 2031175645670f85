// A small store of the instance's own: it outlives restarts, reloads and upgrades.
//
// Threads    [lane].
// Ending     what started is heard exactly once, when it is committed or has failed; cancelled with
//            its owner, and then a write may have been done all the same.
// Errors     stale, cancelled (the owner is ending), bad_request, limit, wrong_thread, unsupported,
//            storage.
// Limits     keys of 1 to 256 bytes, values of at most 64 KiB, 64 MiB in all; 16 of one owner at a
//            time; 1,000 keys of one list.
#pragma once

#include <patchbay/history.hpp>
#include <patchbay/json_text.hpp>
#include <patchbay/task.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay {

// The store on behalf of a stream or request: a value. With functions for those who are no
// coroutines, with tasks for those who are.
class Kv {
public:
    explicit Kv(const Owner& owner) noexcept : owner_(owner) {}

    // Hears the value; not_found when there is none, or none any more.
    [[nodiscard]] Result<void> get(std::string_view key, Done<std::string> done) const {
        return start(std::move(done), [&](const patchbay_kv_1& table, void* user) {
            return table.get(raw(), owner_.handle(), view_of(key), &detail::text_done, user);
        });
    }
    // Writes in place of another value; it is gone after `lifetime`, 0 = never. Hears "".
    [[nodiscard]] Result<void> put(std::string_view key, std::string_view value,
                                   std::chrono::milliseconds lifetime,
                                   Done<std::string> done) const {
        const auto ttl = static_cast<uint64_t>(std::max<int64_t>(lifetime.count(), 0));
        return start(std::move(done), [&](const patchbay_kv_1& table, void* user) {
            return table.put(raw(), owner_.handle(), view_of(key), view_of(value), ttl,
                             &detail::text_done, user);
        });
    }
    // Done also when there is no such key. Hears "".
    [[nodiscard]] Result<void> remove(std::string_view key, Done<std::string> done) const {
        return start(std::move(done), [&](const patchbay_kv_1& table, void* user) {
            return table.remove(raw(), owner_.handle(), view_of(key), &detail::text_done, user);
        });
    }
    // Hears a JSON array of the keys that begin with `prefix`, in the order of their bytes, after
    // `after` ("" = from the first).
    [[nodiscard]] Result<void> list(std::string_view prefix, std::string_view after,
                                    Done<std::string> done) const {
        return start(std::move(done), [&](const patchbay_kv_1& table, void* user) {
            return table.list(raw(), owner_.handle(), view_of(prefix), view_of(after),
                              &detail::text_done, user);
        });
    }

    // The same to be awaited; they throw Cancelled, or Failed with the reason.
    task<std::optional<std::string>> get(std::string_view key) const {
        return get(*this, std::string(key));
    }
    task<> put(std::string_view key, std::string_view value,
               std::chrono::milliseconds lifetime = {}) const {
        return put(*this, std::string(key), std::string(value), lifetime);
    }
    task<> remove(std::string_view key) const { return remove(*this, std::string(key)); }
    task<std::vector<std::string>> list(std::string_view prefix,
                                        std::string_view after = {}) const {
        return list(*this, std::string(prefix), std::string(after));
    }

private:
    // A task begins when it is awaited, perhaps after the Kv and the texts have gone: it has
    // copies.
    static task<std::optional<std::string>> get(Kv self, std::string key) {
        try {
            co_return co_await Awaited<std::string>(
                [&](auto done) { return self.get(key, std::move(done)); });
        } catch (const Failed& failed) {
            if (failed.error().code != ErrorCode::not_found) throw;
        }
        co_return std::nullopt;
    }
    static task<> put(Kv self, std::string key, std::string value,
                      std::chrono::milliseconds lifetime) {
        co_await Awaited<std::string>(
            [&](auto done) { return self.put(key, value, lifetime, std::move(done)); });
    }
    static task<> remove(Kv self, std::string key) {
        co_await Awaited<std::string>([&](auto done) { return self.remove(key, std::move(done)); });
    }
    static task<std::vector<std::string>> list(Kv self, std::string prefix, std::string after) {
        const auto json = co_await Awaited<std::string>(
            [&](auto done) { return self.list(prefix, after, std::move(done)); });
        std::vector<std::string> keys;
        for (const auto key : json_elements(json).value_or(std::vector<std::string_view>()))
            keys.push_back(json_text(key).value_or(""));
        co_return keys;
    }

    const patchbay_host* raw() const noexcept { return owner_.host().raw(); }

    template <class Start>
    Result<void> start(Done<std::string> done, Start&& start) const {
        const auto* table = owner_.host().interfaces().kv;
        if (!table) return detail::no_interface("store for plugins");
        return detail::start_completion<std::string>(
            owner_, std::move(done), "a call of its store",
            [&](void* user) { return start(*table, user); });
    }

    Owner owner_;
};

}  // namespace patchbay
