// What the calls of agents and tools have in common: a stream to write to, an end, and what a
// coroutine may await.
//
// Life       from open() until the host closes it; the coroutine's frame goes first.
// Threads    [lane], but for cancelled().
// Ending     the coroutine's: it returns, or throws. Failed ends with its error, Cancelled as
//            cancelled, anything else as `internal`.
// Cancel     all that the host was asked for completes as cancelled, so that co_await throws
//            Cancelled, and the coroutine unwinds. That happens once: who catches it and awaits
//            again is not gone on with, and the stream ends there. A job of work() that has begun
//            is waited for; the stream ends at once then, and write() is an await as any other. Who
//            awaits something of their own ends it themselves, and who writes to stream() past
//            write() asks cancelled() first.
// Texts      are borrowed until the function returns, also where what it returns is awaited later.
#pragma once

#include <patchbay/approval.hpp>
#include <patchbay/chat.hpp>
#include <patchbay/http.hpp>
#include <patchbay/kv.hpp>
#include <patchbay/task.hpp>
#include <patchbay/timer.hpp>
#include <patchbay/when_all.hpp>
#include <patchbay/worker.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace patchbay {

namespace detail {

// g++ before 13 destroys twice what a ?: in a co_await expression makes, and what a lambda there
// captured by copy, when it owns something: a variable first, please. Of lambdas it is checked.
template <class F>
concept SafeToAwait =
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
    std::is_lvalue_reference_v<F> || std::is_trivially_copyable_v<F>;
#else
    true;
#endif

}  // namespace detail

// An answer over HTTP, whole.
struct HttpReply {
    uint32_t status = 0;
    std::vector<HttpHeader> headers = {};
    std::string body = {};
};

class Call : private detail::CallEnd {
public:
    Call(const Host& host, patchbay_stream stream) noexcept : stream_(host, stream) {}
    virtual ~Call() = default;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    const Host& host() const noexcept { return stream_.host(); }
    const Output& stream() const noexcept { return stream_; }
    Log log() const noexcept { return stream_.log(); }

    // Whether the end is wanted: for jobs that run long. [any-thread]
    bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

    // A piece of the answer; goes on when the reader has room for more. Of any size.
    task<> write(std::string_view text, Channel channel = Channel::answer) {
        return write_all(std::string(text), channel);
    }

    // Asks a model. A child that fails throws its error.
    task<ChatAnswer> chat(const ChatAsk& ask = {}) { return child(detail::ChildRequest(ask), {}); }
    // The same; `events`, as ChildEvents, hears what the model emits.
    template <class Events>
    requires std::constructible_from<ChildEvents, Events> && detail::SafeToAwait<Events>
        task<ChatAnswer> chat(const ChatAsk& ask, Events&& events) {
        return child(detail::ChildRequest(ask), std::forward<Events>(events));
    }

    // Asks another agent.
    task<ChatAnswer> agent(const AgentAsk& ask) { return child(detail::ChildRequest(ask), {}); }
    template <class Events>
    requires std::constructible_from<ChildEvents, Events> && detail::SafeToAwait<Events>
        task<ChatAnswer> agent(const AgentAsk& ask, Events&& events) {
        return child(detail::ChildRequest(ask), std::forward<Events>(events));
    }

    // Asks a person, and waits, perhaps for days.
    task<Approval> ask(const Question& question) {
        return ask_with(std::string(question.text), std::string(question.input_json),
                        std::string(question.schema_json), question.expires_in);
    }

    // At most one day.
    task<> sleep(std::chrono::microseconds time) {
        co_await Awaited<void>([&](auto done) { return start_sleep(time, std::move(done)); });
    }

    // An HTTP call with its whole answer in memory: 1 MiB at most, unless the request says so.
    task<HttpReply> fetch(const HttpRequest& request) { return fetch_all(request); }
    task<HttpReply> fetch(HttpRequest&&) = delete;  // a variable, please: see ChatAsk
    task<HttpReply> fetch(std::string_view url) {
        HttpRequest request;
        request.url = url;
        return fetch_all(std::move(request));
    }

