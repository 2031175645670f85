#include "runtime/net/resolver.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace patchbay::net {

namespace {

using Addresses = std::vector<std::string>;
using Answer = Result<Addresses>;

std::unexpected<Error> unresolved(const std::string& host, std::string_view reason,
                                  bool retryable) {
    return std::unexpected(Error{.code = ErrorCode::upstream,
                                 .message = fmt::format("could not resolve {}: {}", host, reason),
                                 .retryable = retryable});
}

std::string text_of(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (address->sa_family == AF_INET)
        bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (bytes == nullptr || !inet_ntop(address->sa_family, bytes, text.data(), text.size()))
        return {};
    return text.data();
}

// Asks the system; takes as long as the system takes.
Answer look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failed != 0) return unresolved(host, gai_strerror(failed), failed == EAI_AGAIN);
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);

    Addresses addresses;
    for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
        std::string text = text_of(entry->ai_addr);
        if (!text.empty() && std::ranges::find(addresses, text) == addresses.end())
            addresses.push_back(std::move(text));
    }
    if (addresses.empty()) return unresolved(host, "it has no address", false);
    return addresses;
}

}  // namespace

std::string Resolver::literal(std::string_view host) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    std::string text(host);
    in6_addr address{};
    const bool is_literal = inet_pton(AF_INET, text.c_str(), &address) == 1 ||
                            inet_pton(AF_INET6, text.c_str(), &address) == 1;
    return is_literal ? text : std::string();
}

// The threads share it, and one that is stuck in getaddrinfo() keeps it after the resolver has
// gone.
struct Resolver::Impl {
    // Someone who waits. Callback and timer belong to the loop's thread; whichever of answer and
    // deadline comes first there takes the callback.
    struct Waiter {
        EventLoop* loop;
        Callback callback;
        TimerId timer = 0;

        void answer(Answer result) {
            if (!callback) return;
            loop->cancel(timer);
            std::exchange(callback, nullptr)(std::move(result));
        }
    };
    using WaiterPointer = std::shared_ptr<Waiter>;

    struct Cached {
        Answer answer;
        Clock::time_point until;
    };

    explicit Impl(ResolverOptions wanted) : options(std::move(wanted)) {}

    void work();
    void keep(const std::string& host, const Answer& answer);
    static void arm(const WaiterPointer& waiter, std::string host,
                    std::chrono::milliseconds deadline);

    const ResolverOptions options;
    std::mutex mutex;  // guards the rest
    std::condition_variable changed;
    std::deque<std::string> queue;                                        // to be looked up
    std::unordered_map<std::string, std::vector<WaiterPointer>> waiting;  // queued or at work
    size_t waiters = 0;
    std::unordered_map<std::string, Cached> cache;
    bool stopping = false;
};

void Resolver::Impl::work() {
    std::unique_lock lock(mutex);
    while (true) {
        changed.wait(lock, [this] { return stopping || !queue.empty(); });
        if (stopping) return;
        const std::string host = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        const Answer answer = options.look_up ? options.look_up(host) : look_up(host);
        lock.lock();
        if (stopping) return;

        keep(host, answer);
        auto entry = waiting.extract(host);
        if (entry.empty()) continue;
        waiters -= entry.mapped().size();
        // Under the lock, so that a loop which is forgotten hears nothing more.
        for (WaiterPointer& waiter : entry.mapped()) {
            EventLoop& loop = *waiter->loop;
            loop.post([waiter = std::move(waiter), answer] { waiter->answer(answer); });
        }
    }
}

void Resolver::Impl::keep(const std::string& host, const Answer& answer) {
    const auto now = Clock::now();
    if (cache.size() >= options.cache_entries) {
        std::erase_if(cache, [now](const auto& entry) { return entry.second.until <= now; });
        if (cache.size() >= options.cache_entries) cache.clear();
    }
    const auto keep_for = answer ? options.cache_for : options.cache_failure_for;
    cache.insert_or_assign(host, Cached{answer, now + keep_for});
}

void Resolver::Impl::arm(const WaiterPointer& waiter, std::string host,
                         std::chrono::milliseconds deadline) {
    waiter->loop->post([waiter, host = std::move(host), until = Clock::now() + deadline]() mutable {
        if (!waiter->callback) return;
        waiter->timer = waiter->loop->at(until, [waiter, host = std::move(host)] {
            waiter->answer(
                std::unexpected(Error{.code = ErrorCode::timeout,
                                      .message = fmt::format("could not resolve {} in time", host),
                                      .retryable = true}));
        });
    });
}

Resolver::Resolver(ResolverOptions options) : impl_(std::make_shared<Impl>(std::move(options))) {
    for (unsigned i = 0; i < impl_->options.threads; ++i)
        // Detached: nothing can interrupt getaddrinfo(), and a resolver must not take as long to go
        // as a name server takes to be silent.
        std::thread([impl = impl_] { impl->work(); }).detach();
}

Resolver::~Resolver() {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->waiting.clear();
    impl_->changed.notify_all();
}

void Resolver::resolve(const std::string& host, std::chrono::milliseconds deadline, EventLoop& loop,
                       Callback callback) {
    const auto answer_now = [&](Answer answer) {
        loop.post([callback = std::move(callback), answer = std::move(answer)]() mutable {
            callback(std::move(answer));
        });
    };
    if (std::string address = literal(host); !address.empty())
        return answer_now(Addresses{std::move(address)});
    if (host.empty() || host.find('\0') != std::string::npos)
        return answer_now(unresolved("the name", "it is empty or has a NUL", false));

    const std::lock_guard lock(impl_->mutex);
    const auto cached = impl_->cache.find(host);
    if (cached != impl_->cache.end() && Clock::now() < cached->second.until)
        return answer_now(cached->second.answer);
    if (impl_->waiters >= impl_->options.waiting_limit)
        return answer_now(unresolved(host, "too many names are being looked up", true));

    auto waiter = std::make_shared<Impl::Waiter>(Impl::Waiter{&loop, std::move(callback)});
    const auto [entry, is_new] = impl_->waiting.try_emplace(host);
    entry->second.push_back(waiter);
    ++impl_->waiters;
    Impl::arm(waiter, host, deadline);
    if (!is_new) return;
    impl_->queue.push_back(host);
    impl_->changed.notify_one();
}

void Resolver::forget(EventLoop& loop) {
    const std::lock_guard lock(impl_->mutex);
    for (auto& [host, list] : impl_->waiting)
        impl_->waiters -= std::erase_if(
            list, [&loop](const Impl::WaiterPointer& waiter) { return waiter->loop == &loop; });
}

}  // namespace patchbay::net
