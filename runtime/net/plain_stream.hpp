// A stream of bytes over a socket, as it is.
#pragma once

#include "runtime/net/byte_stream.hpp"
#include "runtime/net/event_loop.hpp"

namespace patchbay::net {

class PlainStream final : public ByteStream {
public:
    explicit PlainStream(FileDescriptor socket) : socket_(std::move(socket)) {}  // non-blocking

    Moved read(std::span<char> room) override;
    Moved write(std::string_view bytes) override;
    int descriptor() const override { return socket_.get(); }
    std::string reason() const override;

private:
    Moved failed(int error);

    FileDescriptor socket_;
    int error_ = 0;  // errno
};

}  // namespace patchbay::net
