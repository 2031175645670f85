// Jobs: run in the pool, come back to the lane, and complete exactly once, before close().
#include "runtime/plugins/job_pool.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <semaphore>
#include <stdexcept>
#include <thread>

namespace patchbay::plugins {
namespace {

// A job and its end, made of lambdas; goes with its end.
struct ScriptedJob {
    std::function<void()> job;
    std::function<void(patchbay_status)> done;
};

void run_job(void* user) {
    auto& scripted = *static_cast<ScriptedJob*>(user);
    if (scripted.job) scripted.job();
}

void end_job(void* user, patchbay_status status) {
    const std::unique_ptr<ScriptedJob> scripted(static_cast<ScriptedJob*>(user));
    if (scripted->done) scripted->done(status);
}

class WorkerTest : public LaneTest {
protected:
    WorkerTest() { instance = make_instance(script, "scripted", {.jobs = &pool}); }
    ~WorkerTest() override { gate.release(1000); }

    Answer* open_stream() {
        script.on_open = [this](const auto&, patchbay_stream opened) {
            stream = opened;
            return PATCHBAY_OK;
        };
        return open();
    }
    patchbay_status run(ScriptedJob scripted) {
        auto user = std::make_unique<ScriptedJob>(std::move(scripted));
        const auto status = host_worker.run(script.host, stream, run_job, end_job, user.get());
        if (status == PATCHBAY_OK) static_cast<void>(user.release());
        return status;
    }
    // A job that writes its name, and its end, into the journal.
    ScriptedJob noting(const std::string& name) {
        return {.job = [this, name] { script.journal.add(name); },
                .done =
                    [this, name](patchbay_status status) {
                        script.journal.add(name + " done " + std::to_string(status));
                    }};
    }
    // One that goes on until the gate is opened for it.
    ScriptedJob blocking(const std::string& name) {
        auto scripted = noting(name);
        scripted.job = [this, name] {
            script.journal.add(name);
            gate.acquire();
        };
        return scripted;
    }
    // A job whose `user` is the test itself, and its end.
    static void begin_and_wait(void* user) {
        auto& test = *static_cast<WorkerTest*>(user);
        test.script.journal.add("begun");
        test.gate.acquire();
    }
    static void say_done(void* user, patchbay_status) {
        static_cast<WorkerTest*>(user)->script.journal.add("done");
    }
    // Blocks all threads of the pool.
    void occupy() {
        on_lane([&] {
            EXPECT_EQ(run(blocking("busy")), PATCHBAY_OK);
            EXPECT_EQ(run(blocking("busy")), PATCHBAY_OK);
        });
        ASSERT_TRUE(script.journal.wait_for("busy", 2));
    }
    void finish() {
        on_lane([&] { EXPECT_EQ(script.finish(stream), PATCHBAY_OK); });
    }

