// Accepts connections of one listening socket, a few per turn of the loop.
#pragma once

#include "runtime/net/event_loop.hpp"
#include "runtime/net/listen_socket.hpp"
#include "runtime/net/tls_context.hpp"

#include <functional>
#include <memory>
#include <string>

namespace patchbay::net {

class Acceptor final : private Watcher {
public:
    using OnAccept = std::function<void(std::unique_ptr<Connection>)>;

    // `tls` is for TCP; null = plain there too.
    Acceptor(EventLoop& loop, ListenSocket socket, std::shared_ptr<const CurrentTls> tls,
             OnAccept on_accept);
    ~Acceptor() override;
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    void start();  // [loop thread]

private:
    void on_ready(uint32_t events) override;
    std::unique_ptr<Connection> connection(FileDescriptor accepted, std::string remote) const;
    void pause();

    EventLoop& loop_;
    ListenSocket socket_;
    std::shared_ptr<const CurrentTls> tls_;
    OnAccept on_accept_;
    TimerId resume_timer_ = 0;
};

}  // namespace patchbay::net
