// Which certificate authorities upstreams are believed by: the system's, unless the environment
// names others, as it does for OpenSSL's own tools. libcurl does not look there itself.
#pragma once

#include <string>

namespace patchbay::net {

struct TrustedAuthorities {
    // SSL_CERT_FILE and SSL_CERT_DIR.
    static TrustedAuthorities from_environment();

    std::string file;    // PEM certificates, in place of the system's file; "" = that
    std::string folder;  // hashed ones, in place of the system's folder; "" = that
};

}  // namespace patchbay::net
