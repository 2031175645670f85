#include "runtime/net/upstream_trust.hpp"

#include <cstdlib>

namespace patchbay::net {

namespace {

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

TrustedAuthorities TrustedAuthorities::from_environment() {
    return {.file = variable("SSL_CERT_FILE"), .folder = variable("SSL_CERT_DIR")};
}

}  // namespace patchbay::net
