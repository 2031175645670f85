// Notices what is stuck inside a plugin, while it still is: lanes, and jobs of the pool.
//
// Logs the instance and its slot when one call has lasted 200 ms, and then every second, each a
// fault of the instance; where instances are made and destroyed, every 5 s. The lane itself counts
// a fault when the call has come back: see plugin_call.hpp. A late job is one, too: see
// job_pool.hpp.
#pragma once

#include <stop_token>
#include <thread>

namespace patchbay::plugins {

class JobPool;

class Watchdog {
public:
    // Its thread looks from now until the destructor has returned. `jobs` is borrowed; nullptr =
    // there are none.
    explicit Watchdog(JobPool* jobs = nullptr);

private:
    static void watch(const std::stop_token& stop, JobPool* jobs);

    std::jthread thread_;
};

}  // namespace patchbay::plugins
