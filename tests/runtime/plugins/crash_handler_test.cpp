#include "runtime/plugins/crash_handler.hpp"

#include "runtime/plugins/plugin_call.hpp"
#include "tests/runtime/plugins/script.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <thread>

namespace patchbay::plugins {
namespace {

void crash_in_plugin(int signal) {
    install_crash_handler();
    Script script;
    const auto instance = make_instance(script, "crasher");
    const PluginCall outer(*instance, "provider.open", PluginCall::Where::lane, "run-7");
    const PluginCall inner(*instance, "timer", PluginCall::Where::lane, "run-8");
    std::raise(signal);
}

TEST(CrashHandlerDeathTest, CrashInPluginIsNamed) {
    EXPECT_EXIT(crash_in_plugin(SIGABRT), ::testing::KilledBySignal(SIGABRT),
                "patchbay: SIGABRT in plugin instance crasher, in timer, run run-8");
}

TEST(CrashHandlerDeathTest, EverySignalOfACrashIsHandled) {
    EXPECT_DEATH(crash_in_plugin(SIGSEGV), "patchbay: SIGSEGV in plugin instance crasher");
    EXPECT_DEATH(crash_in_plugin(SIGBUS), "patchbay: SIGBUS in plugin instance crasher");
    EXPECT_DEATH(crash_in_plugin(SIGILL), "patchbay: SIGILL in plugin instance crasher");
    EXPECT_DEATH(crash_in_plugin(SIGFPE), "patchbay: SIGFPE in plugin instance crasher");
}

// The sanitizers have a handler of their own for this.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
int overflow(int depth) {
    volatile char big[4096];
    big[0] = 1;
    return depth == 0 ? 0 : overflow(depth - 1) + big[0];
}

TEST(CrashHandlerDeathTest, StackOverflowInPluginIsNamed) {
    const auto crash = [] {
        install_crash_handler();
        Script script;
        const auto instance = make_instance(script, "crasher");
        const PluginCall call(*instance, "http.data", PluginCall::Where::lane);
        overflow(1'000'000);
    };

    EXPECT_DEATH(crash(), "patchbay: SIGSEGV in plugin instance crasher, in http.data");
}

TEST(CrashHandlerDeathTest, StackOverflowOfAnyOfOurThreadsIsNamed) {
    const auto crash = [](PluginCall::Where where) {
        install_crash_handler();
        Script script;
        const auto instance = make_instance(script, "crasher");
        std::thread([&] {
            const PluginCall call(*instance, "there", where);
            overflow(1'000'000);
        }).join();
    };

    EXPECT_DEATH(crash(PluginCall::Where::control), "SIGSEGV in plugin instance crasher, in there");
    EXPECT_DEATH(crash(PluginCall::Where::worker), "SIGSEGV in plugin instance crasher, in there");
}
#endif

TEST(CrashHandlerDeathTest, CrashOfAThreadOfAPluginsNamesItsLibrary) {
    const auto crash = [] {
        install_crash_handler();
        std::thread([] { std::abort(); }).join();
    };

    EXPECT_EXIT(crash(), ::testing::KilledBySignal(SIGABRT),
                "SIGABRT outside of any call into a plugin, in .*libc");
}

TEST(CrashHandlerDeathTest, CrashElsewhereIsSaidToBeOurs) {
    const auto crash = [] {
        install_crash_handler();
        std::abort();
    };

    EXPECT_EXIT(crash(), ::testing::KilledBySignal(SIGABRT),
                "SIGABRT outside of any call into a plugin");
}

TEST(BreadcrumbTest, InnermostCallIsNamedAndForgottenAfterwards) {
    Script script;
    const auto instance = make_instance(script, "it");
    EXPECT_EQ(current_breadcrumb(), nullptr);

    {
        const PluginCall outer(*instance, "provider.open", PluginCall::Where::lane, "run-7");
        {
            const PluginCall inner(*instance, "timer", PluginCall::Where::lane);
            EXPECT_STREQ(current_breadcrumb()->slot, "timer");
        }
        EXPECT_STREQ(current_breadcrumb()->slot, "provider.open");
        EXPECT_EQ(current_breadcrumb()->run_id, "run-7");
    }

    EXPECT_EQ(current_breadcrumb(), nullptr);
    EXPECT_EQ(CallMark::of_this_thread()->get().started_ns, 0);
}

}  // namespace
}  // namespace patchbay::plugins
