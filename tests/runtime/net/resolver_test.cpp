#include "runtime/net/resolver.hpp"

#include "loop_thread.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using Answer = Result<std::vector<std::string>>;

class ResolverTest : public testing::Test {
protected:
    ~ResolverTest() override { resolver.forget(thread.loop()); }

    std::future<Answer> ask(const std::string& host, std::chrono::milliseconds deadline = 15s) {
        auto promise = std::make_shared<std::promise<Answer>>();
        auto future = promise->get_future();
        resolver.resolve(host, deadline, thread.loop(), [this, promise](Answer answer) {
            EXPECT_TRUE(thread.loop().in_loop_thread());
            promise->set_value(std::move(answer));
        });
        return future;
    }

    Answer answer_for(const std::string& host, std::chrono::milliseconds deadline = 15s) {
        auto future = ask(host, deadline);
        if (future.wait_for(20s) != std::future_status::ready)
            return failure(ErrorCode::internal, "no answer");
        return future.get();
    }

    Resolver resolver;
    LoopThread thread;
};

TEST_F(ResolverTest, GivesBackLiteralsAsTheyAre) {
    using Addresses = std::vector<std::string>;

    EXPECT_EQ(answer_for("127.0.0.1").value(), Addresses{"127.0.0.1"});
    EXPECT_EQ(answer_for("::1").value(), Addresses{"::1"});
    EXPECT_EQ(answer_for("[::1]").value(), Addresses{"::1"});
}

TEST_F(ResolverTest, FindsLocalhostAndFindsItAgainInTheCache) {
    const auto first = answer_for("localhost");
    const auto second = answer_for("localhost");

    ASSERT_TRUE(first && second);
    EXPECT_TRUE(first->front() == "::1" || first->front() == "127.0.0.1") << first->front();
    EXPECT_EQ(*first, *second);
}

TEST_F(ResolverTest, SaysUpstreamForANameThatDoesNotExist) {
    const auto answer = answer_for("no-such-host.invalid");

    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().code == ErrorCode::upstream ||
                answer.error().code == ErrorCode::timeout);
    EXPECT_NE(answer.error().message.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(ResolverTest, RefusesAnEmptyName) {
    const auto answer = answer_for("");

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::upstream);
}

TEST_F(ResolverTest, AnswersManyAskersOfOneName) {
    std::vector<std::future<Answer>> futures;

    for (int i = 0; i < 100; ++i) futures.push_back(ask("localhost"));

    for (auto& future : futures) {
        ASSERT_EQ(future.wait_for(20s), std::future_status::ready);
        EXPECT_TRUE(future.get());
    }
}

TEST(ResolverLimits, SaysTimeoutWhenTheDeadlinePasses) {
    Resolver resolver({.threads = 0});  // nobody ever answers
    LoopThread thread;
    std::promise<Answer> promise;

    resolver.resolve("localhost", 20ms, thread.loop(),
                     [&](Answer answer) { promise.set_value(std::move(answer)); });

    auto future = promise.get_future();
    ASSERT_EQ(future.wait_for(20s), std::future_status::ready);
    EXPECT_EQ(future.get().error().code, ErrorCode::timeout);
}

TEST(ResolverLimits, RefusesMoreThanTheLimitAtOnce) {
    Resolver resolver({.threads = 0, .waiting_limit = 1});
    LoopThread thread;
    std::promise<Answer> promise;
    resolver.resolve("one.invalid", 10s, thread.loop(), [](const Answer&) {});

    resolver.resolve("two.invalid", 10s, thread.loop(),
                     [&](Answer answer) { promise.set_value(std::move(answer)); });

    auto future = promise.get_future();
    ASSERT_EQ(future.wait_for(20s), std::future_status::ready);
    EXPECT_EQ(future.get().error().code, ErrorCode::upstream);
}

TEST(ResolverLimits, PostsNothingToALoopThatIsForgotten) {
    auto resolver = std::make_unique<Resolver>();
    {
        LoopThread thread;
        resolver->resolve("forgotten.invalid", 10s, thread.loop(), [](const Answer&) {});
        resolver->forget(thread.loop());
    }

    EXPECT_NO_FATAL_FAILURE(resolver.reset());  // the sanitizers would see a late post
}

}  // namespace
}  // namespace patchbay::net
