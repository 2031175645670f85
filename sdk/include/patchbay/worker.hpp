// Work that blocks: a pool of the host's does it, and the result comes back on the lane.
//
// Threads    start_work() and `done` are [lane]; the job is [worker], and may call [any-thread]
//            functions only.
// Ending     a job that started is heard exactly once. One that has begun cannot be stopped, and
//            its owner stays until it returns: let it look at a flag of yours.
// Errors     stale, cancelled (the owner is ending, or ended before the job began), limit (16 jobs
//            of one owner), wrong_thread, unsupported; internal with what the job threw.
#pragma once

#include <patchbay/completion.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace patchbay {
namespace detail {

struct Work {
    Owner owner;
    std::move_only_function<void()> job;
    Done<void> done;
    std::exception_ptr thrown = {};

    static void run(void* user) noexcept {
        auto* self = static_cast<Work*>(user);
        guarded([&] { self->job(); },
                [&](std::string_view) { self->thrown = std::current_exception(); });
    }

    static void end(void* user, patchbay_status status) noexcept {
        const std::unique_ptr<Work> self(static_cast<Work*>(user));
        guarded(
            [&] {
                if (status < 0)
                    return self->done(failure(code_of(status), "the job did not begin"));
                if (self->thrown) return self->done(std::unexpected(thrown_error(self->thrown)));
                self->done({});
            },
            [&](std::string_view reason) { self->owner.abandon(reason); });
    }
};

}  // namespace detail

// Has `job` run, then `done` called with what became of it.
[[nodiscard]] inline Result<void> start_work(const Owner& owner,
                                             std::move_only_function<void()> job, Done<void> done) {
    const auto* table = owner.host().interfaces().worker;
    if (!table) return detail::no_interface("workers");
    std::unique_ptr<detail::Work> work(
        new detail::Work{.owner = owner, .job = std::move(job), .done = std::move(done)});
    const auto status = table->run(owner.host().raw(), owner.handle(), &detail::Work::run,
                                   &detail::Work::end, work.get());
    if (status < 0) return failure(code_of(status), "the host refused a job");
    work.release();  // end() frees it
    return {};
}

}  // namespace patchbay
