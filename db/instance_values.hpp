// The tables `instance_values` and `instance_sizes`: what plugin instances keep.
#pragma once

#include "db/ledger.hpp"
#include "db/store.hpp"

namespace patchbay {

Result<std::optional<std::string>> find_value(Database& database, const std::string& instance,
                                              const std::string& key, int64_t now_ms);

Result<std::vector<std::string>> list_keys(Database& database, const KeyRange& range,
                                           int64_t now_ms);

// What Store::change_values() says. The caller holds the ledger's lock.
std::vector<Result<void>> change_values(Ledger& ledger, std::span<const ValueChange> changes,
                                        int64_t now_ms);

// Removes some of what has expired; true when there may be more.
Result<bool> purge_values(Database& database, int64_t now_ms);

}  // namespace patchbay
