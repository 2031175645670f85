// Upstreams that answer by script.
#pragma once

#include <patchbay/abi/http.h>
#include <patchbay/error.hpp>
#include <patchbay/testing/fake_owner.hpp>
#include <patchbay/testing/lent_text.hpp>
#include <patchbay/testing/sse_splitter.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::testing {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// A piece of a body, `delay` after the piece before it.
struct HttpChunk {
    HttpChunk(std::string text) : bytes(std::move(text)) {}  // NOLINT: a text is a chunk
    HttpChunk(const char* text) : bytes(text) {}             // NOLINT
    HttpChunk(std::string text, std::chrono::milliseconds wait)
        : bytes(std::move(text)), delay(wait) {}

    std::string bytes;
    std::chrono::milliseconds delay{0};
};

// One answer: head, chunks, then its end or `failure`.
struct HttpAnswer {
    uint32_t status = 200;  // 0: no head, the call fails at once
    HeaderList headers = {{"Content-Type", "text/event-stream"}};
    std::vector<HttpChunk> chunks = {};
    std::optional<Error> failure = {};
    std::chrono::milliseconds delay{0};  // of the head
};

// What a plugin asked for.
struct HttpRecord {
    std::string method;
    std::string url;
    std::string body;
    std::string extra_json;
    HeaderList headers;
    patchbay_http_start settings = {};  // its flags, timeouts and limits; the texts are gone
    bool cancelled = false;             // before its end, by the plugin or with its owner
    bool over = false;                  // done() has been called

    // Whether it was for the public internet alone. Here it is only written down: nothing is
    // connected to; script `forbidden` for what the host would refuse.
    bool public_only() const { return (settings.flags & PATCHBAY_HTTP_PUBLIC_ONLY) != 0; }

    // The value of a header, or "".
    std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers)
            if (key == name) return value;
        return {};
    }
};

class FakeHttp {
public:
    explicit FakeHttp(FakeLane& lane) : lane_(lane) {}

    // The next call to `url` gets this answer; more than one are given in order. A call without
    // an answer fails with `upstream`.
    void answer(const std::string& url, HttpAnswer answer) {
        answers_[url].push_back(std::move(answer));
    }

    const std::deque<HttpRecord>& calls() const { return records_; }

    // --- for the fake host ----------------------------------------------------------------------
    patchbay_status start(FakeOwner& owner, const patchbay_http_start& request,
                          const patchbay_http_handler* handler, void* user, uint64_t id);
    size_t count(const FakeOwner& owner) const {
        return static_cast<size_t>(std::ranges::count_if(
            calls_, [&](const auto& call) { return &call.second->owner == &owner; }));
    }
    patchbay_status cancel(uint64_t id);        // [any-thread]
    void cancel_all(const FakeOwner& owner);    // the owner was cancelled
    void release_held(const FakeOwner& owner);  // the owner was resumed

private:
    struct Call {
        FakeOwner& owner;
        HttpRecord& record;
        HttpAnswer answer;
        const patchbay_http_handler* handler;
        void* user;
        SseSplitter splitter = SseSplitter(1u << 20);
        bool splits = false;
        bool head_sent = false;
        bool body_ended = false;
        bool held = false;  // by a pause
        size_t next_chunk = 0;
        uint64_t body_bytes = 0;
        std::deque<SplitEvent> events = {};  // not delivered yet
    };

    void schedule(uint64_t id, std::chrono::milliseconds delay = {}) {
        lane_.turns.add([this, id] { step(id); }, delay);
    }
    void step(uint64_t id);
    void send_head(Call& call);
    void send_event(Call& call);
    void send_chunk(Call& call);
    static void cut_off(Call& call, const char* why);
    void end(uint64_t id, const std::optional<Error>& error);

    FakeLane& lane_;
    std::map<std::string, std::deque<HttpAnswer>> answers_;
    std::deque<HttpRecord> records_;
    std::map<uint64_t, std::unique_ptr<Call>> calls_;
    std::mutex mutex_;  // of running_
    std::set<uint64_t> running_;
};

inline patchbay_status FakeHttp::start(FakeOwner& owner, const patchbay_http_start& request,
                                       const patchbay_http_handler* handler, void* user,
                                       uint64_t id) {
    if (!owner.hold()) return PATCHBAY_E_STALE;
    auto& record = records_.emplace_back();
    record.method = text_of(request.method);
    record.url = text_of(request.url);
    record.body = text_of(request.body);
    record.extra_json = text_of(request.extra_json);
    for (uint32_t i = 0; i < request.header_count; ++i)
        record.headers.emplace_back(text_of(request.headers[i].name),
                                    text_of(request.headers[i].value));
    record.settings = request;
    record.settings.method = record.settings.url = record.settings.body = {};
    record.settings.extra_json = {};
    record.settings.headers = nullptr;

    HttpAnswer script = {.status = 0,
                         .failure = Error{.code = ErrorCode::upstream,
                                          .message = "no answer is scripted for " + record.url}};
    if (auto& answers = answers_[record.url]; !answers.empty()) {
        script = std::move(answers.front());
        answers.pop_front();
    }
    const auto delay = script.delay;
    calls_.emplace(id, std::make_unique<Call>(Call{.owner = owner,
                                                   .record = record,
                                                   .answer = std::move(script),
                                                   .handler = handler,
                                                   .user = user}));
    {
        const std::lock_guard lock(mutex_);
        running_.insert(id);
    }
    schedule(id, delay);
    return PATCHBAY_OK;
}

