// Accepts connections of one listening socket, a few per turn of the loop.
#pragma once

#include "runtime/net/event_loop.hpp"
#include "runtime/net/listen_socket.hpp"

#include <functional>
#include <memory>

namespace patchbay::net {

class Acceptor final : private Watcher {
public:
    using OnAccept = std::function<void(std::unique_ptr<Connection>)>;

    Acceptor(EventLoop& loop, ListenSocket socket, OnAccept on_accept);
    ~Acceptor() override;
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    void start();  // [loop thread]

private:
    void on_ready(uint32_t events) override;
    void pause();

    EventLoop& loop_;
    ListenSocket socket_;
    OnAccept on_accept_;
    TimerId resume_timer_ = 0;
};

}  // namespace patchbay::net
