// The rules of TLS handshakes, with the certificate that is shown in them: TLS 1.2 and 1.3, ciphers
// with forward secrecy only, HTTP/1.1, no renegotiation, no compression.
#pragma once

#include "runtime/net/certificate.hpp"

#include <Poco/Net/Context.h>

#include <expected>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace patchbay::net {

// Immutable. [any-thread]
class TlsContext {
public:
    static std::expected<std::shared_ptr<const TlsContext>, std::vector<CertificateProblem>> load(
        const CertificateFiles& files);

    const Certificate& certificate() const { return certificate_; }
    const Poco::Net::Context::Ptr& poco() const { return context_; }

private:
    TlsContext(Certificate certificate, Poco::Net::Context::Ptr context)
        : certificate_(std::move(certificate)), context_(std::move(context)) {}

    Certificate certificate_;
    Poco::Net::Context::Ptr context_;
};

// The context of the handshakes that begin from now on. Connections keep the one that they began
// with. [any-thread]
class CurrentTls {
public:
    using Context = std::shared_ptr<const TlsContext>;

    explicit CurrentTls(Context context) : context_(std::move(context)) {}

    Context get() const {
        const std::lock_guard lock(mutex_);
        return context_;
    }

    void set(Context context) {
        const std::lock_guard lock(mutex_);
        context_.swap(context);  // the old one goes after the lock
    }

private:
    mutable std::mutex mutex_;  // guards context_
    Context context_;
};

}  // namespace patchbay::net