    // What `job()` returns, which runs where it may block. What it throws comes out here.
    template <class Job>
    requires std::invocable < std::decay_t<Job>
    & > &&detail::SafeToAwait<Job> auto work(Job&& job) {
        return work_on(std::decay_t<Job>(std::forward<Job>(job)));
    }

    // The instance's store.
    Kv kv() const noexcept { return Kv(stream_); }

    // --- for the tables of agent.hpp and tool.hpp -----------------------------------------------
    void resume();                                   // the reader caught up
    void cancel();                                   // the host wants the end
    void ended(std::exception_ptr thrown) noexcept;  // the coroutine has
    void begin(task<>& work) {
        work.run([this](std::exception_ptr thrown) { ended(std::move(thrown)); }, this);
    }

protected:
    // The coroutine returned: what ends the stream then.
    virtual void succeed() = 0;

    const Stream& whole_stream() const noexcept { return stream_; }

private:
    // Waits for resume(), after an emit said PAUSE; or for cancel(), after it said CANCELLED.
    struct Room {
        Call& call;
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> waiting) {
            if (call.told())
                call.parked();
            else if (call.cancelled())
                return false;
            else
                call.waiting_.push_back(waiting);
            return true;
        }
        void await_resume() const {
            if (!call.cancelled()) return;
            call.tell();
            throw Cancelled();
        }
    };

    bool wanted() const noexcept override { return cancelled(); }
    void parked() noexcept override { finish(FinishReason::cancelled); }

    task<> write_all(std::string text, Channel channel);
    task<ChatAnswer> child(detail::ChildRequest request, ChildEvents events);
    task<Approval> ask_with(std::string text, std::string input, std::string schema,
                            std::chrono::milliseconds expires_in) {
        co_return co_await Awaited<Approval>([&](auto done) {
            return ask_person(stream_, {text, input, schema, expires_in}, std::move(done));
        });
    }
    task<HttpReply> fetch_all(HttpRequest request);
    template <class Job>
    task<std::invoke_result_t<Job&>> work_on(Job job);
    Result<void> start_sleep(std::chrono::microseconds time, Done<void> done);
    void wake();
    void finish(FinishReason reason) noexcept {
        if (!std::exchange(finished_, true)) stream_.finish(reason);
    }
    void fail(const Error& error) noexcept {
        if (!std::exchange(finished_, true)) stream_.fail(error);
    }

    Stream stream_;
    std::atomic<bool> cancelled_ = false;
    bool finished_ = false;
    int jobs_ = 0;                                  // of work(), which no cancel ends
    std::vector<std::coroutine_handle<>> waiting_;  // for the reader
    std::vector<Child> held_;                       // children that wait for the reader
};

inline void Call::wake() {
    for (const auto waiting : std::exchange(waiting_, {})) waiting.resume();
}

inline void Call::resume() {
    for (const auto& child : std::exchange(held_, {})) child.resume();
    wake();
}

inline void Call::cancel() {
    cancelled_ = true;
    if (jobs_ > 0) finish(FinishReason::cancelled);
    wake();
}

inline void Call::ended(std::exception_ptr thrown) noexcept {
    if (cancelled()) return finish(FinishReason::cancelled);
    try {
        if (thrown) std::rethrow_exception(thrown);
        if (!finished_) succeed();
        finished_ = true;
    } catch (const Cancelled&) {
        finish(FinishReason::cancelled);
    } catch (const Failed& failed) {
        fail(failed.error());
    } catch (const std::exception& other) {
        if (!std::exchange(finished_, true)) stream_.abandon(other.what());
    } catch (...) {
        if (!std::exchange(finished_, true)) stream_.abandon("an exception of an unknown type");
    }
}

inline task<> Call::write_all(std::string text, Channel channel) {
    constexpr size_t piece = 32 * 1024;   // an event takes 64 KiB
    if (finished_) co_await Room{*this};  // cancel() has ended the stream: nothing may follow
    for (std::string_view rest = text; !rest.empty();) {
        size_t size = std::min(piece, rest.size());
        while (size > 0 && size < rest.size() && (rest[size] & 0xC0) == 0x80) --size;
        if (size == 0) size = std::min(piece, rest.size());  // no UTF-8: the host will say so
        const auto flow = stream_.text(rest.substr(0, size), channel);
        rest.remove_prefix(size);
        if (flow == Flow::rejected && !cancelled())
            throw Failed(ErrorCode::internal, "the host refused a piece of the answer");
        if (flow != Flow::go_on) co_await Room{*this};
    }
}

