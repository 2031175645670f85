// patchbay.worker/1 as the plugin sees it: jobs run on a thread of their own.
#include "runtime/validate/host_side.hpp"
#include "runtime/validate/last_words.hpp"

#include <chrono>

namespace patchbay::validate {
namespace {

struct Job {
    Session* session;
    patchbay_job job;
    patchbay_posted done;
    void* user;
    bool threw = false;
};

void run_job(void* user) {
    auto& job = *static_cast<Job*>(user);
    LentMemory lent("worker job", job.session->probe().guards_views());
    const auto start = std::chrono::steady_clock::now();
    job.threw = !job.session->call("worker job", Tag::worker, lent, [&] { job.job(job.user); });
    const auto time = std::chrono::steady_clock::now() - start;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    std::atomic_ref(last_words().job_ms).fetch_add(static_cast<uint64_t>(ms));
}

void job_done(void* user, patchbay_status status) {
    const std::unique_ptr<Job> job(static_cast<Job*>(user));
    LentMemory lent("worker callback", job->session->probe().guards_views());
    job->session->call("worker callback", Tag::lane, lent,
                       [&] { job->done(job->user, job->threw ? PATCHBAY_E_INTERNAL : status); });
}

patchbay_status run(const patchbay_host* host, patchbay_handle owner, patchbay_job job,
                    patchbay_posted done, void* user) {
    auto& session = Session::of(host);
    if (!session.probe().allows("worker.run", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    return start_pending(session, {"worker.run", Refusal::jobs, "no job, or no callback"},
                         Job{&session, job, done, user}, [&](Job* wrapped) -> patchbay_status {
                             if (!job || !done) return PATCHBAY_E_BAD_REQUEST;
                             return inner_table<patchbay_worker_1>(session, PATCHBAY_WORKER_1)
                                 ->run(session.inner(), session.inner_handle(owner), &run_job,
                                       &job_done, wrapped);
                         });
}

const patchbay_worker_1 table = {.run = &run};

}  // namespace

const patchbay_worker_1* wrapped_worker_table() { return &table; }

}  // namespace patchbay::validate
