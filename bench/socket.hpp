// Sockets of the bench programs: IPv4, non-blocking, closed by their owner.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace bench {

class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&& other) noexcept;
    ~Socket();

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

struct Address {
    std::string host;  // dotted decimal
    uint16_t port = 0;
};

// "127.0.0.1:8080". Throws std::runtime_error when it is something else.
Address parse_address(const std::string& text);

// Both throw std::runtime_error. Port 0 picks a free one; port_of() tells which.
Socket listen_on(const Address& address);
Socket start_connecting(const Address& address);  // writable once connected

uint16_t port_of(const Socket& socket);
void raise_open_file_limit();  // as far as the hard limit allows

int64_t now_us();  // monotonic, the same in all processes of a machine

}  // namespace bench
