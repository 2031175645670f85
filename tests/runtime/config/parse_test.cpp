#include "runtime/config/parse.hpp"

#include <gtest/gtest.h>

namespace patchbay::config {
namespace {

// Found by a fuzzer: it was thrown through everything.
TEST(ParseTest, ANumberThatIsTooLargeIsAMistakeAndNoCrash) {
    const auto parsed = parse(R"({"a": 33333E33333333})");

    ASSERT_FALSE(parsed);
    EXPECT_NE(sentences(parsed.error()).find("number that is too large"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::config
