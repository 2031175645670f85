#include "runtime/http/target.hpp"

#include <gtest/gtest.h>

namespace patchbay::http {
namespace {

TEST(TargetTest, BothFormsNameThePathAndTheQuery) {
    for (const auto* sent : {"/a%2Fb/%63?x=%2B&y", "http://user@host:80/a%2Fb/%63?x=%2B&y"}) {
        const auto target = read_target(sent);

        ASSERT_TRUE(target) << sent;
        EXPECT_EQ(target->raw_path, "/a%2Fb/%63");
        EXPECT_EQ(target->path, "/a/b/c");
        ASSERT_EQ(target->query.size(), 2u);
        EXPECT_EQ(target->query[0], (std::pair<std::string, std::string>("x", "+")));
        EXPECT_EQ(target->query[1].first, "y");
    }
}

TEST(TargetTest, AnAbsoluteFormWithoutAPathMeansTheRoot) {
    for (const auto* sent : {"http://host", "http://host?x=1", "http://host/"})
        EXPECT_EQ(read_target(sent).value_or(Target{}).raw_path, "/") << sent;
}

TEST(TargetTest, WhatHasNoFormOrCannotBeDecodedIsBad) {
    for (const auto* sent :
         {"", "*", "a", "host:80", "ftp://host/", "http://", "http:///a", "http://[::1/a", "/a#b",
          "/%", "/%zz", "/%00", "/%ff", "/%c0%af", "/a?%ff", "/a?b=%ff", "/a?b=%z"}) {
        const auto target = read_target(sent);

        ASSERT_FALSE(target) << sent;
        EXPECT_EQ(target.error().code, ErrorCode::bad_request);
    }
}

}  // namespace
}  // namespace patchbay::http
