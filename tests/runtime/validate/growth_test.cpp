#include "runtime/validate/growth.hpp"
#include "runtime/validate/process_state.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace patchbay::validate {
namespace {

size_t counted = 0;
size_t count() { return counted; }

TEST(GrowthTest, WhatEachRoundAddsIsTold) {
    counted = 0;

    EXPECT_EQ(growth_of([] { counted += 3; }, &count), 3u);
}

TEST(GrowthTest, WhatIsFilledOnceIsNoGrowth) {
    counted = 0;
    int rounds = 0;

    EXPECT_EQ(growth_of([&] { counted += ++rounds < 10 ? 100 : 0; }, &count), 0u);
}

TEST(GrowthTest, DescriptorsThatStayOpenAreCounted) {
    const auto before = open_descriptors();
    const int opened = open("/dev/null", O_RDONLY | O_CLOEXEC);

    EXPECT_EQ(open_descriptors(), before + 1);

    close(opened);
    EXPECT_EQ(open_descriptors(), before);
}

TEST(GrowthTest, BytesThatAreKeptAreInUse) {
    const auto before = bytes_in_use();
    if (!before) GTEST_SKIP() << "this build's allocator does not say";
    const std::vector<char> kept(100'000);

    EXPECT_GE(*bytes_in_use(), *before + kept.size());
}

TEST(ProcessStateTest, WhatChangedIsNamed) {
    const auto before = process_state();
    setenv("PATCHBAY_GROWTH_TEST", "1", 1);
    const auto changed = process_state();
    unsetenv("PATCHBAY_GROWTH_TEST");

    EXPECT_EQ(changed_between(before, changed), "the environment");
    EXPECT_EQ(changed_between(before, process_state()), "");
}

}  // namespace
}  // namespace patchbay::validate
