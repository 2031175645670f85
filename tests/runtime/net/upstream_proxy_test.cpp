#include "runtime/net/upstream_proxy.hpp"

#include <gtest/gtest.h>

namespace patchbay::net {
namespace {

TEST(ProxySettings, SendLoopbackAndExceptionsDirectly) {
    const ProxySettings settings{.http = "proxy.example:3128",
                                 .https = "socks5://user:pw@[::1]:9",
                                 .exceptions = "internal.example, .corp"};
    const auto via = [&](const char* url) -> std::string {
        const auto proxy = settings.proxy_for(parse_endpoint(url).value());
        return proxy ? proxy->url + " " + proxy->endpoint.label : "";
    };

    EXPECT_EQ(via("http://127.0.0.1/"), "");
    EXPECT_EQ(via("http://localhost/"), "");
    EXPECT_EQ(via("https://[::1]:8/"), "");
    EXPECT_EQ(via("http://api.internal.example/"), "");
    EXPECT_EQ(via("http://x.CORP/"), "");
    EXPECT_EQ(via("http://notinternal.example/"), "http://proxy.example:3128 proxy.example:3128");
    EXPECT_EQ(via("https://api.example/"), "socks5h://user:pw@[::1]:9 [::1]:9");
}

TEST(ProxySettings, GiveAProxyThatCannotBeParsedNoEndpointRatherThanNoProxy) {
    const ProxySettings settings{.http = "http://bad proxy/", .https = "", .exceptions = ""};

    const auto proxy = settings.proxy_for(parse_endpoint("http://api.example/").value());

    ASSERT_TRUE(proxy);
    EXPECT_EQ(proxy->endpoint.host, "");
}

}  // namespace
}  // namespace patchbay::net
