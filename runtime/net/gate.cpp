#include "runtime/net/gate.hpp"

#include "runtime/net/acceptor.hpp"
#include "runtime/net/sessions.hpp"

#include <thread>
#include <utility>

namespace patchbay::net {

using namespace std::chrono_literals;

struct Gate::Impl {
    Impl(Gate& gate, GateOptions given, Handler called)
        : options(std::move(given)),
          handler(std::move(called)),
          sessions(gate, loop, options, handler) {}

    Result<void> open(Result<ListenSocket> socket);
    void close_after_flush();

    const GateOptions options;
    const Handler handler;
    EventLoop loop;
    Sessions sessions;
    std::vector<std::unique_ptr<Acceptor>> acceptors;
    std::vector<std::string> addresses;
    bool closing = false;
    std::jthread thread;
};

Result<void> Gate::Impl::open(Result<ListenSocket> socket) {
    if (!socket) return std::unexpected(socket.error());
    if (socket->entrance() != Entrance::control) addresses.push_back(socket->address());
    acceptors.push_back(std::make_unique<Acceptor>(
        loop, std::move(*socket), options.tls,
        [this](std::unique_ptr<Connection> connection) { sessions.admit(std::move(connection)); }));
    return {};
}

// [gate] What is being written gets a second.
void Gate::Impl::close_after_flush() {
    acceptors.clear();
    sessions.set_draining();
    sessions.close_all();
    closing = true;
    loop.after(1s, [this] { loop.stop(); });
}

Gate::Gate(GateOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(*this, std::move(options), std::move(handler))) {}

Gate::~Gate() { stop(); }

Result<void> Gate::start() {
    const auto* scheme = impl_->options.tls ? "https" : "http";
    for (const std::string& address : impl_->options.listen)
        if (auto opened = impl_->open(ListenSocket::open(address, scheme)); !opened) return opened;
    if (const std::string& path = impl_->options.control_socket; !path.empty())
        if (auto opened = impl_->open(ListenSocket::open_control(path)); !opened) return opened;

    impl_->thread = std::jthread([impl = impl_.get()] {
        impl->sessions.begin();
        for (auto& acceptor : impl->acceptors) acceptor->start();
        impl->loop.after_each_turn([impl] {
            if (impl->closing && !impl->sessions.any_writing()) impl->loop.stop();
        });
        impl->loop.run();
    });
    return {};
}

const std::vector<std::string>& Gate::addresses() const { return impl_->addresses; }

void Gate::give_back(std::unique_ptr<Connection> connection) {
    take_back(std::move(connection), {}, true);
}

void Gate::take_back(std::unique_ptr<Connection> connection, std::string unsent, bool keep_alive) {
    impl_->loop.post([impl = impl_.get(), connection = std::move(connection),
                      unsent = std::move(unsent), keep_alive]() mutable {
        impl->sessions.take_back(std::move(connection), std::move(unsent), keep_alive);
    });
}

bool Gate::draining() const { return impl_->sessions.draining(); }

void Gate::drain() {
    impl_->sessions.set_draining();
    impl_->loop.post([impl = impl_.get()] {
        impl->acceptors.clear();
        impl->sessions.drain();
    });
}

void Gate::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->loop.post([impl = impl_.get()] { impl->close_after_flush(); });
    impl_->thread.join();
}

const GateCounters& Gate::counters() const { return impl_->sessions.counters(); }

}  // namespace patchbay::net
