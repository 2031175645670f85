// Connects to upstreams: libcurl's part of a lane. It goes through proxies, tries a name's
// addresses and speaks TLS; what goes over the connection is others' business.
//
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/byte_stream.hpp"
#include "runtime/net/curl_handle.hpp"
#include "runtime/net/curl_multi.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::net {

class Dialer {
public:
    // Hears of each dial that has ended, never from inside dial(), and may do anything.
    using OnEnd = std::function<void(HttpCallId)>;

    Dialer(EventLoop& loop, OnEnd on_end);
    ~Dialer();  // after all that it has given away

    // A dial, under way or ended. Letting go of it closes its connection.
    struct GiveBack {
        Dialer* dialer;
        void operator()(CurlHandle* handle) const { dialer->take_back(handle); }
    };
    using Dial = std::unique_ptr<CurlHandle, GiveBack>;

    // `options` are borrowed until it has ended. `addresses` are the next hop's; empty when that is
    // an address itself.
    Dial dial(HttpCallId call, const HttpCallOptions& options, const Route& route,
              const std::vector<std::string>& addresses);
    // Of a dial that has ended, on the same route: what it was for.
    Result<std::unique_ptr<ByteStream>> connected(Dial dial, const Route& route);

private:
    void take_back(CurlHandle* handle);
    void tell_ended();

    const TrustedAuthorities authorities_ = TrustedAuthorities::from_environment();
    OnEnd on_end_;
    CurlMulti multi_;
    std::vector<std::unique_ptr<CurlHandle>> spare_;
    std::vector<HttpCallId> ended_;  // scratch
};

}  // namespace patchbay::net
