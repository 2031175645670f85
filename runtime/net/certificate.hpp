// The server's certificate with its issuers, and the key that belongs to it: read from two PEM
// files, and checked.
#pragma once

#include <openssl/types.h>

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::net {

// Paths, relative to the folder that the server was started in. Both may be the same file.
struct CertificateFiles {
    std::string certificate;  // the server's own first, then its issuers'
    std::string key;          // without a passphrase
};

// What is wrong with one of the files. Says nothing of what is in it, nor how it is called: a text
// that was meant as the key itself would be printed.
struct CertificateProblem {
    enum class File { certificate, key } file;
    std::string found;
    std::string expected;
};

// Immutable. [any-thread]
class Certificate {
public:
    // Every mistake that can be seen at once. A certificate that is out of date is none: see
    // warnings().
    static std::expected<Certificate, std::vector<CertificateProblem>> load(
        const CertificateFiles& files);

    Certificate(Certificate&&) noexcept;
    ~Certificate();

    // Takes effect in handshakes with `context`. The error is OpenSSL's reason ("ee key too
    // small").
    std::expected<void, std::string> use_in(SSL_CTX* context) const;

    using Time = std::chrono::sys_seconds;
    Time valid_from() const { return valid_from_; }
    Time valid_until() const { return valid_until_; }

    // What clients will stumble over, and what is careless, a sentence each.
    std::vector<std::string> warnings(Time now) const;

private:
    struct Parts;

    Certificate();

    std::unique_ptr<Parts> parts_;
    Time valid_from_;
    Time valid_until_;
    bool key_is_public_ = false;  // everybody on this machine may read it
};

// "2027-03-01 12:00 UTC"
std::string to_text(Certificate::Time time);

}  // namespace patchbay::net
