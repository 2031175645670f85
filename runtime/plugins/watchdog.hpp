// Notices a lane that is stuck inside a plugin, while it still is.
//
// Logs the instance and its slot when one call has lasted 200 ms, and then every second. The lane
// itself warns when the call has come back: see plugin_call.hpp.
#pragma once

#include <stop_token>
#include <thread>

namespace patchbay::plugins {

class Watchdog {
public:
    Watchdog();  // its thread looks from now until the destructor has returned

private:
    static void watch(const std::stop_token& stop);

    std::jthread thread_;
};

}  // namespace patchbay::plugins
