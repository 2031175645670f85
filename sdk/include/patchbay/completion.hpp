// From the host's completions to functions, and from functions to co_await.
//
// For the other headers of the SDK, and for those who wrap an interface that it does not.
#pragma once

#include <patchbay/failed.hpp>
#include <patchbay/owner.hpp>
#include <patchbay/task.hpp>

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace patchbay {

// Hears once how something ended. Destroyed when it has been called, or at once when the start
// failed. What it throws abandons the owner. [lane]
template <class T>
using Done = std::move_only_function<void(Result<T>)>;

namespace detail {

// A Done on its way through the host as a `void*`.
template <class T>
struct Completion {
    Owner owner;
    Done<T> done;

    // What the host's callback does: hands `make()`, a Result<T>, over and frees the completion.
    template <class Make>
    static void deliver(void* user, Make&& make) noexcept {
        const std::unique_ptr<Completion> completion(static_cast<Completion*>(user));
        guarded([&] { completion->done(make()); },
                [&](std::string_view reason) { completion->owner.abandon(reason); });
    }
};

// Calls `start(user)`, a start of the host's whose callback calls Completion<T>::deliver.
template <class T, class Start>
Result<void> start_completion(const Owner& owner, Done<T> done, const char* what, Start&& start) {
    auto completion = std::make_unique<Completion<T>>(owner, std::move(done));
    const patchbay_status status = start(static_cast<void*>(completion.get()));
    if (status < 0) return failure(code_of(status), std::string("the host refused ").append(what));
    completion.release();  // deliver() frees it
    return {};
}

// What was thrown, for those who keep it until they may allocate.
inline Error thrown_error(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& known) {
        return {.code = ErrorCode::internal, .message = known.what()};
    } catch (...) {
        return {.code = ErrorCode::internal, .message = "an exception of an unknown type"};
    }
}

inline std::unexpected<Error> no_interface(const char* what) {
    return failure(ErrorCode::unsupported, std::string("the host has no ").append(what));
}

}  // namespace detail

// co_await Awaited<T>(start): calls `start(done)`; the coroutine goes on when `done` has been
// called, or at once when the start failed. Throws Cancelled, or Failed with the reason. After a
// Cancelled by the end of its call it never goes on: see CallEnd in task.hpp.
template <class T>
class [[nodiscard]] Awaited {
public:
    using Start = std::move_only_function<Result<void>(Done<T>)>;

    explicit Awaited(Start start) : start_(std::move(start)) {}
    Awaited(const Awaited&) = delete;  // the completion keeps its address
    Awaited& operator=(const Awaited&) = delete;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiting) {
        call_end_ = detail::call_end_of(waiting);
        if (call_end_ && call_end_->told()) {
            call_end_->parked();
            return true;
        }
        auto started = start_([this, waiting](Result<T> result) {
            result_.emplace(std::move(result));
            waiting.resume();
        });
        if (started) return true;
        refused_ = true;
        result_.emplace(std::unexpected(std::move(started.error())));
        return false;
    }
    T await_resume() {
        const bool cancelled = !*result_ && result_->error().code == ErrorCode::cancelled;
        // A child that ends as cancelled by itself is no end of the call.
        if (cancelled && call_end_ && (refused_ || call_end_->wanted())) call_end_->tell();
        return value_or_raise(std::move(*result_));
    }

private:
    Start start_;
    std::optional<Result<T>> result_;
    detail::CallEnd* call_end_ = nullptr;
    bool refused_ = false;  // the start
};

}  // namespace patchbay
