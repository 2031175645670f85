#include "tests/runtime/cli/fake_server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <regex>

namespace patchbay::cli {

FakeServer::FakeServer(const std::string& data_dir, int status, std::string body)
    : reply_("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
             "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
             body) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (data_dir + "/control.sock").c_str(),
                 sizeof address.sun_path - 1);
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    thread_ = std::thread([this] { serve(); });
}

FakeServer::~FakeServer() { stop(); }

std::vector<std::string> FakeServer::stop() {
    if (thread_.joinable()) {
        ::shutdown(socket_, SHUT_RDWR);  // wakes accept()
        thread_.join();
        ::close(socket_);
    }
    return requests_;
}

void FakeServer::serve() {
    for (;;) {
        const int connection = ::accept(socket_, nullptr, nullptr);
        if (connection < 0) return;
        answer(connection);
        ::close(connection);
    }
}

// Reads one request to its end; a connection that only probes sends nothing.
void FakeServer::answer(int connection) {
    std::string request;
    char buffer[4096];
    for (;;) {
        const auto count = ::read(connection, buffer, sizeof buffer);
        if (count <= 0) return;
        request.append(buffer, static_cast<size_t>(count));
        const auto head_end = request.find("\r\n\r\n");
        if (head_end == std::string::npos) continue;
        std::smatch length;
        const bool has_body =
            std::regex_search(request, length, std::regex("Content-Length: (\\d+)"));
        const size_t body = has_body ? std::stoul(length[1]) : 0;
        if (request.size() >= head_end + 4 + body) break;
    }
    requests_.push_back(request);
    [[maybe_unused]] const auto written = ::write(connection, reply_.data(), reply_.size());
}

}  // namespace patchbay::cli
