#include "runtime/net/route.hpp"

#include <fmt/format.h>

#include <cctype>

namespace patchbay::net {

bool Route::uses_tls() const {
    return upstream.scheme == "https" || (proxy && proxy->endpoint.scheme == "https");
}

bool Route::asks_proxy() const {
    return proxy && proxy->speaks_http() && upstream.scheme == "http";
}

std::string Route::key() const {
    std::string host = upstream.host;
    for (char& c : host) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return fmt::format("{} {}%{} {} {} {}", upstream.scheme, host, upstream.zone, upstream.port,
                       public_only ? "public" : "any", proxy ? proxy->url : "");
}

}  // namespace patchbay::net