    std::counting_semaphore<> gate{0};
    JobPool pool{{.threads = 2, .queue_limit = 8}};
    patchbay_stream stream{};
};

TEST_F(WorkerTest, JobRunsOffTheLaneAndEndsOnIt) {
    ASSERT_TRUE(open_stream());
    std::atomic<bool> job_on_lane{true};
    std::atomic<bool> done_on_lane{false};

    on_lane([&] {
        const auto status = run({.job = [&] { job_on_lane = lane.here(); },
                                 .done =
                                     [&](patchbay_status ended) {
                                         done_on_lane = lane.here();
                                         script.journal.add("done " + std::to_string(ended));
                                     }});
        EXPECT_EQ(status, PATCHBAY_OK);
        EXPECT_EQ(script.journal.count("done"), 0u);  // never from inside the call
    });

    EXPECT_TRUE(script.journal.wait_for("done 0"));
    EXPECT_FALSE(job_on_lane);
    EXPECT_TRUE(done_on_lane);
    finish();
}

TEST_F(WorkerTest, JobMayPostToItsStreamAndMayNotEmitThere) {
    ASSERT_TRUE(open_stream());
    const auto job = [&] {
        EXPECT_EQ(script.emit(stream, "x"), PATCHBAY_E_WRONG_THREAD);
        EXPECT_EQ(run({}), PATCHBAY_E_WRONG_THREAD);
        EXPECT_EQ(script.post(stream, [&](auto) { script.emit(stream, "from the job"); }),
                  PATCHBAY_OK);
    };

    on_lane([&] { run({.job = job, .done = [&](auto) { script.finish(stream); }}); });

    EXPECT_TRUE(listener.journal.wait_for("finish 1"));
    EXPECT_EQ(listener.journal.lines().front(), "1 from the job");
    EXPECT_EQ(log.count("called emit() from a thread that is not its lane"), 1u);
    EXPECT_EQ(log.count("called worker.run() from a thread that is not its lane"), 1u);
}

TEST_F(WorkerTest, RunRefusesWhatItCannotDo) {
    ASSERT_TRUE(open_stream());
    on_lane([&] {
        EXPECT_EQ(host_worker.run(script.host, stream, nullptr, end_job, nullptr),
                  PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(host_worker.run(script.host, stream, run_job, nullptr, nullptr),
                  PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(host_worker.run(script.host, {stream.bits ^ (uint64_t{1} << 40)}, run_job,
                                  end_job, nullptr),
                  PATCHBAY_E_STALE);
        script.finish(stream);
        EXPECT_EQ(run({}), PATCHBAY_E_CANCELLED);
    });
}

TEST_F(WorkerTest, AHostWithoutAPoolSaysSo) {
    instance = make_instance(script);
    ASSERT_TRUE(open_stream());

    on_lane([&] { EXPECT_EQ(run({}), PATCHBAY_E_UNSUPPORTED); });

    finish();
}

TEST_F(WorkerTest, SoManyWaitInThePoolAndNoMore) {
    ASSERT_TRUE(open_stream());
    occupy();
    on_lane([&] {
        for (int i = 0; i < 8; ++i) EXPECT_EQ(run(noting("job")), PATCHBAY_OK);
        EXPECT_EQ(run(noting("job")), PATCHBAY_E_LIMIT);  // the pool's queue
    });

    gate.release(2);

    EXPECT_TRUE(script.journal.wait_for("job done 0", 8));
    finish();
}

TEST_F(WorkerTest, SixteenJobsOfOneOwnerAtATime) {
    JobPool large({.threads = 1, .queue_limit = 100});
    instance = make_instance(script, "scripted", {.jobs = &large});
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        for (int i = 0; i < 16; ++i) EXPECT_EQ(run(blocking("job")), PATCHBAY_OK);
        EXPECT_EQ(run(blocking("job")), PATCHBAY_E_LIMIT);
    });
    gate.release(16);

    EXPECT_TRUE(script.journal.wait_for("job done 0", 16));
    on_lane([&] { EXPECT_EQ(run(noting("next")), PATCHBAY_OK); });
    EXPECT_TRUE(script.journal.wait_for("next done 0"));
    finish();
    EXPECT_TRUE(all_closed());
}

TEST_F(WorkerTest, CancelDropsWhatWaitsAndWaitsForWhatHasBegun) {
    Answer* answer = open_stream();
    ASSERT_TRUE(answer);
    occupy();
    on_lane([&] { EXPECT_EQ(run(noting("waiting")), PATCHBAY_OK); });
    script.on_cancel = [&](auto) {
        EXPECT_EQ(run(noting("late")), PATCHBAY_E_CANCELLED);
        script.finish(stream, PATCHBAY_FINISH_CANCELLED);
    };

    on_lane([&] { answer->cancel(PATCHBAY_REASON_CLIENT); });

    EXPECT_TRUE(script.journal.wait_for("waiting done -17"));
    settle();
    EXPECT_EQ(script.journal.count("close"), 0u);
    gate.release(2);
    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.count("busy done 0"), 2u);
    EXPECT_EQ(script.journal.lines().back(), "close");
}

TEST_F(WorkerTest, AnExceptionOfAJobFailsItsStreamAlone) {
    ASSERT_TRUE(open_stream());
    auto scripted = noting("job");
    scripted.job = [] { throw std::runtime_error("boo"); };

    on_lane([&] { EXPECT_EQ(run(std::move(scripted)), PATCHBAY_OK); });

    EXPECT_TRUE(listener.journal.wait_for("finish 7 internal"));
    EXPECT_TRUE(script.journal.wait_for("cancel 5"));
    EXPECT_EQ(script.journal.count("job done -1"), 1u);
    EXPECT_TRUE(log.wait_for("plugin scripted: worker.job let a C++ exception out: boo"));
    on_lane([&] { script.finish(stream, PATCHBAY_FINISH_CANCELLED); });
    EXPECT_TRUE(script.journal.wait_for("close"));
}

TEST_F(WorkerTest, AJobLeftBehindByAFailedOpenIsNotHeardOf) {
    script.on_open = [this](const auto&, patchbay_stream opened) {
        stream = opened;
        EXPECT_EQ(host_worker.run(script.host, stream, begin_and_wait, say_done,
                                  static_cast<WorkerTest*>(this)),
                  PATCHBAY_OK);
        EXPECT_TRUE(script.journal.wait_for("begun"));
        return PATCHBAY_E_UPSTREAM;
    };

    EXPECT_FALSE(open());
    settle();
    EXPECT_GT(open_handles(), 0u);  // until the job has ended
    gate.release(1);

    EXPECT_TRUE(all_closed());
    EXPECT_EQ(script.journal.count("done"), 0u);
}

TEST_F(WorkerTest, EveryJobOfRacingCancelsEndsOnce) {
    for (size_t round = 1; round <= 200; ++round) {
        Answer* answer = open_stream();
        ASSERT_TRUE(answer);
        std::atomic<int> begun{0};
        std::atomic<int> ended{0};
        script.on_cancel = [&](auto) { script.finish(stream, PATCHBAY_FINISH_CANCELLED); };
        int accepted = 0;
        on_lane([&] {
            for (int i = 0; i < 6; ++i) {
                const auto status = run({.job = [&] { ++begun; },
                                         .done =
                                             [&](patchbay_status how) {
                                                 if (how == PATCHBAY_E_CANCELLED) ++begun;
                                                 ++ended;
                                             }});
                if (status == PATCHBAY_OK) ++accepted;
            }
            answer->cancel(PATCHBAY_REASON_GONE);
        });
        ASSERT_TRUE(script.journal.wait_for("close", round));
        EXPECT_EQ(ended, accepted);
        EXPECT_EQ(begun, accepted);  // each was either run or cancelled
    }
}

TEST(JobPoolTest, StopRunsWhatWaitsAndTakesNoMore) {
    JobPool pool({.threads = 1, .queue_limit = 10});
    std::atomic<int> ran{0};
    for (int i = 0; i < 10; ++i)
        static_cast<void>(pool.post({.whose = &ran, .run = [&] { ++ran; }}));

    EXPECT_TRUE(pool.stop(std::chrono::seconds(20)));

    EXPECT_FALSE(pool.post({.whose = &ran, .run = [&] { ++ran; }}));
    EXPECT_LE(ran, 10);
    EXPECT_EQ(pool.waiting(), 0u);
}

TEST(JobPoolTest, StopDoesNotWaitForeverForAJobThatDoesNotEnd) {
    std::latch release(1);
    JobPool pool({.threads = 1, .queue_limit = 10});
    ASSERT_TRUE(pool.post({.whose = &release, .run = [&] { release.wait(); }}));

    EXPECT_FALSE(pool.stop(std::chrono::milliseconds(1)));

    release.count_down();
    EXPECT_TRUE(pool.stop(std::chrono::seconds(20)));
}

TEST(JobPoolTest, JobsOfOneInstanceThatNeverReturnHoldUpNoOthers) {
    std::latch release(1);
    Journal journal;
    JobPool pool({.threads = 2, .queue_limit = 4});
    const int hog = 0;
    const int fine = 0;
    const auto hang = [&] {
        journal.add("hangs");
        release.wait();
    };
    for (int i = 0; i < 6; ++i) {
        EXPECT_TRUE(pool.post({.whose = &hog, .run = hang}));
        if (i < 2) {
            EXPECT_TRUE(journal.wait_for("hangs", static_cast<size_t>(i) + 1));
        }
    }
    EXPECT_FALSE(pool.post({.whose = &hog, .run = hang}));  // its own queue is full

    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(pool.post({.whose = &fine, .run = [&] { journal.add("fine"); }}));

    EXPECT_TRUE(journal.wait_for("fine", 4));
    EXPECT_EQ(journal.count("hangs"), 2u);
    release.count_down();
    EXPECT_TRUE(journal.wait_for("hangs", 6));
}

// What a plugin's thread-local object does when its thread ends.
struct HangsAtTheEnd {
    ~HangsAtTheEnd() {
        if (!release) return;
        journal->add("hangs");
        release->wait();
    }
    std::latch* release = nullptr;
    Journal* journal = nullptr;
};

TEST(JobPoolTest, AThreadThatHangsInItsEndDoesNotHoldUpWhoWatches) {
    std::latch release(1);
    Journal journal;
    JobPool pool({.threads = 1,
                  .queue_limit = 1,
                  .late_after = std::chrono::milliseconds(0),
                  .linger = std::chrono::milliseconds(1)});
    const int hangs = 0;
    ASSERT_TRUE(pool.post({.whose = &hangs, .run = [&] {
                               thread_local HangsAtTheEnd object;
                               object.release = &release;
                               object.journal = &journal;
                           }}));
    ASSERT_TRUE(journal.wait_for("hangs"));
    const auto begin = [&] {
        journal.add("begun");
        release.wait();
    };
    ASSERT_TRUE(
        pool.post({.whose = &pool, .run = begin, .report_late = [&] { journal.add("late"); }}));
    ASSERT_TRUE(journal.wait_for("begun"));

    while (journal.count("late") == 0) pool.watch();

    release.count_down();
    EXPECT_TRUE(pool.stop(std::chrono::seconds(20)));
}

TEST(JobPoolTest, AJobThatDoesNotReturnIsReportedOnce) {
    std::latch release(1);
    Journal journal;
    JobPool pool({.threads = 1, .queue_limit = 1, .late_after = std::chrono::milliseconds(0)});
    const auto begin = [&] {
        journal.add("begun");
        release.wait();
    };
    ASSERT_TRUE(
        pool.post({.whose = &pool, .run = begin, .report_late = [&] { journal.add("late"); }}));
    ASSERT_TRUE(journal.wait_for("begun"));

    pool.watch();
    pool.watch();

    EXPECT_EQ(journal.count("late"), 1u);
    release.count_down();
}

TEST(JobPoolTest, AThreadThatFindsNothingToDoEndsAndAnotherIsMade) {
    Journal journal;
    JobPool pool({.threads = 1, .queue_limit = 1, .linger = std::chrono::milliseconds(0)});

    for (size_t i = 1; i <= 20; ++i) {
        ASSERT_TRUE(pool.post({.whose = &pool, .run = [&] { journal.add("ran"); }}));
        ASSERT_TRUE(journal.wait_for("ran", i));
        pool.watch();
    }
}

}  // namespace
}  // namespace patchbay::plugins
