// patchbay.secrets/1
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/plugin_call.hpp"

namespace patchbay::plugins {
namespace {

// The call into this instance that the calling function runs in; what it lends lives as long.
PluginCall* frame_of(const patchbay_host* host) {
    auto* const call = PluginCall::current();
    return call && call->instance().host() == host ? call : nullptr;
}

patchbay_status resolve(const patchbay_host* host, patchbay_str reference,
                        patchbay_str* value) noexcept {
    auto* const call = frame_of(host);
    if (!call || call->on_lane()) return PATCHBAY_E_WRONG_THREAD;  // it may read a file
    if (!value || !is_readable(reference)) return PATCHBAY_E_BAD_REQUEST;
    const auto& resolve_secret = Instance::of(host).services().resolve_secret;
    if (!resolve_secret) return PATCHBAY_E_NOT_FOUND;
    auto resolved = resolve_secret(view(reference));
    if (!resolved) return status_of(resolved.error().code);
    const auto kept = std::make_shared<const std::string>(std::move(*resolved));
    call->keep(kept);
    *value = borrow(*kept);
    return PATCHBAY_OK;
}

patchbay_status find_credential(const patchbay_host* host, patchbay_str id,
                                patchbay_credential* credential) noexcept {
    const auto& instance = Instance::of(host);
    if (!instance.tables().auth) return PATCHBAY_E_FORBIDDEN;
    auto* const call = frame_of(host);
    if (!call || !call->on_lane()) return PATCHBAY_E_WRONG_THREAD;
    if (!credential || !is_readable(id)) return PATCHBAY_E_BAD_REQUEST;
    const auto& find = instance.services().find_credential;
    const auto record = find ? find(view(id)) : nullptr;
    if (!record) return PATCHBAY_E_NOT_FOUND;
    call->keep(record);
    *credential = {.id = borrow(record->id),
                   .sha256 = borrow(record->sha256),
                   .owner = borrow(record->owner),
                   .name = borrow(record->name),
                   .role = static_cast<uint32_t>(record->role),
                   .revoked = record->revoked_at_ms != 0 ? 1u : 0u,
                   .expires_at_ms = 0};
    return PATCHBAY_OK;
}

}  // namespace

const patchbay_secrets_1 host_secrets{.resolve = resolve, .find_credential = find_credential};

}  // namespace patchbay::plugins
