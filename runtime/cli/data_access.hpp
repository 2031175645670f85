// The way to the data: through the server that runs on the folder, else by opening its database.
#pragma once

#include "db/store.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/control_client.hpp"

#include <memory>
#include <string>
#include <variant>

namespace patchbay::cli {

using StoreHandle = std::unique_ptr<Store>;
using DataAccess = std::variant<ControlClient, StoreHandle>;

enum class StoreMode {
    create,     // makes the folder and the database when there are none
    existing,   // not_found when there is no database
    read_only,  // the same, and needs no lock
};

Result<DataAccess> open_data(const std::string& data_dir, StoreMode mode);
Result<StoreHandle> open_store(const std::string& data_dir, StoreMode mode);

}  // namespace patchbay::cli
