#include "runtime/net/listen_socket.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

namespace patchbay::net {

namespace {

constexpr int backlog = 1024;

using Addresses = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { ::freeaddrinfo(list); })>;

struct HostAndPort {
    std::string host;
    std::string port;
};

Result<HostAndPort> split(const std::string& address) {
    const auto malformed = failure(
        ErrorCode::bad_request,
        fmt::format("\"{}\" is not an address to listen on: write it as 127.0.0.1:8080, [::1]:8080 "
                    "or unix:/path",
                    address));
    const size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0) return malformed;
    HostAndPort parts{address.substr(0, colon), address.substr(colon + 1)};
    if (parts.host.front() == '[' && parts.host.back() == ']')
        parts.host = parts.host.substr(1, parts.host.size() - 2);
    else if (parts.host.find(':') != std::string::npos)
        return malformed;  // IPv6 without brackets: which colon is the last?

    uint16_t port = 0;
    const char* end = parts.port.data() + parts.port.size();
    const auto [stopped, failed] = std::from_chars(parts.port.data(), end, port);
    if (failed != std::errc() || stopped != end || parts.host.empty()) return malformed;
    return parts;
}

// Why bind() or listen() failed, for the one who has to mend it.
std::unexpected<Error> cannot_listen(const std::string& address, int reason) {
    switch (reason) {
        case EADDRINUSE:
            return failure(ErrorCode::conflict,
                           fmt::format("cannot listen on {}: the address is in use, perhaps by "
                                       "another server; stop it or choose another address",
                                       address));
        case EACCES:
        case EPERM:
            return failure(ErrorCode::forbidden,
                           fmt::format("cannot listen on {}: permission denied", address));
        case EADDRNOTAVAIL:
            return failure(
                ErrorCode::bad_request,
                fmt::format("cannot listen on {}: this machine has no such address", address));
        default:
            return failure(ErrorCode::unavailable,
                           fmt::format("cannot listen on {}: {}", address, std::strerror(reason)));
    }
}

std::string bound_address(int fd, std::string_view scheme) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
    char host[INET6_ADDRSTRLEN] = "";
    if (bound.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(bound);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
        return fmt::format("{}://[{}]:{}", scheme, host, ntohs(v6.sin6_port));
    }
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(bound);
    ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return fmt::format("{}://{}:{}", scheme, host, ntohs(v4.sin_port));
}

// Somebody listens on the unix socket, or its file could be another's; else its file is removed.
bool taken(const sockaddr_un& name) {
    struct stat info {};
    if (::lstat(name.sun_path, &info) != 0) return false;
    if (!S_ISSOCK(info.st_mode)) return true;
    const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int connected =
        ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
    if (connected == 0 || errno != ECONNREFUSED) return true;
    ::unlink(name.sun_path);
    return false;
}

}  // namespace

Result<ListenSocket> ListenSocket::open(const std::string& address, std::string_view scheme) {
    if (address.starts_with("unix:")) return open_unix(address.substr(5), Entrance::unix_socket);
    return open_tcp(address, scheme);
}

Result<ListenSocket> ListenSocket::open_control(const std::string& path) {
    return open_unix(path, Entrance::control);
}

Result<ListenSocket> ListenSocket::open_tcp(const std::string& address, std::string_view scheme) {
    const auto parts = split(address);
    if (!parts) return std::unexpected(parts.error());

    addrinfo wanted{};
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int failed = ::getaddrinfo(parts->host.c_str(), parts->port.c_str(), &wanted, &list))
        return failure(ErrorCode::bad_request,
                       fmt::format("cannot listen on {}: {}", address, ::gai_strerror(failed)));
    const Addresses found(list);

    FileDescriptor socket(
        ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return cannot_listen(address, errno);
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (found->ai_family == AF_INET6)
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket.get(), backlog) != 0)
        return cannot_listen(address, errno);

    ListenSocket opened(std::move(socket), Entrance::tcp);
    opened.address_ = bound_address(opened.fd(), scheme);
    return opened;
}

Result<ListenSocket> ListenSocket::open_unix(const std::string& path, Entrance entrance) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof name.sun_path)
        return failure(ErrorCode::bad_request,
                       fmt::format("cannot listen on unix:{}: the path must have 1 to {} bytes",
                                   path, sizeof name.sun_path - 1));
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
    if (taken(name)) return cannot_listen("unix:" + path, EADDRINUSE);

    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
        return cannot_listen("unix:" + path, errno);
    ListenSocket opened(std::move(socket), entrance);
    opened.address_ = "unix:" + path;
    opened.unix_path_ = path;
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) opened.inode_ = info.st_ino;

    // Before listen(): nobody gets in while the mode is still the umask's.
    if (entrance == Entrance::control && ::chmod(path.c_str(), 0600) != 0)
        return cannot_listen("unix:" + path, errno);
    if (::listen(opened.fd(), backlog) != 0) return cannot_listen("unix:" + path, errno);
    return opened;
}

ListenSocket::~ListenSocket() {
    if (!socket_ || unix_path_.empty()) return;
    struct stat info {};
    if (::stat(unix_path_.c_str(), &info) == 0 && info.st_ino == inode_)
        ::unlink(unix_path_.c_str());
}

}  // namespace patchbay::net
