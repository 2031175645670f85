// An instance's store, in memory.
#pragma once

#include <patchbay/abi/kv.h>
#include <patchbay/error.hpp>
#include <patchbay/json_text.hpp>
#include <patchbay/testing/fake_pending.hpp>
#include <patchbay/testing/lent_text.hpp>
#include <patchbay/testing/utf8.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay::testing {

class FakeKv {
public:
    FakeKv(FakeLane& lane, FakePending& pending) : lane_(lane), pending_(pending) {}

    // What is in it now.
    std::optional<std::string> value(const std::string& key) const {
        const auto found = values_.find(key);
        if (found == values_.end()) return std::nullopt;
        if (found->second.gone_at && *found->second.gone_at <= lane_.turns.now())
            return std::nullopt;
        return found->second.text;
    }
    void set(const std::string& key, std::string text) { values_[key] = {std::move(text), {}}; }

    // The next call ends with this.
    void fail(Error error) { failure_ = std::move(error); }

    // --- for the fake host ----------------------------------------------------------------------
    patchbay_status get(FakeOwner& owner, patchbay_str key, patchbay_kv_done done, void* user) {
        return start(owner, done, user, [this, name = std::string(text_of(key))] {
            auto found = value(name);
            return found ? Result<std::string>(std::move(*found))
                         : failure(ErrorCode::not_found, "no such key");
        });
    }
    patchbay_status put(FakeOwner& owner, patchbay_str key, patchbay_str text, uint64_t ttl_ms,
                        patchbay_kv_done done, void* user) {
        return start(owner, done, user,
                     [this, ttl_ms, name = std::string(text_of(key)),
                      written = std::string(text_of(text))]() -> Result<std::string> {
                         values_[name] = {written, end_of(ttl_ms)};
                         return "";
                     });
    }
    patchbay_status remove(FakeOwner& owner, patchbay_str key, patchbay_kv_done done, void* user) {
        return start(owner, done, user,
                     [this, name = std::string(text_of(key))]() -> Result<std::string> {
                         values_.erase(name);
                         return "";
                     });
    }
    patchbay_status list(FakeOwner& owner, patchbay_str prefix, patchbay_str after,
                         patchbay_kv_done done, void* user) {
        const auto keys = [this, begins = std::string(text_of(prefix)),
                           behind = std::string(text_of(after))]() -> Result<std::string> {
            std::string json;
            size_t count = 0;
            for (auto at = values_.upper_bound(behind); at != values_.end() && count < 1000; ++at) {
                if (!at->first.starts_with(begins) || !value(at->first)) continue;
                json += (json.empty() ? "" : ",") + json_quoted(at->first);
                ++count;
            }
            return "[" + json + "]";
        };
        return start(owner, done, user, keys);
    }

    static bool is_key(patchbay_str key) {
        return key.data && key.size > 0 && key.size <= 256 && is_utf8(text_of(key));
    }
    static bool is_key_or_empty(patchbay_str key) { return key.size == 0 || is_key(key); }
    static bool is_value(patchbay_str text) {
        return (text.data || text.size == 0) && text.size <= 64 * 1024;
    }

    static constexpr const char* kind = "kv";

private:
    struct Value {
        std::string text;
        std::optional<Turns::Time> gone_at = {};
    };

    // What is too far away for a clock is never.
    std::optional<Turns::Time> end_of(uint64_t ttl_ms) const {
        using std::chrono::milliseconds;
        const auto now = lane_.turns.now();
        const auto room = std::chrono::duration_cast<milliseconds>(Turns::Time::max() - now);
        if (ttl_ms == 0 || ttl_ms >= static_cast<uint64_t>(room.count())) return std::nullopt;
        return now + milliseconds(static_cast<int64_t>(ttl_ms));
    }

    patchbay_status start(FakeOwner& owner, patchbay_kv_done done, void* user,
                          std::function<Result<std::string>()> act) {
        if (pending_.count(owner, kind) >= 16) return PATCHBAY_E_LIMIT;
        const auto id = pending_.add(
            owner, kind, Turns::Time(0), [this, done, user, act = std::move(act)](bool cancelled) {
                LentText lent;
                auto result = cancelled  ? failure(ErrorCode::cancelled, "cancelled")
                              : failure_ ? std::unexpected(*std::exchange(failure_, std::nullopt))
                                         : act();
                if (result) return done(user, lent.lend(*result), nullptr);
                const auto error = lent.lend(result.error());
                done(user, patchbay_str{}, &error);
            });
        return id == 0 ? PATCHBAY_E_STALE : PATCHBAY_OK;
    }

    FakeLane& lane_;
    FakePending& pending_;
    std::map<std::string, Value> values_;
    std::optional<Error> failure_;
};

}  // namespace patchbay::testing
