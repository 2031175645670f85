#include "runtime/net/certificate.hpp"

#include "runtime/net/event_loop.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace patchbay::net {

namespace {

using File = CertificateProblem::File;
using Problems = std::vector<CertificateProblem>;

template <auto free>
using Free = decltype([](auto* object) { free(object); });
using X509Handle = std::unique_ptr<X509, Free<X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using BioHandle = std::unique_ptr<BIO, Free<BIO_free>>;

constexpr off_t longest_file = 1024 * 1024;  // bytes
constexpr auto soon = std::chrono::days(14);
constexpr auto wanted_certificate =
    "the path of a PEM file with the server's certificate, and its issuers' after it";
constexpr auto wanted_key =
    "the path of a PEM file with the certificate's private key, without a passphrase";

// A file's bytes, which are wiped when it goes: they may be a key.
struct FileText {
    FileText() = default;
    FileText(FileText&&) noexcept = default;
    ~FileText() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

    BioHandle reader() const {
        return BioHandle(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    }

    std::vector<char> bytes;
    bool everybody_may_read = false;
};

std::unexpected<std::string> no_readable_file(int reason) {
    return std::unexpected(fmt::format("no readable file ({})", std::strerror(reason)));
}

// The error is what was found instead.
std::expected<FileText, std::string> read_file(const std::string& path) {
    // Not blocking: a pipe without a writer would hold up the whole reload.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return no_readable_file(errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return no_readable_file(errno);
    if (S_ISDIR(info.st_mode)) return std::unexpected("a folder");
    if (!S_ISREG(info.st_mode)) return std::unexpected("something that is no regular file");
    if (info.st_size > longest_file) return std::unexpected("a file of more than 1 MiB");

    FileText text;
    text.everybody_may_read = (info.st_mode & S_IROTH) != 0;
    text.bytes.resize(static_cast<size_t>(info.st_size));
    size_t size = 0;
    while (size < text.bytes.size()) {
        const auto count = ::read(file.get(), text.bytes.data() + size, text.bytes.size() - size);
        if (count < 0) return no_readable_file(errno);
        if (count == 0) break;
        size += static_cast<size_t>(count);
    }
    text.bytes.resize(size);
    return text;
}

// All certificates of the file, in its order. The error is what was found instead.
std::expected<std::vector<X509Handle>, std::string> read_chain(const FileText& text) {
    const auto reader = text.reader();
    std::vector<X509Handle> chain;
    ERR_clear_error();
    while (X509Handle next{PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)})
        chain.push_back(std::move(next));
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) return std::unexpected("a certificate that is damaged");
    if (chain.empty()) return std::unexpected("no certificate in PEM form");
    return chain;
}

// OpenSSL asks for a passphrase only where the key is encrypted. Nobody types it at a server.
int note_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

std::expected<KeyHandle, std::string> read_key(const FileText& text) {
    const auto reader = text.reader();
    bool asked = false;
    KeyHandle key(PEM_read_bio_PrivateKey(reader.get(), nullptr, note_passphrase, &asked));
    ERR_clear_error();
    if (key) return key;
    if (asked) return std::unexpected("a key that is encrypted");
    const std::string_view bytes(text.bytes.data(), text.bytes.size());
    const bool there = bytes.find("PRIVATE KEY-----") != std::string_view::npos;
    return std::unexpected(there ? "a private key that is damaged" : "no private key in PEM form");
}

Certificate::Time read_time(const ASN1_TIME* time) {
    std::tm fields{};
    if (ASN1_TIME_to_tm(time, &fields) != 1) return {};
    return Certificate::Time(std::chrono::seconds(::timegm(&fields)));
}

bool belongs(const X509Handle& certificate, const KeyHandle& key) {
    const bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
    ERR_clear_error();
    return fits;
}

}  // namespace

struct Certificate::Parts {
    std::vector<X509Handle> chain;  // the server's own first
    KeyHandle key;
};

Certificate::Certificate() : parts_(std::make_unique<Parts>()) {}
Certificate::Certificate(Certificate&&) noexcept = default;
Certificate::~Certificate() = default;

std::expected<Certificate, Problems> Certificate::load(const CertificateFiles& files) {
    Problems problems;
    Certificate loaded;
    auto& [chain, key] = *loaded.parts_;

    const auto chain_text = read_file(files.certificate);
    auto chain_read = chain_text ? read_chain(*chain_text) : std::unexpected(chain_text.error());
    if (chain_read)
        chain = std::move(*chain_read);
    else
        problems.push_back({File::certificate, chain_read.error(), wanted_certificate});

    const auto key_text = read_file(files.key);
    auto key_read = key_text ? read_key(*key_text) : std::unexpected(key_text.error());
    if (key_read)
        key = std::move(*key_read);
    else
        problems.push_back({File::key, key_read.error(), wanted_key});

    if (!problems.empty()) return std::unexpected(std::move(problems));
    if (!belongs(chain.front(), key)) {
        for (const auto& other : chain)
            if (belongs(other, key))
                problems.push_back({File::certificate, "another certificate before the key's own",
                                    "the server's certificate first, its issuers' after it"});
        if (problems.empty())
            problems.push_back({File::key, "a key that does not belong to the certificate",
                                "the private key of the file's first certificate"});
        return std::unexpected(std::move(problems));
    }
    loaded.valid_from_ = read_time(X509_get0_notBefore(chain.front().get()));
    loaded.valid_until_ = read_time(X509_get0_notAfter(chain.front().get()));
    loaded.key_is_public_ = key_text->everybody_may_read;
    return loaded;
}

std::expected<void, std::string> Certificate::use_in(SSL_CTX* context) const {
    ERR_clear_error();
    const auto& [chain, key] = *parts_;
    bool taken = SSL_CTX_use_certificate(context, chain.front().get()) == 1 &&
                 SSL_CTX_use_PrivateKey(context, key.get()) == 1;
    for (size_t i = 1; taken && i < chain.size(); ++i)
        taken = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
    if (taken) return {};
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return std::unexpected(reason != nullptr ? reason : "no reason given");
}

std::vector<std::string> Certificate::warnings(Time now) const {
    std::vector<std::string> sentences;
    if (valid_until_ <= now)
        sentences.push_back(fmt::format(
            "The certificate of server.tls ended on {}: clients refuse it. Renew it and reload.",
            to_text(valid_until_)));
    else if (valid_until_ - now < soon)
        sentences.push_back(
            fmt::format("The certificate of server.tls ends soon, on {}: renew it and reload.",
                        to_text(valid_until_)));
    if (valid_from_ > now)
        sentences.push_back(
            fmt::format("The certificate of server.tls begins on {}: clients refuse it until then.",
                        to_text(valid_from_)));
    if (key_is_public_)
        sentences.push_back(
            "Everybody on this machine may read the file of /server/tls/key: take the right from "
            "them (chmod 600).");
    return sentences;
}

std::string to_text(Certificate::Time time) {
    const std::time_t seconds = time.time_since_epoch().count();
    std::tm fields{};
    ::gmtime_r(&seconds, &fields);
    char text[64] = "";
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &fields);
    return text;
}

}  // namespace patchbay::net
