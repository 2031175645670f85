#include <patchbay/testing/expectations.hpp>

#include <gtest/gtest.h>

namespace {

using patchbay::ErrorCode;
using patchbay::testing::Expectations;

TEST(ExpectationsTest, WhatIsNotThereIsSaidAndEndsTheProgram) {
    Expectations expect;
    const auto make = [](bool good) -> patchbay::Result<int> {
        if (good) return 7;
        return patchbay::failure(ErrorCode::bad_request, "no such model");
    };

    EXPECT_EQ(expect.value(make(true), "it is made"), 7);
    EXPECT_EXIT(expect.value(make(false), "it is made"), testing::ExitedWithCode(1),
                "it is made: bad_request, no such model");
}

}  // namespace
