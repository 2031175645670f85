// What one token of an upstream costs until its handler has it: many open streams on one loop, each
// token a chunk of its own, as models send them. The upstream's send() is in it.
#include "runtime/net/http_client.hpp"
#include "runtime/net/resolver.hpp"

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace patchbay::net;

constexpr std::string_view head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Reader final : HttpHandler {
    void on_head(int, const HeaderViews&) override { ++heads; }
    void on_data(std::string_view) override {}
    void on_event(const SseEventView&) override { ++events; }
    void on_done(const patchbay::Error*) override {}

    size_t heads = 0;
    size_t events = 0;
};

// The other end of one stream, on the same loop: answers the request with a head.
struct Stream final : Watcher {
    Stream(EventLoop& of, int accepted) : loop(of), fd(accepted) {
        loop.watch(fd.get(), EPOLLIN, *this);
    }
    ~Stream() override { loop.unwatch(fd.get()); }

    void on_ready(uint32_t) override {
        loop.unwatch(fd.get());
        std::array<char, 4096> request;
        ::recv(fd.get(), request.data(), request.size(), 0);  // small: whole at once
        send(head);
    }
    void send(std::string_view bytes) {
        ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    EventLoop& loop;
    FileDescriptor fd;
};

struct Upstream final : Watcher {
    explicit Upstream(EventLoop& of) : loop(of) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        ::bind(listener.get(), any, size);
        ::listen(listener.get(), 1024);
        ::getsockname(listener.get(), any, &size);
        port = ntohs(address.sin_port);
        loop.watch(listener.get(), EPOLLIN, *this);
    }
    ~Upstream() override { loop.unwatch(listener.get()); }

    void on_ready(uint32_t) override {
        const int accepted = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted >= 0) streams.push_back(std::make_unique<Stream>(loop, accepted));
    }

    EventLoop& loop;
    FileDescriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    uint16_t port = 0;
    std::vector<std::unique_ptr<Stream>> streams;
};

void token_from_upstream(benchmark::State& state) {
    const auto count = static_cast<size_t>(state.range(0));
    const auto batch = static_cast<size_t>(state.range(1));  // tokens to a turn of the loop
    const std::string data = "data: {\"choices\":[{\"delta\":{\"content\":\" token\"}}]}\n\n";
    const std::string token = fmt::format("{:x}\r\n{}\r\n", data.size(), data);
    EventLoop loop;
    Resolver resolver;
    Upstream upstream(loop);
    HttpClient client(loop, resolver);
    Reader reader;
    size_t sent = 0;
    bool goes_on = true;

    for (size_t i = 0; i < count; ++i)
        if (!client.start({.method = "GET",
                           .url = fmt::format("http://127.0.0.1:{}/", upstream.port),
                           .split_sse = true},
                          reader))
            state.SkipWithError("no call");
    loop.after_each_turn([&] {
        if (!goes_on || reader.heads < count || reader.events < sent) return;
        goes_on = state.KeepRunningBatch(static_cast<int64_t>(batch));
        if (!goes_on) return loop.stop();
        for (size_t i = 0; i < batch; ++i, ++sent) upstream.streams[sent % count]->send(token);
    });
    loop.run();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(token_from_upstream)->Args({1, 1})->Args({500, 1})->Args({500, 10});

}  // namespace
