// A server of one answer behind a control socket: enough to see what a command asks.
#pragma once

#include <string>
#include <thread>
#include <vector>

namespace patchbay::cli {

class FakeServer {
public:
    // Listens on data_dir/control.sock and gives the same answer to every request.
    FakeServer(const std::string& data_dir, int status, std::string body);
    ~FakeServer();
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    // The requests, head and body, in order. Ends the server.
    std::vector<std::string> stop();

private:
    void serve();
    void answer(int connection);

    std::string reply_;
    int socket_ = -1;
    std::vector<std::string> requests_;
    std::thread thread_;
};

}  // namespace patchbay::cli
