// The server's credentials in memory: what auth plugins look up, without a query.
#pragma once

#include "db/records.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::engine {

// Threads    [any-thread]; each call holds a lock for a look-up's time.
class CredentialDirectory {
public:
    void load(const std::vector<CredentialRecord>& records);
    void put(const CredentialRecord& record);
    void revoke(std::string_view id, int64_t now_ms);

    // Revoked ones too; nullptr = none.
    std::shared_ptr<const CredentialRecord> find(std::string_view id) const;

private:
    mutable std::mutex mutex_;  // guards records_
    std::map<std::string, std::shared_ptr<const CredentialRecord>, std::less<>> records_;
};

}  // namespace patchbay::engine
