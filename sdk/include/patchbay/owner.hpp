// What HTTP calls, timers and posts hang on: a stream or a request.
//
// Life       a value: a handle and whose it is. Copy it freely; when the host's object is gone,
//            every call with it fails with `stale` and does nothing. It refers to the Host, which
//            goes with the instance: a thread of the plugin's own must be joined before that.
// Ending     the host closes the object only after everything that hangs on it has completed.
#pragma once

#include <patchbay/guarded.hpp>
#include <patchbay/host.hpp>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace patchbay {

class Owner {
public:
    const Host& host() const noexcept { return *host_; }
    patchbay_handle handle() const noexcept { return handle_; }
    Log log() const noexcept { return {host_->raw(), host_->interfaces().log, handle_}; }

    // Has `callback(cancelled)` called on the lane, in the order of the posts; `cancelled`: the
    // owner is being closed, and nothing more can be done for it. The callback is destroyed
    // afterwards, or at once when this fails: stale, limit (1,024 are waiting). [any-thread]
    [[nodiscard]] Result<void> post(std::move_only_function<void(bool cancelled)> callback) const;

    // Ends the owner because of a bug in the plugin: a stream fails as `internal`, a request is
    // denied. What a callback throws ends here. [lane]
    void abandon(std::string_view reason) const noexcept { abandon_(*this, reason); }

protected:
    using Abandon = void (*)(const Owner& owner, std::string_view reason) noexcept;

    Owner(const Host& host, patchbay_handle handle, Abandon how) noexcept
        : host_(&host), handle_(handle), abandon_(how) {}

private:
    const Host* host_;
    patchbay_handle handle_;
    Abandon abandon_;
};

namespace detail {

// A callable on its way through the host as a `void*`. It frees itself when it has been called.
struct Posted {
    Owner owner;
    std::move_only_function<void(bool)> callback;

    static void call(void* user, patchbay_status status) noexcept {
        const std::unique_ptr<Posted> posted(static_cast<Posted*>(user));
        guarded([&] { posted->callback(status < 0); },
                [&](std::string_view reason) { posted->owner.abandon(reason); });
    }
};

}  // namespace detail

inline Result<void> Owner::post(std::move_only_function<void(bool)> callback) const {
    const auto* table = host_->interfaces().stream;
    if (!table) return failure(ErrorCode::unsupported, "the host has no streams");

    auto posted = std::make_unique<detail::Posted>(*this, std::move(callback));
    const auto status = table->post(host_->raw(), handle_, &detail::Posted::call, posted.get());
    if (status < 0) return failure(code_of(status), "the host refused a post");
    posted.release();  // call() frees it
    return {};
}

}  // namespace patchbay
