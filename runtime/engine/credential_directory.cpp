#include "runtime/engine/credential_directory.hpp"

namespace patchbay::engine {

void CredentialDirectory::load(const std::vector<CredentialRecord>& records) {
    for (const auto& record : records) put(record);
}

void CredentialDirectory::put(const CredentialRecord& record) {
    const std::lock_guard lock(mutex_);
    records_[record.id] = std::make_shared<const CredentialRecord>(record);
}

void CredentialDirectory::revoke(std::string_view id, int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(id);
    if (found == records_.end()) return;
    auto revoked = *found->second;
    revoked.revoked_at_ms = now_ms;
    found->second = std::make_shared<const CredentialRecord>(std::move(revoked));
}

std::shared_ptr<const CredentialRecord> CredentialDirectory::find(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(id);
    return found == records_.end() ? nullptr : found->second;
}

}  // namespace patchbay::engine
