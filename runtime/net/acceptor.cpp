#include "runtime/net/acceptor.hpp"

#include "runtime/net/tls_connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace patchbay::net {

using namespace std::chrono_literals;

namespace {

constexpr int accepts_per_turn = 32;  // those that are connected get their turn too

std::string remote_of(const sockaddr_storage& from) {
    char text[INET6_ADDRSTRLEN] = "";
    if (from.ss_family == AF_INET)
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text,
                    sizeof text);
    else if (from.ss_family == AF_INET6)
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, text,
                    sizeof text);
    return text;
}

}  // namespace

Acceptor::Acceptor(EventLoop& loop, ListenSocket socket, std::shared_ptr<const CurrentTls> tls,
                   OnAccept on_accept)
    : loop_(loop),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      on_accept_(std::move(on_accept)) {}

Acceptor::~Acceptor() {
    loop_.cancel(resume_timer_);
    loop_.unwatch(socket_.fd());
}

void Acceptor::start() { loop_.watch(socket_.fd(), EPOLLIN, *this); }

void Acceptor::on_ready(uint32_t) {
    for (int i = 0; i < accepts_per_turn; ++i) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        FileDescriptor accepted(::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&from), &size,
                                          SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (accepted) {
            on_accept_(connection(std::move(accepted), remote_of(from)));
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause();
        if (errno != ECONNABORTED && errno != EINTR) return;
    }
}

std::unique_ptr<Connection> Acceptor::connection(FileDescriptor accepted,
                                                 std::string remote) const {
    if (tls_ && socket_.entrance() == Entrance::tcp)
        return tls_connection(std::move(accepted), std::move(remote), tls_);
    return plain_connection(std::move(accepted), std::move(remote), socket_.entrance());
}

// Out of descriptors: the connection stays in the backlog, and the socket stays ready. Without a
// pause the loop would spin on it until one is closed.
void Acceptor::pause() {
    const int reason = errno;
    loop_.rewatch(socket_.fd(), 0);
    loop_.cancel(resume_timer_);
    resume_timer_ = loop_.after(50ms, [this] { loop_.rewatch(socket_.fd(), EPOLLIN); });
    errno = reason;
}

}  // namespace patchbay::net
