// A client's connection through TLS, on Poco's SecureStreamSocket.
#pragma once

#include "runtime/net/connection.hpp"
#include "runtime/net/tls_context.hpp"

#include <memory>
#include <string>

namespace patchbay::net {

// Nothing is allocated for TLS before the client's first byte: then the handshake begins, with the
// certificate of that moment, and read() and write() carry it on. A client whose first byte is a
// letter speaks plain HTTP (Handshake::not_tls). The process must ignore SIGPIPE: Poco writes with
// write().
std::unique_ptr<Connection> tls_connection(FileDescriptor socket, std::string remote,
                                           std::shared_ptr<const CurrentTls> tls);

}  // namespace patchbay::net
