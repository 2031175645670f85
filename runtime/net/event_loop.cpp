#include "runtime/net/event_loop.hpp"

#include "runtime/net/timer_queue.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace patchbay::net {

using namespace std::chrono_literals;

namespace {

constexpr uint64_t wake_tag = UINT64_MAX;    // epoll's data of the eventfd
constexpr auto late = 100ms;                 // a timer that is so long overdue
constexpr int most_looks = 64;               // some stay ready: who is paused does not read
constexpr size_t kept_task_capacity = 4096;  // a burst's memory beyond this is given back

FileDescriptor opened(int fd, const char* what) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
    return FileDescriptor(fd);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        const FileDescriptor closed(fd_);
        fd_ = other.release();
    }
    return *this;
}

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
}

struct EventLoop::Impl {
    // The generation tells an event of this watcher from one that was fetched for the descriptor's
    // former owner earlier in the same turn.
    struct Watched {
        Watcher* watcher = nullptr;
        uint32_t generation = 0;
    };

    FileDescriptor epoll = opened(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    FileDescriptor wake = opened(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
    std::vector<Watched> watched;  // by descriptor
    std::array<epoll_event, 256> ready{};
    TimerQueue timers;
    std::vector<Task> hooks;
    std::vector<Task> running;  // the tasks of this turn
    int64_t wall_ms = 0;        // 0 = not asked for in this turn
    bool has_pwait2 = true;
    std::atomic<std::thread::id> thread;

    std::mutex mutex;  // guards posted and ended
    std::vector<Task> posted;
    bool ended = false;

    // post() sets has_posted and then looks at may_sleep; the loop sets may_sleep and then looks at
    // has_posted. Both are sequentially consistent, so at least one of them sees the other.
    std::atomic<bool> has_posted{false};
    std::atomic<bool> may_sleep{false};
    std::atomic<bool> stopping{false};

    Watched* find(uint64_t tag) {
        const auto fd = static_cast<uint32_t>(tag);
        if (fd >= watched.size()) return nullptr;
        Watched& entry = watched[fd];
        return entry.watcher != nullptr && entry.generation == tag >> 32 ? &entry : nullptr;
    }

    void wake_up() {
        if (!may_sleep.load() || !may_sleep.exchange(false)) return;
        const uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
    }

    int wait(Clock::time_point now);
    int wait_for(std::chrono::nanoseconds time);  // negative: without end
    void run_ready(int count);
    bool is_late(Clock::time_point now) const {
        return !timers.empty() && now - timers.next() > late;
    }
    void run_all_ready();
    void run_posted();
    void run_hooks();
    void end();
};

int EventLoop::Impl::wait(Clock::time_point now) {
    may_sleep.store(true);
    std::chrono::nanoseconds time = -1ns;
    if (has_posted.load() || stopping.load()) {
        time = 0ns;
    } else if (!timers.empty()) {
        // A turn is short: only what is due soon is worth a second look at the clock.
        time = timers.next() - now;
        if (time > 0ns && time < 10ms) time = timers.next() - Clock::now();
        if (time < 0ns) time = 0ns;
    }
    const int count = wait_for(time);
    may_sleep.store(false);
    return count;
}

int EventLoop::Impl::wait_for(std::chrono::nanoseconds time) {
    const auto limit = static_cast<int>(ready.size());
    if (has_pwait2 && time > 0ns) {
        const timespec span{.tv_sec = time / 1s, .tv_nsec = (time % 1s).count()};
        const int count = ::epoll_pwait2(epoll.get(), ready.data(), limit, &span, nullptr);
        if (count >= 0 || errno != ENOSYS) return count;
        has_pwait2 = false;  // a kernel before 5.11
    }
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time).count();
    const int timeout =
        time < 0ns ? -1 : static_cast<int>(std::min<int64_t>(milliseconds, INT32_MAX));
    return ::epoll_wait(epoll.get(), ready.data(), limit, timeout);
}

void EventLoop::Impl::run_ready(int count) {
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = ready[i];
        // The eventfd is edge-triggered: each write is one event, and it need not be read.
        if (event.data.u64 == wake_tag) continue;
        if (const Watched* entry = find(event.data.u64)) entry->watcher->on_ready(event.events);
    }
}

// The process was stopped (SIGSTOP, a debugger), or the machine was too busy for it. What has come
// meanwhile must be read before timers say that nothing came; one look sees a part of it, or none
// when a signal has ended it.
void EventLoop::Impl::run_all_ready() {
    for (int looks = 0; looks < most_looks; ++looks) {
        const int count = wait_for(0ns);
        if (count <= 0) return;
        run_ready(count);
    }
}

