// The host's pool: jobs run in a turn of their own, or on threads.
#pragma once

#include <patchbay/abi/worker.h>
#include <patchbay/testing/fake_pending.hpp>

#include <thread>
#include <vector>

namespace patchbay::testing {

class FakeWorker {
public:
    FakeWorker(FakeLane& lane, FakePending& pending) : lane_(lane), pending_(pending) {}

    // Jobs run on threads of their own from now on: wait for them with run_until(). Else each runs
    // in a turn, in which a [lane] function counts as called from a foreign thread all the same.
    void use_threads() { threads_wanted_ = true; }

    // --- for the fake host ----------------------------------------------------------------------
    patchbay_status run(FakeOwner& owner, patchbay_job job, patchbay_posted done, void* user) {
        if (pending_.count(owner, kind) >= 16) return PATCHBAY_E_LIMIT;
        const auto id = pending_.add(owner, kind, std::nullopt, [=](bool cancelled) {
            done(user, cancelled ? PATCHBAY_E_CANCELLED : PATCHBAY_OK);
        });
        if (id == 0) return PATCHBAY_E_STALE;
        lane_.turns.add([=, this] {
            if (!pending_.begin(id)) return;
            if (threads_wanted_) {
                threads_.emplace_back([=, this] {
                    call(job, user);
                    lane_.turns.add([=, this] { pending_.complete(id); });
                });
            } else {
                lane_.turns.call_off_lane([=] { call(job, user); });
                pending_.complete(id);
            }
        });
        return PATCHBAY_OK;
    }

    static constexpr const char* kind = "job";

private:
    static void call(patchbay_job job, void* user) {
        const FakeLane::OffLaneCall here;
        job(user);
    }

    FakeLane& lane_;
    FakePending& pending_;
    bool threads_wanted_ = false;
    std::vector<std::jthread> threads_;  // go first: they use the rest
};

}  // namespace patchbay::testing
