#include "tests/runtime/plugins/upstream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace patchbay::plugins {

Upstream::Upstream(std::string answer)
    : answer_(std::move(answer)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, plain, size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, plain, &size) != 0)
        throw std::runtime_error("the test's upstream cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

Upstream::~Upstream() {
    eventfd_write(wake_, 1);
    thread_.join();
    close(listener_);
    close(wake_);
}

// One connection after the other is enough for these tests.
void Upstream::serve() {
    while (true) {
        std::array<pollfd, 2> waits{{{listener_, POLLIN, 0}, {wake_, POLLIN, 0}}};
        poll(waits.data(), waits.size(), -1);
        if (waits[1].revents) return;
        const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        serve_one(client);
        close(client);
    }
}

void Upstream::serve_one(int client) {
    std::string request;
    std::array<char, 4096> bytes{};
    while (true) {
        std::array<pollfd, 2> waits{{{client, POLLIN, 0}, {wake_, POLLIN, 0}}};
        poll(waits.data(), waits.size(), -1);
        if (waits[1].revents) return;
        const auto count = recv(client, bytes.data(), bytes.size(), 0);
        if (count <= 0) return journal.add("closed");
        request.append(bytes.data(), static_cast<size_t>(count));
        if (request.find("\r\n\r\n") == std::string::npos) continue;
        request.clear();
        journal.add("request");
        send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    }
}

}  // namespace patchbay::plugins
