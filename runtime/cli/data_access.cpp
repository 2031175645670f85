#include "runtime/cli/data_access.hpp"

#include <filesystem>

namespace patchbay::cli {

Result<StoreHandle> open_store(const std::string& data_dir, StoreMode mode) {
    std::error_code error;
    const bool exists = std::filesystem::exists(data_dir + "/patchbay.db", error);
    if (!exists && mode != StoreMode::create) {
        return failure(ErrorCode::not_found, "There is no database in " + data_dir +
                                                 ": name the right folder with --data-dir.");
    }
    return open_sqlite_store({.data_dir = data_dir, .read_only = mode == StoreMode::read_only});
}

Result<DataAccess> open_data(const std::string& data_dir, StoreMode mode) {
    ControlClient client(data_dir);
    const auto runs = client.server_runs();
    if (!runs) return std::unexpected(runs.error());
    if (*runs) return client;
    auto store = open_store(data_dir, mode);
    if (!store) return std::unexpected(std::move(store.error()));
    return std::move(*store);
}

}  // namespace patchbay::cli
