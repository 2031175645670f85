// TLS on the upstream's end of a loopback connection, with a certificate made for the test.
#pragma once

#include "loopback_upstream.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace patchbay::net {

// A certificate that signs itself, for 127.0.0.1 and nobody.invalid; its file is what a client has
// to trust.
class TestCertificate {
public:
    TestCertificate() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
        X509* made = certificate_.get();
        X509_set_version(made, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
        X509_gmtime_adj(X509_getm_notBefore(made), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made), 3600);
        X509_set_pubkey(made, key_.get());
        X509_NAME* name = X509_get_subject_name(made);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(made, name);
        X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                    "IP:127.0.0.1,DNS:nobody.invalid");
        X509_add_ext(made, names, -1);
        X509_EXTENSION_free(names);
        if (X509_sign(made, key_.get(), EVP_sha256()) == 0)
            throw std::runtime_error("no certificate");
        folder_ = std::filesystem::temp_directory_path() / "patchbay-tls-XXXXXX";
        std::string path = folder_;
        if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no folder");
        folder_ = path;
        const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(
            std::fopen(this->file().c_str(), "w"), &std::fclose);
        PEM_write_X509(file.get(), made);
    }
    ~TestCertificate() { std::filesystem::remove_all(folder_); }

    std::string file() const { return folder_ / "authority.pem"; }
    EVP_PKEY* key() const { return key_.get(); }
    X509* certificate() const { return certificate_.get(); }

private:
    struct Free {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const { X509_free(certificate); }
    };
    std::unique_ptr<EVP_PKEY, Free> key_;
    std::unique_ptr<X509, Free> certificate_;
    std::filesystem::path folder_;
};

// Speaks TLS over a peer, which does the waiting.
class TlsPeer {
public:
    TlsPeer(UpstreamPeer& peer, const TestCertificate& certificate)
        : peer_(peer), context_(SSL_CTX_new(TLS_server_method())), ssl_(nullptr) {
        SSL_CTX_use_certificate(context_.get(), certificate.certificate());
        SSL_CTX_use_PrivateKey(context_.get(), certificate.key());
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(ssl_.get());
    }

    // One request without a body; "" when the client has closed.
    std::string read_request() {
        while (buffer_.find("\r\n\r\n") == std::string::npos) {
            const std::string bytes = read_some();
            if (bytes.empty()) return {};
            buffer_ += bytes;
        }
        return std::exchange(buffer_, {});
    }
    // "" when the client has closed.
    std::string read_some() {
        std::string room(65536, '\0');
        while (true) {
            const int count = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
            flush();
            if (count > 0) return room.substr(0, static_cast<size_t>(count));
            if (SSL_get_error(ssl_.get(), count) != SSL_ERROR_WANT_READ) return {};
            const std::string bytes = peer_.read_some();
            if (bytes.empty()) return {};
            BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
        }
    }
    bool wait_until_closed() { return peer_.wait_until_closed(); }
    bool send(std::string_view bytes) {
        return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0 && flush();
    }
    // The proper end, which a connection that is cut has not.
    void end() {
        SSL_shutdown(ssl_.get());
        flush();
    }

private:
    bool flush() {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
        const bool sent = peer_.send({bytes, static_cast<size_t>(size)});
        BIO_reset(SSL_get_wbio(ssl_.get()));
        return sent;
    }

    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    UpstreamPeer& peer_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> ssl_;
    std::string buffer_;
};

}  // namespace patchbay::net
