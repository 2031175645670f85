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

bool is_later(int reason) { return reason == EAGAIN || reason == EWOULDBLOCK || reason == EINTR; }

class PlainConnection final : public Connection {
public:
    PlainConnection(FileDescriptor socket, std::string remote, Entrance entrance)
        : Connection(std::move(remote), entrance), socket_(std::move(socket)) {}

    int fd() const override { return socket_.get(); }
    IoResult read(std::span<char> into) override { return plain_read(fd(), into); }
    IoResult write(std::string_view bytes) override { return plain_write(fd(), bytes); }
    void shut_down_writing() override { ::shutdown(fd(), SHUT_WR); }

private:
    FileDescriptor socket_;
};

}  // namespace

IoResult plain_read(int fd, std::span<char> into) {
    const auto count = ::recv(fd, into.data(), into.size(), 0);
    if (count > 0) return {IoResult::State::ok, static_cast<size_t>(count)};
    const bool later = count < 0 && is_later(errno);
    return {later ? IoResult::State::wants_input : IoResult::State::closed};
}

IoResult plain_write(int fd, std::string_view bytes) {
    const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return {IoResult::State::ok, static_cast<size_t>(count)};
    return {is_later(errno) ? IoResult::State::wants_output : IoResult::State::closed};
}

void prepare_client_socket(int fd, Entrance entrance) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (entrance != Entrance::tcp) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent_limit, sizeof not_sent_limit);
}

std::unique_ptr<Connection> plain_connection(FileDescriptor socket, std::string remote,
                                             Entrance entrance) {
    prepare_client_socket(socket.get(), entrance);
    return std::make_unique<PlainConnection>(std::move(socket), std::move(remote), entrance);
}

}  // namespace patchbay::net
