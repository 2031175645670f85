#include "runtime/net/tls_connection.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <openssl/err.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace patchbay::net {

namespace {

using Poco::Net::SecureStreamSocket;
using State = IoResult::State;

constexpr size_t record_bytes = 16 * 1024;    // the most that one TLS record holds
constexpr size_t bytes_a_write = 256 * 1024;  // then others have their turn

bool is_letter(char byte) { return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'); }

class TlsConnection final : public Connection {
public:
    TlsConnection(FileDescriptor socket, std::string remote, std::shared_ptr<const CurrentTls> tls)
        : Connection(std::move(remote), Entrance::tcp),
          fd_(socket.get()),
          socket_(std::move(socket)),
          tls_(std::move(tls)) {
        handshake_ = Handshake::pending;
    }
    ~TlsConnection() override;

    int fd() const override { return fd_; }
    IoResult read(std::span<char> into) override;
    IoResult write(std::string_view bytes) override;
    void shut_down_writing() override;

private:
    IoResult shake_hands();
    IoResult begin();
    template <class Call>
    IoResult attempt(Call call);

    const int fd_;
    FileDescriptor socket_;  // until `secure_` has it
    std::shared_ptr<const CurrentTls> tls_;
    std::shared_ptr<const TlsContext> context_;
    std::optional<SecureStreamSocket> secure_;
    bool write_waits_ = false;  // for the rest of a record
    bool failed_ = false;
    bool shut_down_ = false;
};

// Poco sends a farewell whenever it closes. Where the answer was cut off, that would be a lie: the
// socket is shut before. OpenSSL's queue of errors is the thread's, who has other uses for it.
TlsConnection::~TlsConnection() {
    if (!secure_) return;
    if (!shut_down_) ::shutdown(fd_, SHUT_RDWR);
    secure_.reset();
    ERR_clear_error();
}

IoResult TlsConnection::read(std::span<char> into) {
    if (!shut_down_) {
        const IoResult ready = shake_hands();
        if (ready.state != State::ok) return ready;
    }
    if (shut_down_ || handshake_ == Handshake::not_tls) return plain_read(fd_, into);
    // OpenSSL 3.0 would answer a client's key update at once, and trip over the record that is
    // still to be written ("bad length").
    if (write_waits_) return {State::wants_output};

    const IoResult result =
        attempt([&] { return secure_->receiveBytes(into.data(), static_cast<int>(into.size())); });
    holds_more_ = result.state == State::ok && secure_->available() > 0;
    return result;
}

IoResult TlsConnection::write(std::string_view bytes) {
    const IoResult ready = shake_hands();
    if (ready.state != State::ok) return ready;
    if (handshake_ == Handshake::not_tls) return plain_write(fd_, bytes);

    bytes = bytes.substr(0, bytes_a_write);
    size_t sent = 0;
    while (sent < bytes.size()) {
        const std::string_view record = bytes.substr(sent, record_bytes);
        const IoResult result = attempt(
            [&] { return secure_->sendBytes(record.data(), static_cast<int>(record.size())); });
        write_waits_ = result.state == State::wants_output;
        if (result.state != State::ok && sent == 0) return result;
        if (result.state != State::ok) break;
        sent += result.bytes;
    }
    return {State::ok, sent};
}

void TlsConnection::shut_down_writing() {
    if (std::exchange(shut_down_, true)) return;
    holds_more_ = false;
    if (secure_ && handshake_ == Handshake::done && !failed_) {
        attempt([&] {
            secure_->shutdown();
            return 1;
        });
    }
    ::shutdown(fd_, SHUT_WR);
}

// `ok` = bytes may be exchanged.
IoResult TlsConnection::shake_hands() {
    if (failed_) return {State::closed};
    if (handshake_ != Handshake::pending) return {};
    if (!secure_) {
        const IoResult begun = begin();
        if (begun.state != State::ok || handshake_ == Handshake::not_tls) return begun;
    }
    const IoResult result = attempt([&] { return secure_->completeHandshake(); });
    if (result.state == State::ok) handshake_ = Handshake::done;
    return result;
}

IoResult TlsConnection::begin() {
    char first = 0;
    const auto count = ::recv(fd_, &first, 1, MSG_PEEK);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {State::wants_input};
    if (count <= 0) return {State::closed};
    if (is_letter(first)) {
        handshake_ = Handshake::not_tls;
        return {};
    }
    context_ = std::exchange(tls_, nullptr)->get();
    return attempt([&] {
        // Poco asks its own flag, not the socket, whether it may block.
        Poco::Net::StreamSocket plain(new Poco::Net::StreamSocketImpl(socket_.release()));
        plain.setBlocking(false);
        secure_ = SecureStreamSocket::attach(plain, context_->poco());
        return 1;
    });
}

// Calls Poco. An error that an earlier call left, in OpenSSL's queue or in errno, would be taken
// for this one's; Poco even repeats a call that has failed for good while errno says EINTR.
template <class Call>
IoResult TlsConnection::attempt(Call call) {
    ERR_clear_error();
    errno = 0;
    try {
        const int count = call();
        if (count > 0) return {State::ok, static_cast<size_t>(count)};
        if (count == SecureStreamSocket::ERR_SSL_WANT_READ) return {State::wants_input};
        if (count == SecureStreamSocket::ERR_SSL_WANT_WRITE) return {State::wants_output};
        return {State::closed};  // the client's farewell
    } catch (const Poco::Exception&) {
        failed_ = true;  // a broken connection, or bytes that are no TLS: nothing to report
        return {State::closed};
    }
}

}  // namespace

std::unique_ptr<Connection> tls_connection(FileDescriptor socket, std::string remote,
                                           std::shared_ptr<const CurrentTls> tls) {
    prepare_client_socket(socket.get(), Entrance::tcp);
    return std::make_unique<TlsConnection>(std::move(socket), std::move(remote), std::move(tls));
}

}  // namespace patchbay::net
