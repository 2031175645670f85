// One job of a plugin, bound to its stream or request: runs in the pool, and comes back to the
// lane.
#pragma once

#include "runtime/plugins/attachment.hpp"

#include <patchbay/abi/worker.h>
#include <patchbay/error.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace patchbay::plugins {

class JobPool;

class BoundJob final : public Attachment {
public:
    BoundJob(Owner& owner, patchbay_job job, patchbay_posted done, void* user)
        : Attachment(owner, Kind::job), job_(job), done_(done), user_(user) {}

    bool start(JobPool& pool);  // false: too many wait
    void abort() override;      // one that has begun goes on

private:
    // Who gets it first has it: the thread that runs it, or the lane that gives it up.
    enum class Stage { waiting, begun, dropped };

    void run();  // [worker]
    void complete(patchbay_status status, std::optional<Error> broken);

    patchbay_job job_;
    patchbay_posted done_;
    void* user_;
    // The pool's share of it: what was dropped is gone when its turn comes.
    const std::shared_ptr<std::atomic<Stage>> stage_ =
        std::make_shared<std::atomic<Stage>>(Stage::waiting);
};

}  // namespace patchbay::plugins
