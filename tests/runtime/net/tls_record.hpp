// TLS 1.3 records that no library would send: what a hostile client makes of the keys of a proper
// handshake. TLS_AES_128_GCM_SHA256 only.
#pragma once

#include "tests/runtime/net/tls_client.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::net::testing {

// Before the handshake: the client chooses the cipher, and its secret will be in `secret`.
inline void keep_client_secret(TlsClient& client, std::string& secret) {
    SSL_set_ciphersuites(client.ssl(), "TLS_AES_128_GCM_SHA256");
    SSL_set_app_data(client.ssl(), &secret);
    SSL_CTX_set_keylog_callback(
        SSL_get_SSL_CTX(client.ssl()), [](const SSL* ssl, const char* text) {
            const std::string_view line(text);
            if (!line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) return;
            const std::string_view digits = line.substr(line.rfind(' ') + 1);
            auto& kept = *static_cast<std::string*>(SSL_get_app_data(ssl));
            for (size_t i = 0; i + 1 < digits.size(); i += 2)
                kept += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
        });
}

// RFC 8446, 7.1: HKDF-Expand-Label without a context.
inline std::string derive(const std::string& secret, std::string_view label, size_t size) {
    EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
    EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
    EVP_KDF_free(kdf);
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    std::string digest = "SHA256", prefix = "tls13 ", key = secret, text(label), out(size, '\0');
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, text.data(), text.size()),
        OSSL_PARAM_construct_end()};
    EVP_KDF_derive(context, reinterpret_cast<unsigned char*>(out.data()), size, parameters);
    EVP_KDF_CTX_free(context);
    return out;
}

// `type` is the content's, 22 = a handshake message or a part of one; `sequence` counts the
// client's records since the handshake.
inline std::string make_record(const std::string& secret, uint64_t sequence, uint8_t type,
                               std::string_view content) {
    constexpr size_t tag_size = 16;
    const std::string key = derive(secret, "key", 16);
    std::string nonce = derive(secret, "iv", 12);
    for (size_t i = 0; i < 8; ++i)
        nonce[11 - i] = static_cast<char>(nonce[11 - i] ^ static_cast<char>(sequence >> (8 * i)));
    const std::string text = std::string(content) + static_cast<char>(type);
    std::string record("\x17\x03\x03", 3);
    record += static_cast<char>((text.size() + tag_size) >> 8);
    record += static_cast<char>(text.size() + tag_size);
    const std::string header = record;
    record.resize(header.size() + text.size() + tag_size);

    const auto bytes = [](const std::string& of) {
        return reinterpret_cast<const unsigned char*>(of.data());
    };
    auto* out = reinterpret_cast<unsigned char*>(record.data()) + header.size();
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    int size = 0;
    EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, bytes(key), bytes(nonce));
    EVP_EncryptUpdate(context, nullptr, &size, bytes(header), static_cast<int>(header.size()));
    EVP_EncryptUpdate(context, out, &size, bytes(text), static_cast<int>(text.size()));
    EVP_EncryptFinal_ex(context, out + size, &size);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size, out + text.size());
    EVP_CIPHER_CTX_free(context);
    return record;
}

}  // namespace patchbay::net::testing
