#include "runtime/plugins/bound_job.hpp"

#include "runtime/plugins/job_pool.hpp"
#include "runtime/plugins/owner.hpp"

#include <utility>

namespace patchbay::plugins {

bool BoundJob::start(JobPool& pool) {
    auto run_unless_dropped = [this, stage = stage_] {
        auto waiting = Stage::waiting;
        if (stage->compare_exchange_strong(waiting, Stage::begun, std::memory_order_acq_rel)) run();
    };
    // Forgiven: a job may take its time, and it is its own instance's threads that it takes.
    auto report_late = [instance = owner().instance_ref()] {
        instance->fault("worker.job has not returned for 60 s", FaultWeight::forgiven);
    };
    return pool.post({.whose = &owner().instance(),
                      .run = std::move(run_unless_dropped),
                      .report_late = std::move(report_late)});
}

// From here until complete() the owner stays: this still hangs on it.
void BoundJob::run() {
    std::optional<Error> broken;
    {
        PluginCall frame(owner().instance(), "worker.job", PluginCall::Where::worker,
                         owner().run_id());
        if (!frame.guarded([this] { job_(user_); })) broken = frame.error_of(PATCHBAY_E_INTERNAL);
    }
    owner().lane().post([this, broken = std::move(broken)]() mutable {
        const patchbay_status status = broken ? PATCHBAY_E_INTERNAL : PATCHBAY_OK;
        complete(status, std::move(broken));
    });
}

void BoundJob::abort() {
    auto waiting = Stage::waiting;
    if (!stage_->compare_exchange_strong(waiting, Stage::dropped, std::memory_order_acq_rel))
        return;
    owner().lane().post([this] { complete(PATCHBAY_E_CANCELLED, std::nullopt); });
}

void BoundJob::complete(patchbay_status status, std::optional<Error> broken) {
    owner().call_plugin("worker.done", [&] { done_(user_, status); });
    if (broken) owner().fail(std::move(*broken));
    owner().completed(*this);  // deletes this
}

}  // namespace patchbay::plugins
