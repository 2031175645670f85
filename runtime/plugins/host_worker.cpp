// patchbay.worker/1
#include "runtime/plugins/bound_job.hpp"
#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/owner.hpp"

namespace patchbay::plugins {
namespace {

patchbay_status run(const patchbay_host* host, patchbay_handle owner, patchbay_job job,
                    patchbay_posted done, void* user) noexcept {
    Owner* found = nullptr;
    if (const auto status = find_owner(host, owner, "worker.run()", found); status != PATCHBAY_OK)
        return status;
    if (!job || !done) return PATCHBAY_E_BAD_REQUEST;
    if (const auto status = found->admits(Attachment::Kind::job); status != PATCHBAY_OK)
        return status;
    auto* const pool = found->instance().services().jobs;
    if (!pool) return PATCHBAY_E_UNSUPPORTED;
    auto added = std::make_unique<BoundJob>(*found, job, done, user);
    if (!added->start(*pool)) return PATCHBAY_E_LIMIT;
    found->attach(std::move(added));
    return PATCHBAY_OK;
}

}  // namespace

const patchbay_worker_1 host_worker{.run = run};

}  // namespace patchbay::plugins