void EventLoop::Impl::run_posted() {
    if (!has_posted.load()) return;
    {
        const std::lock_guard lock(mutex);
        running.swap(posted);
        has_posted.store(false);
    }
    for (Task& task : running) {
        task();
        task = nullptr;  // in this order, and before the next one runs
    }
    running.clear();
    if (running.capacity() > kept_task_capacity) running.shrink_to_fit();
}

void EventLoop::Impl::run_hooks() {
    for (size_t i = 0; i < hooks.size(); ++i) hooks[i]();
}

void EventLoop::Impl::end() {
    std::vector<Task> dropped;
    {
        const std::lock_guard lock(mutex);
        ended = true;
        dropped.swap(posted);
    }
    dropped.clear();  // their destructors may post: no lock is held
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = wake_tag;
    if (::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, impl_->wake.get(), &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

EventLoop::~EventLoop() {
    impl_->end();
    impl_->timers.clear();  // while the rest still stands: what the tasks hold may unwatch()
}

void EventLoop::watch(int fd, uint32_t events, Watcher& watcher) {
    assert(fd >= 0);
    if (static_cast<size_t>(fd) >= impl_->watched.size()) impl_->watched.resize(fd + 64);
    Impl::Watched& entry = impl_->watched[fd];
    entry.watcher = &watcher;
    ++entry.generation;

    epoll_event event{};
    event.events = events;
    event.data.u64 = uint64_t{entry.generation} << 32 | static_cast<uint32_t>(fd);
    if (::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0) return;
    if (errno == EEXIST && ::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_MOD, fd, &event) == 0) return;

    // The kernel refuses (out of memory, out of watches): the watcher takes it for a broken socket.
    post([impl = impl_.get(), tag = event.data.u64] {
        if (const Impl::Watched* found = impl->find(tag))
            found->watcher->on_ready(EPOLLERR | EPOLLHUP);
    });
}

void EventLoop::rewatch(int fd, uint32_t events) {
    assert(static_cast<size_t>(fd) < impl_->watched.size() && impl_->watched[fd].watcher);
    epoll_event event{};
    event.events = events;
    event.data.u64 = uint64_t{impl_->watched[fd].generation} << 32 | static_cast<uint32_t>(fd);
    ::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::unwatch(int fd) {
    if (fd < 0 || static_cast<size_t>(fd) >= impl_->watched.size()) return;
    if (std::exchange(impl_->watched[fd].watcher, nullptr) == nullptr) return;
    ::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

TimerId EventLoop::at(Clock::time_point when, Task task) {
    return impl_->timers.add(when, std::move(task));
}

TimerId EventLoop::after(Clock::duration delay, Task task) {
    const auto start = in_loop_thread() ? now_ : Clock::now();  // now_ is old before run()
    return at(start + delay, std::move(task));
}

void EventLoop::cancel(TimerId timer) { impl_->timers.cancel(timer); }

void EventLoop::post(Task task) {
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->ended) return;
        impl_->posted.push_back(std::move(task));
        impl_->has_posted.store(true);
    }
    impl_->wake_up();
}

void EventLoop::after_each_turn(Task hook) { impl_->hooks.push_back(std::move(hook)); }

int64_t EventLoop::unix_ms() const {
    if (impl_->wall_ms == 0) {
        const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
        impl_->wall_ms = std::chrono::floor<std::chrono::milliseconds>(since_epoch).count();
    }
    return impl_->wall_ms;
}

bool EventLoop::in_loop_thread() const {
    return impl_->thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void EventLoop::run() {
    impl_->thread.store(std::this_thread::get_id(), std::memory_order_relaxed);
    now_ = Clock::now();
    while (!impl_->stopping.load()) {
        const int count = impl_->wait(now_);
        now_ = Clock::now();
        impl_->wall_ms = 0;
        impl_->run_ready(count);
        if (impl_->is_late(now_)) impl_->run_all_ready();
        impl_->timers.run_due(now_);
        impl_->run_posted();
        impl_->run_hooks();
    }
    impl_->run_posted();
    impl_->run_hooks();
    impl_->end();
    impl_->thread.store({}, std::memory_order_relaxed);
}

void EventLoop::stop() {
    impl_->stopping.store(true);
    impl_->wake_up();
}

}  // namespace patchbay::net
