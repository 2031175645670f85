// The files of /server/tls: read, checked, and told of.
#pragma once

#include "runtime/config/config.hpp"
#include "runtime/config/problem.hpp"
#include "runtime/net/tls_context.hpp"

#include <memory>
#include <string>
#include <vector>

namespace patchbay::cli {

// Null when the config has no TLS.
config::Checked<std::shared_ptr<const net::TlsContext>> load_tls(const config::Config& config);

// What is allowed but will trouble clients, a sentence each. `tls` may be null.
std::vector<std::string> tls_warnings(const net::TlsContext* tls);

// Says in the log how long the certificate is good for, and what is wrong with it.
void log_tls(const net::TlsContext& tls);

}  // namespace patchbay::cli
