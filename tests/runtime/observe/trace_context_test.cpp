#include "runtime/observe/trace_context.hpp"

#include <gtest/gtest.h>

namespace patchbay::observe {
namespace {

constexpr auto good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContextTest, AHeaderIsReadAndWrittenAgain) {
    const auto context = parse_traceparent(good);

    ASSERT_TRUE(context);
    EXPECT_EQ(hex(context->trace_id), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(hex(context->span_id), "b7ad6b7169203331");
    EXPECT_EQ(context->flags, 1);
    EXPECT_EQ(traceparent_of(*context), good);
}

TEST(TraceContextTest, ALaterVersionIsReadByWhatTheFirstSays) {
    const std::string later = "cc" + std::string(good).substr(2);

    EXPECT_EQ(parse_traceparent(later), parse_traceparent(good));
    EXPECT_EQ(parse_traceparent(later + "-what-comes-later"), parse_traceparent(good));
    EXPECT_FALSE(parse_traceparent(later + "x"));
}

TEST(TraceContextTest, WhatIsNoneIsNotRead) {
    for (const std::string bad :
         {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
          "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
          "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
          "x0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
        EXPECT_FALSE(parse_traceparent(bad)) << bad;
    }
}

TEST(TraceContextTest, WorkBeginsInItsCallersTraceWithASpanOfItsOwn) {
    const auto parent = *parse_traceparent(good);

    const auto first = begin_span(parent);
    const auto second = begin_span(parent);

    EXPECT_EQ(first.trace_id, parent.trace_id);
    EXPECT_EQ(first.flags, parent.flags);
    EXPECT_NE(first.span_id, parent.span_id);
    EXPECT_NE(first.span_id, second.span_id);
    EXPECT_EQ(parse_traceparent(traceparent_of(first)), first);
}

}  // namespace
}  // namespace patchbay::observe
