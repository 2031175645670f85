// Name resolution beside the lanes: a few threads of its own, a cache, a deadline.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <patchbay/error.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::net {

struct ResolverOptions {
    unsigned threads = 2;
    std::chrono::milliseconds cache_for{60000};  // a name that was found
    std::chrono::milliseconds cache_failure_for{1000};
    size_t cache_entries = 1000;
    size_t waiting_limit = 1000;
    // Asks the system's resolver when it is empty. Called on the resolver's threads, may block.
    std::function<Result<std::vector<std::string>>(const std::string& host)> look_up = {};
};

class Resolver {
public:
    using Callback = std::move_only_function<void(Result<std::vector<std::string>>)>;

    explicit Resolver(ResolverOptions options = {});
    ~Resolver();

    // Addresses of `host`, "127.0.0.1" or "::1", in the system's order of preference. The callback
    // runs on `loop`, once, not before this returns: upstream (no such name, failed) or timeout.
    // IP literals (also in brackets) come back as they are. [any-thread]
    void resolve(const std::string& host, std::chrono::milliseconds deadline, EventLoop& loop,
                 Callback callback);

    // From here on nothing is posted to `loop` and what waited for it is dropped: to be called
    // before a loop goes. [any-thread]
    void forget(EventLoop& loop);

    // The address in `host` when it is an IP literal, without its brackets; else "". [any-thread]
    static std::string literal(std::string_view host);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace patchbay::net
