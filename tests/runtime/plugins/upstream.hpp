// An upstream that answers every connection with the same bytes, and then keeps it open.
#pragma once

#include "tests/runtime/plugins/journal.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace patchbay::plugins {

class Upstream {
public:
    // Writes "request" and, when the client is gone, "closed" into the journal.
    explicit Upstream(std::string answer);
    ~Upstream();

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

    Journal journal;

private:
    void serve();
    void serve_one(int client);

    std::string answer_;
    int listener_ = -1;
    int wake_ = -1;  // readable when it is time to stop
    uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace patchbay::plugins
