#include "runtime/net/connection.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace patchbay::net {

namespace {

constexpr int not_sent_limit = 16 * 1024;

IoResult result_of(ssize_t count) {
    if (count >= 0) return {IoResult::State::ok, static_cast<size_t>(count)};
    const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return {later ? IoResult::State::would_block : IoResult::State::closed, 0};
}

class PlainConnection final : public Connection {
public:
    PlainConnection(FileDescriptor socket, std::string remote, Entrance entrance)
        : Connection(std::move(remote), entrance), socket_(std::move(socket)) {}

    int fd() const override { return socket_.get(); }

    IoResult read(std::span<char> into) override {
        const auto count = ::recv(fd(), into.data(), into.size(), 0);
        if (count == 0) return {IoResult::State::closed, 0};
        return result_of(count);
    }

    IoResult write(std::string_view bytes) override {
        return result_of(::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }

    void shut_down_writing() override { ::shutdown(fd(), SHUT_WR); }

private:
    FileDescriptor socket_;
};

}  // namespace

std::unique_ptr<Connection> plain_connection(FileDescriptor socket, std::string remote,
                                             Entrance entrance) {
    const int fd = socket.get();
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (entrance == Entrance::tcp) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent_limit, sizeof not_sent_limit);
    }
    return std::make_unique<PlainConnection>(std::move(socket), std::move(remote), entrance);
}

}  // namespace patchbay::net
