#include "runtime/http/client_address.hpp"

#include <gtest/gtest.h>

namespace patchbay::http {
namespace {

TEST(ClientAddressTest, WithoutTrustedProxiesTheHeaderIsNotBelieved) {
    const TrustedProxies nobody({});

    EXPECT_EQ(nobody.client_of("192.0.2.1", "10.1.1.1"), "192.0.2.1");
    EXPECT_EQ(nobody.client_of("", "10.1.1.1"), "");
}

TEST(ClientAddressTest, TheLastAddressBeforeTheTrustedOnesIsTheClients) {
    const TrustedProxies proxies({"10.0.0.0/8", "2001:db8::/33"});

    EXPECT_EQ(proxies.client_of("10.0.0.1", "192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(proxies.client_of("10.0.0.1", "1.1.1.1, 192.0.2.7 , 10.2.3.4"), "192.0.2.7");
    EXPECT_EQ(proxies.client_of("2001:db8:7fff::1", "2001:db8:8000::1, 10.0.0.2"),
              "2001:db8:8000::1");
    EXPECT_EQ(proxies.client_of("::ffff:10.0.0.1", "192.0.2.7"), "192.0.2.7");
}

TEST(ClientAddressTest, WhatAnUntrustedClientHasPutThereIsNotBelieved) {
    const TrustedProxies proxies({"10.0.0.1"});

    EXPECT_EQ(proxies.client_of("192.0.2.1", "10.0.0.1, 127.0.0.1"), "192.0.2.1");
    EXPECT_EQ(proxies.client_of("10.0.0.1", "127.0.0.1, nonsense"), "10.0.0.1");
    EXPECT_EQ(proxies.client_of("10.0.0.1", ""), "10.0.0.1");
    EXPECT_EQ(proxies.client_of("10.0.0.1", "10.0.0.1"), "10.0.0.1");
}

TEST(ClientAddressTest, APrefixEndsInMidByte) {
    const TrustedProxies proxies({"192.168.4.0/22", "::ffff:172.16.0.0/108"});

    EXPECT_EQ(proxies.client_of("192.168.7.255", "192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(proxies.client_of("192.168.8.0", "192.0.2.7"), "192.168.8.0");
    EXPECT_EQ(proxies.client_of("172.31.0.1", "192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(proxies.client_of("172.32.0.1", "192.0.2.7"), "172.32.0.1");
}

TEST(ClientAddressTest, AUnixSocketIsTrustedByItsName) {
    const TrustedProxies proxies({"unix:"});

    EXPECT_EQ(proxies.client_of("", "192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(proxies.client_of("10.0.0.1", "192.0.2.7"), "10.0.0.1");
}

}  // namespace
}  // namespace patchbay::http
