// The half of FakeHost that the plugin calls: its interfaces. Included by fake_host.hpp.
#pragma once

#include <patchbay/testing/fake_host.hpp>

#include <algorithm>

namespace patchbay::testing {

inline const void* FakeHost::get_interface(const patchbay_host* host, patchbay_str interface_id) {
    const auto id = text_of(interface_id);
    if (of(host).hidden_.contains(std::string(id))) return nullptr;
    if (id == PATCHBAY_STREAM_1) return &stream_table;
    if (id == PATCHBAY_VERDICT_1) return &verdict_table;
    if (id == PATCHBAY_TIMER_1) return &timer_table;
    if (id == PATCHBAY_HTTP_1) return &http_table;
    if (id == PATCHBAY_SECRETS_1) return &secrets_table;
    if (id == PATCHBAY_LOG_1) return &log_table;
    if (id == PATCHBAY_CHAT_1) return &chat_table;
    if (id == PATCHBAY_TOOLS_1) return &tools_table;
    if (id == PATCHBAY_HISTORY_1) return &history_table;
    if (id == PATCHBAY_KV_1) return &kv_table;
    if (id == PATCHBAY_WORKER_1) return &worker_table;
    if (id == PATCHBAY_APPROVAL_1) return &approval_table;
    if (id == PATCHBAY_METRICS_1) return &metrics_table;
    return nullptr;
}

inline void FakeHost::set_error(const patchbay_host* host, const patchbay_error* error) {
    if (!error || !of(host).lane_.turns.on_lane_thread()) return;  // nothing is about to fail
    of(host).last_error_ = error_of(*error);
}

// --- stream and verdict -----------------------------------------------------------------------
inline patchbay_status FakeHost::call_posted(patchbay_handle handle, patchbay_posted callback,
                                             void* user) {
    if (!callback) return PATCHBAY_E_BAD_REQUEST;
    auto* owner = find_owner(handle);
    if (!owner) return PATCHBAY_E_STALE;
    if (const auto status = owner->hold_post(); status != PATCHBAY_OK) return status;
    lane_.turns.add([owner, callback, user] {
        callback(user, owner->over() ? PATCHBAY_E_CANCELLED : PATCHBAY_OK);
        owner->release_post();
    });
    return PATCHBAY_OK;
}

inline const patchbay_stream_1 FakeHost::stream_table = {
    .emit = [](const patchbay_host* host, patchbay_stream stream, const patchbay_event* events,
               uint32_t count) -> patchbay_status {
        auto* sink = of(host).find<FakeSink>(stream);
        return sink ? sink->emit(events, count) : PATCHBAY_E_STALE;
    },
    .finish = [](const patchbay_host* host, patchbay_stream stream, uint32_t reason,
                 const patchbay_error* error) -> patchbay_status {
        auto* sink = of(host).find<FakeSink>(stream);
        return sink ? sink->finish(reason, error) : PATCHBAY_E_STALE;
    },
    .post = [](const patchbay_host* host, patchbay_handle owner, patchbay_posted callback,
               void* user) { return of(host).call_posted(owner, callback, user); }};

inline const patchbay_verdict_1 FakeHost::verdict_table = {
    .complete = [](const patchbay_host* host, patchbay_request request,
                   const patchbay_verdict* verdict) -> patchbay_status {
        if (auto* turn = of(host).find<FakeTurn>(request)) return turn->complete(verdict);
        auto* check = of(host).find<FakeCheck>(request);
        return check ? check->complete(verdict) : PATCHBAY_E_STALE;
    }};

// --- timer ------------------------------------------------------------------------------------
inline patchbay_status FakeHost::start_timer(FakeOwner& owner, uint64_t delay_us,
                                             patchbay_posted callback, void* user,
                                             patchbay_handle* timer) {
    if (const auto status = owner.usable("timer.start"); status != PATCHBAY_OK) return status;
    constexpr uint64_t longest_us = 24ull * 60 * 60 * 1'000'000;
    if (!callback || !timer || delay_us > longest_us) return PATCHBAY_E_BAD_REQUEST;
    if (owner.ending()) return PATCHBAY_E_CANCELLED;
    if (pending_.count(owner, "timer") >= 64) return PATCHBAY_E_LIMIT;
    const Turns::Time delay(static_cast<int64_t>(delay_us));
    const auto id = pending_.add(owner, "timer", delay, [callback, user](bool cancelled) {
        callback(user, cancelled ? PATCHBAY_E_CANCELLED : PATCHBAY_OK);
    });
    if (id == 0) return PATCHBAY_E_STALE;
    *timer = {id};
    return PATCHBAY_OK;
}

inline const patchbay_timer_1 FakeHost::timer_table = {
    .start = [](const patchbay_host* host, patchbay_handle owner, uint64_t delay_us,
                patchbay_posted callback, void* user, patchbay_handle* timer) -> patchbay_status {
        auto* found = of(host).find_owner(owner);
        if (!found) return PATCHBAY_E_STALE;
        return of(host).start_timer(*found, delay_us, callback, user, timer);
    },
    .cancel = [](const patchbay_host* host, patchbay_handle timer) -> patchbay_status {
        auto& pending = of(host).pending_;
        const auto status = pending.usable(timer.bits, "timer", "timer.cancel");
        if (status != PATCHBAY_OK) return status;
        return pending.cancel(timer.bits) ? PATCHBAY_OK : PATCHBAY_E_STALE;
    }};

// --- http -------------------------------------------------------------------------------------
inline const patchbay_http_1 FakeHost::http_table = {
    .start = [](const patchbay_host* host, patchbay_handle owner,
                const patchbay_http_start* request, const patchbay_http_handler* handler,
                void* user, patchbay_handle* call) -> patchbay_status {
        if (!request || !handler || !call) return PATCHBAY_E_BAD_REQUEST;
        auto* found = of(host).find_owner(owner);
        if (!found) return PATCHBAY_E_STALE;
        if (const auto status = found->usable("http.start"); status != PATCHBAY_OK) return status;
        if (found->ending()) return PATCHBAY_E_CANCELLED;
        constexpr size_t most_calls = 64;
        if (of(host).http_.count(*found) >= most_calls) return PATCHBAY_E_LIMIT;
        const bool splits = (request->flags & PATCHBAY_HTTP_SPLIT_SSE) != 0;
        if (!handler->done || (splits && !handler->event)) return PATCHBAY_E_BAD_REQUEST;
        const auto url = text_of(request->url);
        if (!url.starts_with("http://") && !url.starts_with("https://"))
            return PATCHBAY_E_BAD_REQUEST;
        for (uint32_t i = 0; i < request->header_count; ++i)
            if (text_of(request->headers[i].value).find_first_of(std::string_view("\r\n\0", 3)) !=
                std::string_view::npos)
                return PATCHBAY_E_BAD_REQUEST;
        constexpr uint32_t known =
            PATCHBAY_HTTP_SPLIT_SSE | PATCHBAY_HTTP_MANUAL_PAUSE | PATCHBAY_HTTP_PUBLIC_ONLY;
        if ((request->flags & ~known) != 0) return PATCHBAY_E_UNSUPPORTED;
        *call = {of(host).next_++};
        return of(host).http_.start(*found, *request, handler, user, call->bits);
    },
    .cancel = [](const patchbay_host* host,
                 patchbay_handle call) { return of(host).http_.cancel(call.bits); }};

// --- secrets and log --------------------------------------------------------------------------
inline const patchbay_secrets_1 FakeHost::secrets_table = {
    .resolve = [](const patchbay_host* host, patchbay_str reference,
                  patchbay_str* value) -> patchbay_status {
        if (!FakeLane::in_off_lane_call()) return PATCHBAY_E_WRONG_THREAD;
        return of(host).secrets_.resolve(reference, value);
    },
    .find_credential = [](const patchbay_host* host, patchbay_str id,
                          patchbay_credential* credential) -> patchbay_status {
        if (!of(host).lets_in_) return PATCHBAY_E_FORBIDDEN;
        if (FakeLane::in_off_lane_call() || !of(host).lane_.turns.on_lane())
            return PATCHBAY_E_WRONG_THREAD;
        if (!credential || (!id.data && id.size > 0)) return PATCHBAY_E_BAD_REQUEST;
        const auto& credentials = of(host).credentials_;
        const auto found = credentials.find(text_of(id));
        if (found == credentials.end()) return PATCHBAY_E_NOT_FOUND;
        const auto& known = found->second;
        *credential = {};
        credential->id = view_of(std::string_view(known.id));
        credential->sha256 = view_of(std::string_view(known.sha256));
        credential->owner = view_of(std::string_view(known.owner));
        credential->name = view_of(std::string_view(known.name));
        credential->role = known.role;
        credential->revoked = known.revoked ? 1 : 0;
        credential->expires_at_ms = known.expires_at_ms;
        return PATCHBAY_OK;
    }};

inline const patchbay_log_1 FakeHost::log_table = {
    .enabled = [](const patchbay_host*, uint32_t) -> uint32_t { return 1; },
    .write =
        [](const patchbay_host* host, uint32_t level, patchbay_handle, patchbay_str message,
           patchbay_str fields_json) {
            const std::lock_guard lock(of(host).log_mutex_);
            of(host).log_lines_.push_back(
                {level, std::string(text_of(message)), std::string(text_of(fields_json))});
        }};

}  // namespace patchbay::testing
