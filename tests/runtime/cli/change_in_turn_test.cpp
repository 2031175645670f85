#include "runtime/cli/change_in_turn.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace patchbay::cli {
namespace {

class ChangeInTurnTest : public ::testing::Test {
protected:
    // The error that `change` ends with.
    static std::future<std::optional<Error>> begin(net::Workers& control, Change change) {
        auto heard = std::make_shared<std::promise<std::optional<Error>>>();
        auto future = heard->get_future();
        change_in_turn(control, std::move(change), [heard](const http::Changed& changed) {
            heard->set_value(changed ? std::nullopt : changed.error().error);
        });
        return future;
    }
};

TEST_F(ChangeInTurnTest, ChangeThatThrowsIsRefusedAndTheNextOneIsMade) {
    net::Workers control(1, 4);

    const auto broken =
        begin(control, []() -> http::Changed { throw std::runtime_error("a broken part"); }).get();
    const auto next = begin(control, [] { return http::Changed(); }).get();

    ASSERT_TRUE(broken);
    EXPECT_EQ(broken->code, ErrorCode::internal);
    EXPECT_EQ(broken->message, "A bug in patchbay: a broken part");
    EXPECT_FALSE(next);
}

TEST_F(ChangeInTurnTest, ChangeThatIsOneTooManyHearsSoAtOnce) {
    net::Workers control(1, 1);
    std::promise<void> begun;
    std::promise<void> may_end;
    const auto first = begin(control, [&] {
        begun.set_value();
        may_end.get_future().wait();
        return http::Changed();
    });
    begun.get_future().wait();
    const auto second = begin(control, [] { return http::Changed(); });

    auto third = begin(control, [] { return http::Changed(); });
    const bool heard = third.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    may_end.set_value();

    ASSERT_TRUE(heard);
    EXPECT_EQ(third.get()->code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace patchbay::cli
