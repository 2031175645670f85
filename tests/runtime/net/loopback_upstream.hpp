// An upstream for tests: a listening socket on loopback whose connections are played by a script,
// each on a thread of its own.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace patchbay::net {

inline constexpr std::chrono::seconds patience{20};  // no wait of these tests is longer

// What a peer did before it sent has happened before what it sent is received. ThreadSanitizer does
// not see that through a socket: the peer counts here, and whoever has received looks.
inline std::atomic<int> sends{0};

// The upstream's end of one connection. Blocking, with a limit.
class UpstreamPeer {
public:
    UpstreamPeer(int fd, std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}

    // One request, head and body; "" when the client has closed.
    std::string read_request() {
        while (true) {
            const size_t end = buffer_.find("\r\n\r\n");
            if (end != std::string::npos) {
                const size_t whole = end + 4 + content_length(buffer_.substr(0, end));
                if (buffer_.size() >= whole) {
                    std::string request = buffer_.substr(0, whole);
                    buffer_.erase(0, whole);
                    return request;
                }
            }
            if (!read_more()) return {};
        }
    }

    // This many bytes of what comes; "" when the client has closed before.
    std::string read_bytes(size_t count) {
        while (buffer_.size() < count)
            if (!read_more()) return {};
        std::string bytes = buffer_.substr(0, count);
        buffer_.erase(0, count);
        return bytes;
    }

    // Whatever comes next, at least a byte; "" when the client has closed.
    std::string read_some() {
        if (buffer_.empty() && !read_more()) return {};
        return std::exchange(buffer_, {});
    }

    // False once the client has gone (or the test ends).
    bool send(std::string_view bytes) {
        ++sends;
        while (!bytes.empty()) {
            if (!wait(POLLOUT)) return false;
            const ssize_t sent =
                ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && errno == EAGAIN) continue;
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }

    // How much goes out until the client has not taken anything for `stalled`.
    size_t send_until_stalled(std::string_view pattern, std::chrono::milliseconds stalled) {
        size_t total = 0;
        while (true) {
            pollfd ready{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
            if (::poll(&ready, 1, static_cast<int>(stalled.count())) <= 0) return total;
            const ssize_t sent =
                ::send(fd_.get(), pattern.data(), pattern.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) total += static_cast<size_t>(sent);
            if (sent < 0 && errno != EAGAIN) return total;
        }
    }

    // False when the tests' patience, or the test, ends before.
    bool wait_until_closed() {
        while (read_more()) {
        }
        return closed_;
    }

    void reset() {  // RST instead of FIN
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_ = FileDescriptor();
    }

    void shrink_send_buffer() {
        const int bytes = 8192;
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    }

    bool stopping() const { return stopping_; }

private:
    static size_t content_length(const std::string& head) {
        const size_t at = head.find("Content-Length: ");
        return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    }

    bool wait(short events) {
        const auto limit = std::chrono::steady_clock::now() + patience;
        while (!stopping_ && std::chrono::steady_clock::now() < limit) {
            pollfd ready{.fd = fd_.get(), .events = events, .revents = 0};
            if (::poll(&ready, 1, 20) > 0) return true;
        }
        return false;
    }

    bool read_more() {
        if (!wait(POLLIN)) return false;
        std::array<char, 65536> bytes;
        const ssize_t count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        closed_ = count <= 0;
        if (closed_) return false;
        buffer_.append(bytes.data(), static_cast<size_t>(count));
        return true;
    }

    FileDescriptor fd_;
    std::atomic<bool>& stopping_;
    std::string buffer_;
    bool closed_ = false;  // by the client
};

class LoopbackUpstream {
public:
    using Script = std::function<void(UpstreamPeer&)>;

    explicit LoopbackUpstream(Script script) : script_(std::move(script)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 128) != 0 ||
            ::getsockname(listener_.get(), any, &size) != 0)
            throw std::runtime_error("cannot listen on loopback");
        port_ = ntohs(address.sin_port);
        acceptor_ = std::jthread([this] { accept_all(); });
    }

    ~LoopbackUpstream() {
        stopping_ = true;
        acceptor_.join();
    }

    uint16_t port() const { return port_; }
    std::string url(std::string_view path = "/") const {
        return fmt::format("http://127.0.0.1:{}{}", port_, path);
    }
    int connections() const { return connections_; }

private:
    void accept_all() {
        std::list<std::jthread> peers;
        while (!stopping_) {
            pollfd ready{.fd = listener_.get(), .events = POLLIN, .revents = 0};
            if (::poll(&ready, 1, 20) <= 0) continue;
            const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            ++connections_;
            peers.emplace_back([this, fd] {
                UpstreamPeer peer(fd, stopping_);
                script_(peer);
            });
        }
    }

    Script script_;
    FileDescriptor listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::atomic<bool> stopping_{false};
    std::jthread acceptor_;
};

inline std::string sse_head() {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
           "Transfer-Encoding: chunked\r\n\r\n";
}

inline std::string chunk(std::string_view bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

inline std::string plain_answer(std::string_view body, std::string_view status = "200 OK") {
    return fmt::format("HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                       status, body.size(), body);
}

}  // namespace patchbay::net
