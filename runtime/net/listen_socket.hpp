// A listening socket, from the address as the config has it.
#pragma once

#include "runtime/net/connection.hpp"

#include <patchbay/error.hpp>

#include <sys/types.h>

#include <string>
#include <string_view>

namespace patchbay::net {

class ListenSocket {
public:
    // "127.0.0.1:8080", "[::1]:0", "localhost:80", "unix:/run/x.sock". The error is one sentence
    // for the operator: bad_request (malformed), conflict (in use), forbidden, or unavailable.
    // `scheme` is what clients of a TCP address write before it.
    static Result<ListenSocket> open(const std::string& address, std::string_view scheme = "http");

    // A unix socket that only its owner may connect to.
    static Result<ListenSocket> open_control(const std::string& path);

    ListenSocket(ListenSocket&&) noexcept = default;
    ListenSocket& operator=(ListenSocket&&) = delete;
    ~ListenSocket();  // removes the file of a unix socket, unless it is another's by now

    int fd() const { return socket_.get(); }
    const std::string& address() const { return address_; }  // "http://IP:PORT", the real port
    Entrance entrance() const { return entrance_; }

private:
    ListenSocket(FileDescriptor socket, Entrance entrance)
        : socket_(std::move(socket)), entrance_(entrance) {}
    static Result<ListenSocket> open_tcp(const std::string& address, std::string_view scheme);
    static Result<ListenSocket> open_unix(const std::string& path, Entrance entrance);

    FileDescriptor socket_;
    Entrance entrance_;
    std::string address_;
    std::string unix_path_;
    ino_t inode_ = 0;
};

}  // namespace patchbay::net
