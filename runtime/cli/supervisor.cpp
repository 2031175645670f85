#include "runtime/cli/supervisor.hpp"

#include "runtime/net/event_loop.hpp"

#include <spdlog/spdlog.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace patchbay::cli {

Supervisor Supervisor::of_this_process() {
    const char* socket = std::getenv("NOTIFY_SOCKET");
    Supervisor supervisor(socket ? socket : "");
    unsetenv("NOTIFY_SOCKET");  // no child of ours speaks for us
    return supervisor;
}

void Supervisor::ready(std::string_view status) const {
    tell("READY=1\nSTATUS=" + std::string(status) + "\n");
}

void Supervisor::reloading() const {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds) +
         "\nSTATUS=reading the config again\n");
}

void Supervisor::stopping() const { tell("STOPPING=1\nSTATUS=ending what is open\n"); }

void Supervisor::tell(const std::string& message) const {
    if (socket_.empty()) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) {
        spdlog::warn("NOTIFY_SOCKET is longer than a socket's name may be");
        return;
    }
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@') address.sun_path[0] = '\0';  // an abstract name
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());

    const net::FileDescriptor sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const bool sent = sender && ::sendto(sender.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                         reinterpret_cast<const sockaddr*>(&address), size) >= 0;
    if (!sent) spdlog::warn("cannot tell the supervisor: {}", std::strerror(errno));
}

}  // namespace patchbay::cli
