#include "runtime/http/credential_guard.hpp"

#include <gtest/gtest.h>

namespace patchbay::http {
namespace {

using namespace std::chrono_literals;

class CredentialGuardTest : public ::testing::Test {
protected:
    void fail(const std::string& address, int times) {
        for (int i = 0; i < times; ++i) guard.count_failure(address, now);
    }
    bool waits(const std::string& address) { return guard.must_wait(address, 3, now).has_value(); }

    CredentialGuard guard;
    CredentialGuard::Clock::time_point now = CredentialGuard::Clock::now();
};

TEST_F(CredentialGuardTest, WhoFailsTooOftenWaitsForTheMinutesEnd) {
    fail("192.0.2.1", 2);
    EXPECT_FALSE(waits("192.0.2.1"));
    now += 20s;
    fail("192.0.2.1", 1);

    EXPECT_EQ(guard.must_wait("192.0.2.1", 3, now), 40s);
    now += 40s;
    EXPECT_FALSE(waits("192.0.2.1"));
    fail("192.0.2.1", 1);
    EXPECT_FALSE(waits("192.0.2.1"));
}

TEST_F(CredentialGuardTest, OthersDoNotWaitForIt) {
    fail("192.0.2.1", 3);

    EXPECT_TRUE(waits("192.0.2.1"));
    EXPECT_FALSE(waits("192.0.2.2"));
}

TEST_F(CredentialGuardTest, AnIpv6NetworkCountsAsOne) {
    fail("2001:db8:1:2::1", 2);
    fail("2001:db8:1:2:ffff::2", 1);

    EXPECT_TRUE(waits("2001:db8:1:2::3"));
    EXPECT_FALSE(waits("2001:db8:1:3::1"));
}

TEST_F(CredentialGuardTest, Ipv4AddressesOfADualStackSocketAreToldApart) {
    fail("::ffff:192.0.2.1", 3);

    EXPECT_TRUE(waits("::ffff:192.0.2.1"));
    EXPECT_FALSE(waits("::ffff:192.0.2.2"));
}

TEST_F(CredentialGuardTest, NobodyWaitsWithoutALimitOrAnAddress) {
    fail("192.0.2.1", 100);
    fail("", 100);

    EXPECT_FALSE(guard.must_wait("192.0.2.1", 0, now));
    EXPECT_FALSE(waits(""));
}

TEST_F(CredentialGuardTest, ItsMemoryIsBounded) {
    for (int i = 0; i < 200'000; ++i) guard.count_failure("address " + std::to_string(i), now);
    fail("192.0.2.1", 3);

    EXPECT_TRUE(waits("192.0.2.1"));
}

}  // namespace
}  // namespace patchbay::http
