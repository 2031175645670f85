// Several tasks side by side.
//
//   auto [weather, news] = co_await when_all(ask("weather"), ask("news"));
//
// All have ended before the awaiting one goes on, also when one fails: then what the first of
// those that failed threw, in the order of the arguments, comes out of co_await.
// Threads    [lane]: they take turns, each goes on where what it awaits has completed.
#pragma once

#include <patchbay/task.hpp>

#include <tuple>
#include <utility>
#include <vector>

namespace patchbay {
namespace detail {

// Starts what `start(join)` starts, and waits until all of them have ended.
template <class Start>
class Joined {
public:
    Joined(size_t count, Start start) : count_(count), start_(std::move(start)) {}
    Joined(const Joined&) = delete;
    Joined& operator=(const Joined&) = delete;

    bool await_ready() const noexcept { return count_ == 0; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiting) {
        join_.left = count_ + 1;  // one more, so that none goes on before all have started
        join_.waiting = waiting;
        join_.call_end = call_end_of(waiting);
        start_(join_);
        return --join_.left > 0;
    }
    void await_resume() const noexcept {}

private:
    size_t count_;
    Start start_;
    Join join_;
};

template <class Tasks>
auto joined(Tasks& tasks) {
    return Joined(tasks.size(), [&tasks](Join& join) {
        for (auto& task : tasks) task.run(join);
    });
}

}  // namespace detail

template <class T>
task<std::vector<T>> when_all(std::vector<task<T>> tasks) {
    co_await detail::joined(tasks);
    std::vector<T> results;
    results.reserve(tasks.size());
    for (auto& each : tasks) results.push_back(each.await_resume());
    co_return results;
}

inline task<> when_all(std::vector<task<>> tasks) {
    co_await detail::joined(tasks);
    for (auto& each : tasks) each.await_resume();
}

// Of values; for tasks that give none there is the vector.
template <class... T>
requires(sizeof...(T) > 0) task<std::tuple<T...>> when_all(task<T>... tasks) {
    co_await detail::Joined(sizeof...(T), [&](detail::Join& join) { (tasks.run(join), ...); });
    co_return std::tuple<T...>{tasks.await_resume()...};
}

}  // namespace patchbay
