// What a call still does when its end is wanted already.
#include "scripted_call.hpp"

#include <atomic>
#include <semaphore>

namespace {

using namespace std::chrono_literals;
using patchbay::AgentCall;
using patchbay::Cancelled;
using patchbay::task;

class CallEndTest : public CallLayerTest {};

// Waits, and has a last word when that is cut off.
task<> poll(AgentCall& call, bool& cut_off) {
    try {
        co_await call.sleep(1h);
    } catch (const Cancelled&) {
        cut_off = true;
    }
    co_await call.write("Stopped early.");
}

TEST_F(CallEndTest, ALastWordAfterTheEndIsNotWrittenWhileAJobStillRuns) {
    host.worker().use_threads();
    std::atomic<bool> begun = false;
    std::binary_semaphore may_end(0);
    const std::function<void()> job = [&] {
        begun = true;
        may_end.acquire();
    };
    bool cut_off = false;
    auto& answer = ask([&](AgentCall& call) -> task<> {
        std::vector<task<>> both;
        both.push_back(call.work(job));
        both.push_back(poll(call, cut_off));
        co_await when_all(std::move(both));
    });
    host.run();
    while (!begun) std::this_thread::yield();

    answer.cancel();
    host.run();
    EXPECT_TRUE(cut_off);
    may_end.release();
    run(answer);

    EXPECT_EQ(answer.text(), "");
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_CANCELLED);
}

}  // namespace
