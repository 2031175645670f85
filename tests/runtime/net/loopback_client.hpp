// A client for tests: a blocking socket whose every wait has a limit.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace patchbay::net::testing {

using namespace std::chrono_literals;

constexpr auto wait_limit = 10s;

// True as soon as `condition` holds; false when it does not within the limit.
template <class Condition>
bool eventually(Condition condition) {
    const auto end = Clock::now() + wait_limit;
    while (!condition()) {
        if (Clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

class LoopbackClient {
public:
    // "http://127.0.0.1:8080" (or https), "http://[::1]:8080" or "unix:/path".
    explicit LoopbackClient(const std::string& address, int receive_buffer = 0) {
        sockaddr_storage name{};
        const socklen_t size = parse(address, name);
        socket_ = FileDescriptor(::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (receive_buffer > 0)
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                         sizeof receive_buffer);
        connected_ = ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&name), size) == 0;
    }

    bool connected() const { return connected_; }
    int fd() const { return socket_.get(); }

    // False when the other side does not take it.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            if (!ready(POLLOUT)) return false;
            const auto count =
                ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0 && errno != EAGAIN) return false;
            if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
        }
        return true;
    }

    // What came up to and with `mark`; what came at all when it never does.
    std::string read_until(std::string_view mark) {
        while (true) {
            const size_t at = received_.find(mark);
            if (at != std::string::npos) return take(at + mark.size());
            if (!read_more()) return take(received_.size());
        }
    }

    // What has come, once anything has; "" at the end.
    std::string read_some() {
        if (received_.empty()) read_more();
        return take(received_.size());
    }

    std::string read_bytes(size_t count) {
        while (received_.size() < count)
            if (!read_more()) break;
        return take(std::min(count, received_.size()));
    }

    // A head and as much body as its Content-Length says.
    std::string read_response() {
        std::string response = read_until("\r\n\r\n");
        const std::string_view name = "Content-Length: ";
        const size_t at = response.find(name);
        if (at == std::string::npos) return response;
        size_t length = 0;
        const char* digits = response.data() + at + name.size();
        std::from_chars(digits, response.data() + response.size(), length);
        return response + read_bytes(length);
    }

    // Everything up to the end that the other side makes.
    std::string read_to_end() {
        while (read_more()) {
        }
        return take(received_.size());
    }

    // The other side has closed (or reset), and sent nothing before.
    bool at_end() { return received_.empty() && !read_more() && ended_; }
    bool was_reset() const { return reset_; }

    void close() { socket_ = FileDescriptor(); }
    void reset() {  // leaves with a RST, as a lost network does
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }
    void end_writing() { ::shutdown(fd(), SHUT_WR); }

private:
    static socklen_t parse(const std::string& address, sockaddr_storage& name) {
        if (address.starts_with("unix:")) {
            auto& path = reinterpret_cast<sockaddr_un&>(name);
            path.sun_family = AF_UNIX;
            std::strncpy(path.sun_path, address.c_str() + 5, sizeof path.sun_path - 1);
            return sizeof path;
        }
        const auto port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
        if (address.starts_with("http://[")) {
            auto& v6 = reinterpret_cast<sockaddr_in6&>(name);
            v6.sin6_family = AF_INET6;
            v6.sin6_addr = in6addr_loopback;
            v6.sin6_port = htons(port);
            return sizeof v6;
        }
        auto& v4 = reinterpret_cast<sockaddr_in&>(name);
        v4.sin_family = AF_INET;
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        v4.sin_port = htons(port);
        return sizeof v4;
    }

    bool ready(short events) const {
        pollfd entry{.fd = fd(), .events = events, .revents = 0};
        return ::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(wait_limit).count())) >
               0;
    }

    bool read_more() {
        if (ended_ || !ready(POLLIN)) return false;
        std::array<char, 16384> bytes;
        const auto count = ::recv(fd(), bytes.data(), bytes.size(), 0);
        ended_ = count <= 0;
        reset_ = count < 0;
        if (count > 0) received_.append(bytes.data(), static_cast<size_t>(count));
        return count > 0;
    }

    std::string take(size_t count) {
        std::string taken = received_.substr(0, count);
        received_.erase(0, count);
        return taken;
    }

    FileDescriptor socket_;
    bool connected_ = false;
    bool ended_ = false;
    bool reset_ = false;
    std::string received_;
};

}  // namespace patchbay::net::testing
