// A TLS client for tests. What OpenSSL writes and reads lies in memory, so that a test decides when
// which byte goes over the wire. It trusts every certificate: what is tested is the server.
#pragma once

#include "tests/runtime/net/loopback_client.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::net::testing {

class TlsClient {
public:
    explicit TlsClient(const std::string& address, int receive_buffer = 0)
        : wire_(address, receive_buffer), context_(SSL_CTX_new(TLS_client_method())) {
        ssl_.reset(SSL_new(context_.get()));
        incoming_ = BIO_new(BIO_s_mem());
        outgoing_ = BIO_new(BIO_s_mem());
        BIO_set_mem_eof_return(incoming_, -1);
        SSL_set_bio(ssl_.get(), incoming_, outgoing_);
        SSL_set_connect_state(ssl_.get());
    }

    SSL* ssl() { return ssl_.get(); }
    LoopbackClient& wire() { return wire_; }

    // What OpenSSL would send now; "" when it waits for the server.
    std::string next_flight() {
        SSL_do_handshake(ssl());
        return take_outgoing();
    }

    // `bytes_a_write` = how the client's bytes are cut. False when the server refuses.
    bool shake_hands(size_t bytes_a_write = SIZE_MAX) {
        while (true) {
            const bool done = SSL_do_handshake(ssl()) == 1;
            if (!done && SSL_get_error(ssl(), -1) != SSL_ERROR_WANT_READ) return false;
            std::string flight = take_outgoing();
            for (size_t at = 0; at < flight.size();) {
                const std::string piece = flight.substr(at, bytes_a_write);
                if (!wire_.send(piece)) return false;
                at += piece.size();
            }
            if (done) return true;
            if (!take_from_wire()) return false;
        }
    }

    // Records of up to 16 KiB.
    bool send(std::string_view bytes) {
        if (!SSL_is_init_finished(ssl()) && !shake_hands()) return false;
        SSL_write(ssl(), bytes.data(), static_cast<int>(bytes.size()));
        return wire_.send(take_outgoing());
    }

    // The client renews its key, and asks the server to do the same.
    bool update_key() {
        SSL_key_update(ssl(), SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(ssl());
        return wire_.send(take_outgoing());
    }

    std::string read_until(std::string_view mark) {
        size_t at = 0;
        while ((at = text_.find(mark)) == std::string::npos)
            if (!read_more()) return take(text_.size());
        return take(at + mark.size());
    }

    std::string read_response() {
        std::string response = read_until("\r\n\r\n");
        const std::string_view name = "Content-Length: ";
        const size_t at = response.find(name);
        if (at == std::string::npos) return response;
        size_t length = 0;
        std::from_chars(response.data() + at + name.size(), response.data() + response.size(),
                        length);
        while (text_.size() < length)
            if (!read_more()) break;
        return response + take(std::min(length, text_.size()));
    }

    std::string read_to_end() {
        while (read_more()) {
        }
        return take(text_.size());
    }

    // The end came with a farewell: nothing was cut off.
    bool ended_in_order() const {
        return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    }

    void say_farewell() {
        SSL_shutdown(ssl());
        wire_.send(take_outgoing());
    }

    long serial() {
        X509* certificate = SSL_get1_peer_certificate(ssl());
        const long number = ASN1_INTEGER_get(X509_get0_serialNumber(certificate));
        X509_free(certificate);
        return number;
    }

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    std::string take_outgoing() {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(outgoing_, &bytes);
        std::string text(bytes, static_cast<size_t>(size));
        (void)BIO_reset(outgoing_);
        return text;
    }

    bool take_from_wire() {
        const std::string bytes = wire_.read_some();
        BIO_write(incoming_, bytes.data(), static_cast<int>(bytes.size()));
        return !bytes.empty();
    }

    bool read_more() {
        std::array<char, 16384> bytes;
        while (true) {
            const int count = SSL_read(ssl(), bytes.data(), bytes.size());
            if (count > 0) {
                text_.append(bytes.data(), static_cast<size_t>(count));
                return true;
            }
            if (SSL_get_error(ssl(), count) != SSL_ERROR_WANT_READ) return false;
            if (!take_from_wire()) return false;
        }
    }

    std::string take(size_t count) {
        std::string taken = text_.substr(0, count);
        text_.erase(0, count);
        return taken;
    }

    LoopbackClient wire_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> ssl_;
    BIO* incoming_ = nullptr;  // ssl_'s
    BIO* outgoing_ = nullptr;  // ssl_'s
    std::string text_;
};

// As the server does: Poco writes with write().
inline void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace patchbay::net::testing
