#include "runtime/cli/backup_command.hpp"

#include "runtime/cli/data_access.hpp"

#include <filesystem>
#include <ostream>

namespace patchbay::cli {
namespace {

// Also beside a running server, which could write elsewhere than its caller means: a service has a
// /tmp of its own, and may write to few folders.
Result<void> write_backup(const std::string& data_dir, const std::string& path) {
    auto store = open_store(data_dir, StoreMode::read_only);
    if (!store) return std::unexpected(std::move(store.error()));
    auto result = (*store)->backup(path);
    (*store)->close();
    return result;
}

}  // namespace

int backup(const DataFlags& flags, const std::string& file, Terminal terminal) {
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());
    const auto path = std::filesystem::absolute(file).string();

    if (const auto result = write_backup(*data_dir, path); !result) {
        return fail(terminal, result.error());
    }
    if (flags.json)
        terminal.out << nlohmann::json{{"path", path}}.dump() << "\n";
    else
        terminal.out << "Wrote " << path << ".\n";
    return done;
}

}  // namespace patchbay::cli
