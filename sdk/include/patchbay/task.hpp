// A coroutine of a plugin: what an agent or a tool does, written from top to bottom.
//
// Life       starts when it is awaited or run(); it goes on where what it awaited has completed, on
//            the lane of its owner. Destroying a task that waits is allowed only after what it
//            waits for has completed: the host closes an answer no earlier.
// Errors     what it throws comes out of co_await, or of the callback that run() was given. To
//            await an empty task, or one a second time, throws std::logic_error.
// Stack      one that ends before it waits goes on in place: a loop of them needs no more stack.
// Threads    [lane].
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

namespace patchbay {

template <class T = void>
class task;

namespace detail {

// How the tasks of one call hear that its end is wanted. Cancelled is thrown into them once; who
// catches it and awaits again waits until the frames go: a loop around it would never end.
class CallEnd {
public:
    bool told() const noexcept { return told_; }  // that it was thrown, and the end is wanted
    void tell() noexcept { told_ = true; }
    virtual bool wanted() const noexcept = 0;
    virtual void parked() noexcept = 0;  // one waits that never goes on

protected:
    ~CallEnd() = default;

private:
    bool told_ = false;
};

// What several tasks that run side by side end in: see when_all.hpp.
struct Join {
    size_t left = 0;
    std::coroutine_handle<> waiting;
    CallEnd* call_end = nullptr;
};

// What the promises of all tasks have in common.
struct TaskPromise {
    // Back to whoever awaits; the frame stays until its task goes.
    struct End {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
            auto& promise = ended.promise();
            if (promise.starting) return std::noop_coroutine();  // await_suspend() goes on
            if (promise.awaiting) return promise.awaiting;
            if (auto* join = promise.join; join && --join->left == 0) return join->waiting;
            if (promise.on_end) std::exchange(promise.on_end, nullptr)(promise.thrown);
            return std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    End final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown = std::current_exception(); }

    std::coroutine_handle<> awaiting;  // empty: run() or a join started it, or nobody yet
    Join* join = nullptr;
    std::move_only_function<void(std::exception_ptr)> on_end;
    std::exception_ptr thrown;
    CallEnd* call_end = nullptr;  // of the call that it belongs to
    bool starting = false;        // by who awaits it
    bool taken = false;           // its result was given away
};

// The call that the awaiting coroutine belongs to; nullptr: none, or it is no task.
template <class Promise>
CallEnd* call_end_of(std::coroutine_handle<Promise> awaiting) noexcept {
    if constexpr (std::derived_from<Promise, TaskPromise>)
        return awaiting.promise().call_end;
    else
        return nullptr;
}

template <class T>
struct TaskPromiseOf : TaskPromise {
    task<T> get_return_object();
    template <class Value = T>  // `co_return {};`
    void return_value(Value&& value) {
        result.emplace(std::forward<Value>(value));
    }
    T take() { return std::move(*result); }

    std::optional<T> result;
};

template <>
struct TaskPromiseOf<void> : TaskPromise {
    task<void> get_return_object();
    void return_void() const noexcept {}
    void take() const noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] task {
public:
    using promise_type = detail::TaskPromiseOf<T>;

    task() = default;
    explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            destroy();
            frame_ = std::exchange(other.frame_, nullptr);
        }
        return *this;
    }
    ~task() { destroy(); }

    explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

    // Starts it; `on_end` hears once how it ended, with what it threw or nullptr. It may destroy
    // the task, but not from inside on_end.
    void run(std::move_only_function<void(std::exception_ptr)> on_end,
             detail::CallEnd* call_end = nullptr) {
        if (!startable()) return on_end(std::make_exception_ptr(nothing()));
        frame_.promise().call_end = call_end;
        frame_.promise().on_end = std::move(on_end);
        frame_.resume();
    }

    // Starts it as one of several that `join` counts.
    void run(detail::Join& join) {
        if (!startable()) {
            --join.left;
            return;
        }
        frame_.promise().call_end = join.call_end;
        frame_.promise().join = &join;
        frame_.resume();
    }

    // co_await: starts it, and gives what it returns.
    bool await_ready() const noexcept { return !startable(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        auto& promise = frame_.promise();
        promise.call_end = detail::call_end_of(awaiting);
        promise.awaiting = awaiting;
        promise.starting = true;
        frame_.resume();
        promise.starting = false;
        return !frame_.done();
    }
    T await_resume() {
        if (!frame_ || std::exchange(frame_.promise().taken, true)) throw nothing();
        if (frame_.promise().thrown) std::rethrow_exception(frame_.promise().thrown);
        return frame_.promise().take();
    }

private:
    bool startable() const noexcept { return frame_ && !frame_.done(); }
    static std::logic_error nothing() {
        return std::logic_error("a task that is empty, or was awaited before");
    }
    void destroy() {
        if (frame_) frame_.destroy();
    }

    std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
task<T> TaskPromiseOf<T>::get_return_object() {
    return task<T>(std::coroutine_handle<TaskPromiseOf<T>>::from_promise(*this));
}

inline task<void> TaskPromiseOf<void>::get_return_object() {
    return task<void>(std::coroutine_handle<TaskPromiseOf<void>>::from_promise(*this));
}

}  // namespace detail
}  // namespace patchbay