inline patchbay_status FakeHttp::cancel(uint64_t id) {
    {
        const std::lock_guard lock(mutex_);
        if (running_.erase(id) == 0) return PATCHBAY_E_STALE;
    }
    lane_.turns.add([this, id] {
        const auto found = calls_.find(id);
        if (found == calls_.end()) return;
        found->second->record.cancelled = true;
        end(id, Error{.code = ErrorCode::cancelled, .message = "the call was cancelled"});
    });
    return PATCHBAY_OK;
}

inline void FakeHttp::cancel_all(const FakeOwner& owner) {
    for (const auto& [id, call] : calls_)
        if (&call->owner == &owner) cancel(id);
}

inline void FakeHttp::release_held(const FakeOwner& owner) {
    for (const auto& [id, call] : calls_)
        if (&call->owner == &owner && std::exchange(call->held, false)) schedule(id);
}

inline void FakeHttp::step(uint64_t id) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    auto& call = *found->second;
    if (call.owner.paused() && !(call.record.settings.flags & PATCHBAY_HTTP_MANUAL_PAUSE)) {
        call.held = true;
        return;
    }
    const auto& chunks = call.answer.chunks;
    if (call.answer.status == 0) return end(id, call.answer.failure);
    if (!call.head_sent) {
        send_head(call);
    } else if (!call.events.empty()) {
        send_event(call);
    } else if (call.next_chunk < chunks.size()) {
        send_chunk(call);
    } else if (!std::exchange(call.body_ended, true)) {
        if (call.splits)
            for (auto& event : call.splitter.end()) call.events.push_back(std::move(event));
    } else {
        return end(id, call.answer.failure);
    }
    const bool waits = call.events.empty() && call.next_chunk < chunks.size();
    schedule(id, waits ? chunks[call.next_chunk].delay : std::chrono::milliseconds(0));
}

inline void FakeHttp::send_head(Call& call) {
    call.head_sent = true;
    LentText lent;
    std::vector<patchbay_header> headers;
    bool sse = false;
    for (const auto& [name, value] : call.answer.headers) {
        headers.push_back({lent.lend(name), lent.lend(value)});
        if ((name == "Content-Type" || name == "content-type") &&
            value.starts_with("text/event-stream"))
            sse = true;
    }
    const bool success = call.answer.status >= 200 && call.answer.status < 300;
    const auto& settings = call.record.settings;
    call.splits = sse && success && (settings.flags & PATCHBAY_HTTP_SPLIT_SSE);
    if (settings.max_line_bytes) call.splitter = SseSplitter(settings.max_line_bytes);
    if (call.handler->head)
        call.handler->head(call.user, call.answer.status, headers.data(),
                           static_cast<uint32_t>(headers.size()));
}

inline void FakeHttp::send_event(Call& call) {
    const auto event = std::move(call.events.front());
    call.events.pop_front();
    LentText lent;
    const patchbay_sse_event view = {lent.lend(event.name), lent.lend(event.id),
                                     lent.lend(event.data)};
    call.handler->event(call.user, &view);
}

inline void FakeHttp::send_chunk(Call& call) {
    const auto& settings = call.record.settings;
    const auto& bytes = call.answer.chunks[call.next_chunk++].bytes;
    call.body_bytes += bytes.size();
    if (call.body_bytes > (settings.max_body_bytes ? settings.max_body_bytes : 64u << 20))
        return cut_off(call, "the body is larger than max_body_bytes");
    if (call.splits) {
        for (auto& event : call.splitter.add(bytes)) call.events.push_back(std::move(event));
        if (call.splitter.too_large()) cut_off(call, "an event is larger than max_line_bytes");
    } else if (call.handler->data) {
        LentText lent;
        call.handler->data(call.user, lent.lend(bytes));
    }
}

// What is too large is not delivered; what came before it is.
inline void FakeHttp::cut_off(Call& call, const char* why) {
    call.next_chunk = call.answer.chunks.size();
    call.body_ended = true;
    call.answer.failure = Error{.code = ErrorCode::too_large, .message = why};
}

inline void FakeHttp::end(uint64_t id, const std::optional<Error>& error) {
    const auto call = std::move(calls_.at(id));
    calls_.erase(id);
    {
        const std::lock_guard lock(mutex_);
        running_.erase(id);
    }
    call->record.over = true;
    LentText lent;
    if (error) {
        const auto view = lent.lend(*error);
        call->handler->done(call->user, &view);
    } else {
        call->handler->done(call->user, nullptr);
    }
    call->owner.release();
}

}  // namespace patchbay::testing