inline task<ChatAnswer> Call::child(detail::ChildRequest request, ChildEvents events) {
    Child child;
    ChildEvents hears;
    if (events)
        hears = [&](std::span<const Event> some) {
            const auto flow = events(some);
            if (flow == Flow::pause) held_.push_back(child);
            return flow;
        };
    co_return co_await Awaited<ChatAnswer>([&](auto done) -> Result<void> {
        auto started = detail::start_child(stream_, request, std::move(hears), std::move(done));
        if (!started) return std::unexpected(std::move(started.error()));
        child = *started;
        return {};
    });
}

inline Result<void> Call::start_sleep(std::chrono::microseconds time, Done<void> done) {
    auto timer = start_timer(stream_, time, [done = std::move(done)](bool cancelled) mutable {
        done(cancelled ? failure(ErrorCode::cancelled, "woken up by the end") : Result<void>());
    });
    if (!timer) return std::unexpected(std::move(timer.error()));
    return {};
}

inline task<HttpReply> Call::fetch_all(HttpRequest request) {
    if (request.max_body_bytes == 0) request.max_body_bytes = 1024 * 1024;
    HttpReply reply;
    co_await Awaited<void>([&](auto done) -> Result<void> {
        auto call = start_http(
            stream_, request,
            {.head =
                 [&reply](uint32_t status, const HttpHeaders& headers) {
                     reply.status = status;
                     for (const auto& [name, value] : headers)
                         reply.headers.push_back(
                             {std::string(text_of(name)), std::string(text_of(value))});
                 },
             .data = [&reply](std::string_view bytes) { reply.body += bytes; },
             .event = nullptr,
             .done =
                 [done = std::move(done)](const Error* error) mutable {
                     done(error ? Result<void>(std::unexpected(*error)) : Result<void>());
                 }});
        if (!call) return std::unexpected(std::move(call.error()));
        return {};
    });
    co_return reply;
}

template <class Job>
task<std::invoke_result_t<Job&>> Call::work_on(Job job) {
    using Value = std::invoke_result_t<Job&>;
    struct Running {  // counted until the coroutine is back
        int& jobs;
        explicit Running(int& count) : jobs(count) { ++jobs; }
        ~Running() { --jobs; }
    };
    std::conditional_t<std::is_void_v<Value>, bool, std::optional<Value>> value = {};
    std::exception_ptr thrown;
    {
        const Running running(jobs_);
        co_await Awaited<void>([&](auto done) {
            return start_work(
                stream_,
                [&] {
                    try {
                        if constexpr (std::is_void_v<Value>)
                            job();
                        else
                            value.emplace(job());
                    } catch (...) {  // another thread's: it goes back to the coroutine
                        thrown = std::current_exception();
                    }
                },
                std::move(done));
        });
    }
    if (cancelled()) throw Cancelled();
    if (thrown) std::rethrow_exception(thrown);
    if constexpr (!std::is_void_v<Value>) co_return std::move(*value);
}

namespace detail {

// What the host knows as the state of an answer or a call: the coroutine and what it works on.
template <class C>
struct Running {
    template <class... Arguments>
    explicit Running(Arguments&&... arguments) : call(std::forward<Arguments>(arguments)...) {}

    // Runs it to where it waits first. It may have ended then.
    void start(task<> begun) noexcept {
        work = std::move(begun);
        if (!work) return call.ended(nullptr);
        call.begin(work);
    }

    static void resume(void* state) noexcept {
        if (state) static_cast<Running*>(state)->call.resume();
    }
    static void cancel(void* state, patchbay_reason) noexcept {
        if (state) static_cast<Running*>(state)->call.cancel();
    }
    static void close(void* state) noexcept { delete static_cast<Running*>(state); }

    C call;
    task<> work;  // goes before what it works on
};

}  // namespace detail
}  // namespace patchbay
