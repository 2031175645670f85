// What a coroutine of a plugin throws: a failure that is known by its Error, and the end by cancel.
#pragma once

#include <patchbay/error.hpp>

#include <exception>
#include <string>
#include <utility>

namespace patchbay {

// Something failed. What a run() or a call() lets through ends its answer with this error.
class Failed : public std::exception {
public:
    explicit Failed(Error error) : error_(std::move(error)) {}
    Failed(ErrorCode code, std::string message)
        : error_{.code = code, .message = std::move(message)} {}

    const Error& error() const noexcept { return error_; }
    const char* what() const noexcept override { return error_.message.c_str(); }

private:
    Error error_;
};

// The call was cancelled: co_await throws it, so that all is left as by any other failure. It is no
// Failed: who deals with failures by trying something else need not think of it.
class Cancelled : public std::exception {
public:
    const char* what() const noexcept override { return "cancelled"; }
};

// An error whose sentence the end user, or the model that called a tool, may read.
inline Error user_error(ErrorCode code, std::string message) {
    return {.code = code, .message = std::move(message), .user_safe = true};
}

[[noreturn]] inline void raise(Error error) {
    if (error.code == ErrorCode::cancelled) throw Cancelled();
    throw Failed(std::move(error));
}

// What is in it, or throws why there is nothing.
template <class T>
T value_or_raise(Result<T> result) {
    if (!result) raise(std::move(result.error()));
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace patchbay
