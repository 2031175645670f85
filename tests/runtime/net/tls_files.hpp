// Certificates and keys for tests, made on the spot: self-signed, EC P-256.
#pragma once

#include "runtime/net/tls_context.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::net::testing {

struct PemPair {
    std::string certificate;
    std::string key;
};

struct PairOptions {
    long serial = 1;
    long begins_in_s = -3600;
    long ends_in_s = 100L * 24 * 3600;
    const char* passphrase = nullptr;  // of the key
    unsigned rsa_bits = 0;             // 0 = EC
};

inline std::string text_of(BIO* memory) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    std::string text(bytes, static_cast<size_t>(size));
    BIO_free(memory);
    return text;
}

inline PemPair make_pair(PairOptions options = {}) {
    EVP_PKEY* key = options.rsa_bits != 0 ? EVP_RSA_gen(options.rsa_bits) : EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), options.serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), options.begins_in_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), options.ends_in_s);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto* host = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());

    BIO* certificate_text = BIO_new(BIO_s_mem());
    BIO* key_text = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(certificate_text, certificate);
    const auto* passphrase = reinterpret_cast<const unsigned char*>(options.passphrase);
    const int size = passphrase ? static_cast<int>(std::string_view(options.passphrase).size()) : 0;
    PEM_write_bio_PrivateKey(key_text, key, passphrase ? EVP_aes_128_cbc() : nullptr, passphrase,
                             size, nullptr, nullptr);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return {.certificate = text_of(certificate_text), .key = text_of(key_text)};
}

// A folder with the two files of a server.
class TlsFolder {
public:
    TlsFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "tls_test_XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~TlsFolder() { std::filesystem::remove_all(path_); }
    TlsFolder(const TlsFolder&) = delete;
    TlsFolder& operator=(const TlsFolder&) = delete;

    CertificateFiles write(const PemPair& pair) const {
        return {.certificate = write("certificate.pem", pair.certificate),
                .key = write("key.pem", pair.key)};
    }

    std::string write(const std::string& name, const std::string& text) const {
        const auto file = path_ / name;
        std::ofstream(file) << text;
        std::filesystem::permissions(
            file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        return file;
    }

    std::shared_ptr<const TlsContext> context(PairOptions options = {}) const {
        auto loaded = TlsContext::load(write(make_pair(options)));
        EXPECT_TRUE(loaded) << loaded.error().front().found;
        return loaded ? *loaded : nullptr;
    }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace patchbay::net::testing
