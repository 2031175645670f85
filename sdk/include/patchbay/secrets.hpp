// Secrets: values named in the environment or a file, and the server's own credentials.
#pragma once

#include <patchbay/abi/secrets.h>
#include <patchbay/host.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay {

enum class Role : uint32_t {
    user = PATCHBAY_ROLE_USER,
    premium = PATCHBAY_ROLE_PREMIUM,
    admin = PATCHBAY_ROLE_ADMIN,
};

// A credential that `patchbay key create` made. Its texts are borrowed until the plugin returns
// from the call in which it asked.
struct Credential {
    std::string_view id;      // the public part of the key
    std::string_view sha256;  // 32 bytes: of the whole key
    std::string_view owner;   // "user:alice"
    std::string_view name;    // for people
    Role role = Role::user;
    bool revoked = false;
    int64_t expires_at_ms = 0;  // Unix time; 0 = never
};

// The value of "${NAME}", "${NAME:-default}" or "${file:/path}", as in the config file. Fails with
// not_found when the variable is unset or the file cannot be read. A config's own references are
// resolved before create(): this is for those that a plugin finds elsewhere. [control]
[[nodiscard]] inline Result<std::string> resolve_secret(const Host& host,
                                                        std::string_view reference) {
    const auto* table = host.interfaces().secrets;
    if (!table) return failure(ErrorCode::unsupported, "the host has no secrets");

    patchbay_str value = {};
    const auto status = table->resolve(host.raw(), view_of(reference), &value);
    if (status < 0) return failure(code_of(status), "cannot resolve " + std::string(reference));
    return std::string(text_of(value));
}

// The credential with this id, also a revoked or expired one. Fails with not_found, or forbidden
// when the instance is no auth plugin. Reads memory, never the disk. [lane]
[[nodiscard]] inline Result<Credential> find_credential(const Host& host, std::string_view id) {
    const auto* table = host.interfaces().secrets;
    if (!table) return failure(ErrorCode::unsupported, "the host has no credentials");

    patchbay_credential found = {};
    const auto status = table->find_credential(host.raw(), view_of(id), &found);
    if (status < 0) return failure(code_of(status), "no such credential");
    return Credential{.id = text_of(found.id),
                      .sha256 = text_of(found.sha256),
                      .owner = text_of(found.owner),
                      .name = text_of(found.name),
                      .role = static_cast<Role>(found.role),
                      .revoked = found.revoked != 0,
                      .expires_at_ms = found.expires_at_ms};
}

}  // namespace patchbay
