#include "runtime/net/public_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <stdexcept>
#include <string>

namespace patchbay::net {
namespace {

bool is_public_text(const std::string& text) {
    sockaddr_storage storage{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1)
        storage.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1)
        storage.ss_family = AF_INET6;
    else
        throw std::runtime_error("no address: " + text);
    return is_public(reinterpret_cast<const sockaddr&>(storage));
}

TEST(PublicAddress, LiesInNoSpecialBlock) {
    // Both ends of each block, and what lies next to it where that is public.
    for (const char* text :
         {"0.0.0.0",        "0.255.255.255",   "10.0.0.0",        "10.255.255.255",
          "100.64.0.0",     "100.127.255.255", "127.0.0.1",       "127.255.255.255",
          "169.254.0.0",    "169.254.169.254", "169.254.255.255", "172.16.0.0",
          "172.31.255.255", "192.0.0.0",       "192.0.0.255",     "192.0.2.0",
          "192.0.2.255",    "192.88.99.1",     "192.168.0.0",     "192.168.255.255",
          "198.18.0.0",     "198.19.255.255",  "198.51.100.0",    "198.51.100.255",
          "203.0.113.0",    "203.0.113.255",   "224.0.0.0",       "239.255.255.255",
          "240.0.0.0",      "255.255.255.255"})
        EXPECT_FALSE(is_public_text(text)) << text;
    for (const char* text :
         {"1.0.0.0",        "1.1.1.1",         "8.8.8.8",         "9.255.255.255",
          "11.0.0.0",       "100.63.255.255",  "100.128.0.0",     "126.255.255.255",
          "128.0.0.0",      "169.253.255.255", "169.255.0.0",     "172.15.255.255",
          "172.32.0.0",     "191.255.255.255", "192.0.1.0",       "192.0.3.0",
          "192.88.98.255",  "192.88.100.0",    "192.167.255.255", "192.169.0.0",
          "198.17.255.255", "198.20.0.0",      "198.51.99.255",   "198.51.101.0",
          "203.0.112.255",  "203.0.114.0",     "223.255.255.255"})
        EXPECT_TRUE(is_public_text(text)) << text;
}

TEST(PublicAddress, OfVersion6IsGlobalUnicastAndNothingSpecial) {
    for (const char* text : {"::",
                             "::1",
                             "fc00::",
                             "fd00::1",
                             "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                             "fe80::1",
                             "febf::1",
                             "fec0::1",
                             "ff02::1",
                             "ff0e::1",
                             "100::1",
                             "64:ff9b:1::808:808",
                             "5f00::1",
                             "2001::1",
                             "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                             "2001:10::1",
                             "2001:20::1",
                             "2001:1ff:ffff::1",
                             "2001:db8::1",
                             "2001:db8:ffff::1",
                             "3ffe::1",
                             "3fff::1",
                             "3fff:fff::1",
                             "4000::1",
                             "1fff:ffff::1"})
        EXPECT_FALSE(is_public_text(text)) << text;
    for (const char* text :
         {"2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2001:4860:4860::8888",
          "2606:4700:4700::1111", "2a00:1450:4001:800::200e", "2000::1", "3ffd::1", "3fff:1000::1"})
        EXPECT_TRUE(is_public_text(text)) << text;
}

TEST(PublicAddress, ThatCarriesOneOfVersion4IsWhatThatOneIs) {
    for (const char* text :
         {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
          "64:ff9b::7f00:1", "64:ff9b::192.168.1.1", "64:ff9b::100.64.0.1",
          "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1", "2002:a9fe:a9fe::1"})
        EXPECT_FALSE(is_public_text(text)) << text;
    for (const char* text : {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"})
        EXPECT_TRUE(is_public_text(text)) << text;
    // Forms that nobody uses any more carry nothing.
    for (const char* text : {"::8.8.8.8", "::127.0.0.1", "::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1"})
        EXPECT_FALSE(is_public_text(text)) << text;
}

TEST(PublicAddress, IsNoneAtWhichACloudTellsItsSecrets) {
    for (const char* text : {"168.63.129.16",    // Azure: the one in a public block
                             "169.254.169.254",  // most of them
                             "169.254.170.2",    // Amazon's containers
                             "169.254.0.23",     // Tencent
                             "169.254.42.42",    // Scaleway
                             "100.100.100.200",  // Alibaba
                             "192.0.0.192",      // Oracle
                             "fd00:ec2::254",    // Amazon
                             "fd20:ce::254",     // Google
                             "fd00:42::42",      // Scaleway
                             "fe80::a9fe:a9fe",  // OpenStack
                             "::ffff:168.63.129.16", "64:ff9b::168.63.129.16", "2002:a83f:8110::1"})
        EXPECT_FALSE(is_public_text(text)) << text;
    EXPECT_TRUE(is_public_text("168.63.129.15"));
    EXPECT_TRUE(is_public_text("168.63.129.17"));
}

TEST(PublicAddress, IsAnAddressOfIp) {
    sockaddr other{};
    other.sa_family = AF_UNIX;

    EXPECT_FALSE(is_public(other));
}

}  // namespace
}  // namespace patchbay::net
