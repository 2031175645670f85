// Tells who supervises this process (systemd) how the server is: the protocol of sd_notify(3), a
// datagram a message to the socket that $NOTIFY_SOCKET names. Where there is none, nothing happens.
#pragma once

#include <string>
#include <string_view>

namespace patchbay::cli {

// [any-thread]
class Supervisor {
public:
    static Supervisor of_this_process();  // takes $NOTIFY_SOCKET away
    explicit Supervisor(std::string socket) : socket_(std::move(socket)) {}  // "" = none

    void ready(std::string_view status) const;  // started, or reloaded: a line for people
    void reloading() const;                     // ready() follows
    void stopping() const;

private:
    void tell(const std::string& message) const;

    std::string socket_;
};

}  // namespace patchbay::cli
