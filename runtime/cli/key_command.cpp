#include "runtime/cli/key_command.hpp"

#include "db/api_key.hpp"
#include "runtime/cli/data_access.hpp"
#include "runtime/cli/table.hpp"

#include <ostream>

namespace patchbay::cli {
namespace {

using nlohmann::json;

int64_t now_ms() {
    using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// Exactly one of the two functions is called.
template <class T, class Remote, class Local>
Result<T> through(const std::string& data_dir, StoreMode mode, Remote remote, Local local) {
    auto access = open_data(data_dir, mode);
    if (!access) return std::unexpected(std::move(access.error()));
    if (const auto* client = std::get_if<ControlClient>(&*access)) return remote(*client);
    auto& store = *std::get<StoreHandle>(*access);
    auto result = local(store);
    store.close();
    return result;
}

Result<std::string> create_remotely(const ControlClient& client, const NewKeyFlags& key) {
    json body{{"role", key.role}, {"name", key.name}};
    if (!key.user.empty()) body["user"] = key.user;
    const auto reply = client.post("/api/admin/keys", body);
    if (!reply) return std::unexpected(reply.error());
    if (!reply->is_object() || !reply->contains("key") || !(*reply)["key"].is_string()) {
        return failure(ErrorCode::internal,
                       "The server's answer holds no key: is it of the same "
                       "version as this program?");
    }
    return (*reply)["key"].get<std::string>();
}

Result<std::string> create_locally(Store& store, Role role, const NewKeyFlags& key) {
    auto made = make_api_key(role, key.name, owner_of_key(key.user, key.name));
    if (!made) return std::unexpected(std::move(made.error()));
    if (auto inserted = store.insert_credential(made->record); !inserted) {
        return std::unexpected(std::move(inserted.error()));
    }
    return made->text;
}

json to_json(const CredentialRecord& record) {
    return {{"id", record.id},
            {"name", record.name},
            {"owner", record.owner},
            {"role", name_of(record.role)},
            {"created_at_ms", record.created_at_ms},
            {"revoked_at_ms", record.revoked_at_ms == 0 ? json() : json(record.revoked_at_ms)}};
}

Result<json> list_locally(Store& store) {
    const auto records = store.credentials();
    if (!records) return std::unexpected(records.error());
    auto items = json::array();
    for (const auto& record : *records) items.push_back(to_json(record));
    return json{{"items", items}};
}

std::string text_of(const json& item, const char* key) {
    const auto found = item.find(key);
    return found != item.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string time_of(const json& item, const char* key) {
    const auto found = item.find(key);
    return time_text(found != item.end() && found->is_number() ? found->get<int64_t>() : 0);
}

}  // namespace

int key_create(const DataFlags& flags, const NewKeyFlags& key, Terminal terminal) {
    const auto role = role_named(key.role);
    if (!role) {
        return fail(terminal, {ErrorCode::bad_request, "--role is admin, premium or user."});
    }
    for (const auto& label : {key.name, key.user.empty() ? key.name : key.user}) {
        if (const auto fits = check_key_label(label); !fits) return fail(terminal, fits.error());
    }
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());

    const auto text = through<std::string>(
        *data_dir, StoreMode::create,
        [&](const ControlClient& client) { return create_remotely(client, key); },
        [&](Store& store) { return create_locally(store, *role, key); });
    if (!text && text.error().code == ErrorCode::conflict) {
        return fail(terminal, {ErrorCode::conflict, "A key named " + key.name +
                                                        " exists: revoke it, or choose another "
                                                        "name."});
    }
    if (!text) return fail(terminal, text.error());
    terminal.out << *text << "\n";
    return done;
}

int key_list(const DataFlags& flags, Terminal terminal) {
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());
    const auto list = through<json>(
        *data_dir, StoreMode::read_only,
        [](const ControlClient& client) { return client.get("/api/admin/keys"); }, list_locally);
    if (!list) return fail(terminal, list.error());

    if (flags.json) {
        terminal.out << list->dump() << "\n";
        return done;
    }
    std::vector<Row> rows{{"ID", "NAME", "OWNER", "ROLE", "CREATED", "REVOKED"}};
    for (const auto& item : list->value("items", json::array())) {
        rows.push_back({text_of(item, "id"), text_of(item, "name"), text_of(item, "owner"),
                        text_of(item, "role"), time_of(item, "created_at_ms"),
                        time_of(item, "revoked_at_ms")});
    }
    print_table(terminal.out, std::move(rows));
    return done;
}

int key_revoke(const DataFlags& flags, const std::string& id, Terminal terminal) {
    const bool is_id = !id.empty() && std::ranges::all_of(id, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-';
    });
    if (!is_id) {
        return fail(terminal, {ErrorCode::bad_request,
                               "ID is what `patchbay key list` shows, not the key itself."});
    }
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());
    const auto revoked = through<json>(
        *data_dir, StoreMode::existing,
        [&](const ControlClient& client) { return client.remove("/api/admin/keys/" + id); },
        [&](Store& store) -> Result<json> {
            const auto result = store.revoke_credential(id, now_ms());
            if (!result) return std::unexpected(result.error());
            return json();
        });
    if (!revoked) return fail(terminal, revoked.error());
    if (flags.json)
        terminal.out << json{{"id", id}, {"revoked", true}}.dump() << "\n";
    else
        terminal.out << "Revoked " << id << ".\n";
    return done;
}

}  // namespace patchbay::cli
