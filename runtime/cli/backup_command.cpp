#include "runtime/cli/backup_command.hpp"

#include "runtime/cli/data_access.hpp"

#include <filesystem>
#include <ostream>

namespace patchbay::cli {
namespace {

Result<void> write_backup(const std::string& data_dir, const std::string& path) {
    auto access = open_data(data_dir, StoreMode::existing);
    if (!access) return std::unexpected(std::move(access.error()));
    if (const auto* client = std::get_if<ControlClient>(&*access)) {
        const auto reply = client->post("/api/admin/backup", {{"path", path}});
        if (!reply) return std::unexpected(reply.error());
        return {};
    }
    auto& store = *std::get<StoreHandle>(*access);
    auto result = store.backup(path);
    store.close();
    return result;
}

}  // namespace

int backup(const DataFlags& flags, const std::string& file, Terminal terminal) {
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());
    const auto path = std::filesystem::absolute(file).string();  // the server has its own folder

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
