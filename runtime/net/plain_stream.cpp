#include "runtime/net/plain_stream.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace patchbay::net {

ByteStream::Moved PlainStream::read(std::span<char> room) {
    const ssize_t count = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (count > 0) return {.state = State::moved, .bytes = static_cast<size_t>(count)};
    return count == 0 ? Moved{.state = State::closed} : failed(errno);
}

ByteStream::Moved PlainStream::write(std::string_view bytes) {
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return {.state = State::moved, .bytes = static_cast<size_t>(count)};
    return failed(errno);
}

ByteStream::Moved PlainStream::failed(int error) {
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR)
        return {.state = State::would_block};
    error_ = error;
    return {.state = State::broken};
}

std::string PlainStream::reason() const { return std::generic_category().message(error_); }

}  // namespace patchbay::net
