#include "runtime/net/tls_context.hpp"

#include <Poco/Exception.h>
#include <openssl/ssl.h>

namespace patchbay::net {

namespace {

// Of TLS 1.2. Those of TLS 1.3 are OpenSSL's own; all are good.
constexpr auto ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// HTTP/1.1, when the client has a list and it is in there; else its handshake ends here, and not
// with a first request that we cannot read.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

void set_rules(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    // Sessions are resumed by tickets, which the clients keep.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // What is written anew after "would block" lies elsewhere by then. Buffers go while a
    // connection is silent: most are, most of the time.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    // One record a read: who sends nothing but key updates does not keep the thread.
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
}

}  // namespace

std::expected<std::shared_ptr<const TlsContext>, std::vector<CertificateProblem>> TlsContext::load(
    const CertificateFiles& files) {
    auto certificate = Certificate::load(files);
    if (!certificate) return std::unexpected(std::move(certificate.error()));

    const auto refused = [](const std::string& reason) {
        return std::unexpected(
            std::vector{CertificateProblem{CertificateProblem::File::certificate,
                                           "a certificate that TLS refuses (" + reason + ")",
                                           "one with a strong key and signature"}});
    };
    try {
        Poco::Net::Context::Params params;
        params.verificationMode = Poco::Net::Context::VERIFY_NONE;  // clients show keys, in HTTP
        params.cipherList = ciphers;
        Poco::Net::Context::Ptr context(
            new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params));
        set_rules(context->sslContext());
        if (auto used = certificate->use_in(context->sslContext()); !used)
            return refused(used.error());
        return std::shared_ptr<const TlsContext>(
            new TlsContext(std::move(*certificate), std::move(context)));
    } catch (const Poco::Exception& failed) {
        return refused(failed.displayText());
    }
}

}  // namespace patchbay::net
