// /api/admin: keys, streams, backup.
#include "db/api_key.hpp"
#include "db/clock.hpp"
#include "runtime/http/error_reply.hpp"
#include "runtime/http/handlers.hpp"
#include "runtime/http/json_input.hpp"

namespace patchbay::http {
namespace {

using nlohmann::json;

constexpr auto label_rule = "must be 1 to 100 bytes without control characters";

json credential_json(const CredentialRecord& record) {
    return {{"id", record.id},
            {"name", record.name},
            {"owner", record.owner},
            {"role", name_of(record.role)},
            {"created_at_ms", record.created_at_ms},
            {"revoked_at_ms", record.revoked_at_ms ? json(record.revoked_at_ms) : json(nullptr)}};
}

}  // namespace

// GET /api/admin/keys  ->  {items}, revoked ones too; never a secret
void get_keys(Server& server, CallRef call) {
    const auto records = server.store().credentials();
    if (!records) return answer_error(std::move(call), records.error());
    auto items = json::array();
    for (const auto& record : *records) items.push_back(credential_json(record));
    answer_json(std::move(call), 200, {{"items", std::move(items)}});
}

// POST /api/admin/keys  {role, name, user?}  ->  201 with the key, this once
void post_key(Server& server, CallRef call) {
    auto fields = Fields::of(call->exchange->body(), true);
    if (!fields) return answer_error(std::move(call), fields.error());
    const auto role = fields->choice("role", role_named, "admin, premium, user");
    const auto name = fields->text("name", 200);
    const auto user = fields->text("user", 200);
    if (!role) fields->complain("role", "is required");
    if (!check_key_label(name.value_or(""))) fields->complain("name", label_rule);
    if (user && !check_key_label(*user)) fields->complain("user", label_rule);
    if (auto problem = fields->error()) return answer_error(std::move(call), *problem);

    auto made = make_api_key(*role, *name, owner_of_key(user.value_or(""), *name));
    if (!made) return answer_error(std::move(call), made.error());
    const auto inserted = server.store().insert_credential(made->record);
    if (!inserted) {
        const bool taken = inserted.error().code == ErrorCode::conflict;
        return answer_error(
            std::move(call),
            taken ? caller_error(ErrorCode::conflict, "name: a key of this name is valid already.")
                  : inserted.error());
    }
    server.credentials().put(made->record);
    auto body = credential_json(made->record);
    body["key"] = made->text;
    answer_json(std::move(call), 201, body);
}

// DELETE /api/admin/keys/{id}  ->  204: the key is refused from now on
void delete_key(Server& server, CallRef call) {
    const auto id = call->args.at(0);
    const auto now = unix_ms();
    const auto revoked = server.store().revoke_credential(id, now);
    if (!revoked) {
        return answer_error(std::move(call),
                            revoked.error().code == ErrorCode::not_found
                                ? caller_error(ErrorCode::not_found, "No such key.")
                                : revoked.error());
    }
    server.credentials().revoke(id, now);
    answer(std::move(call), {.status = 204});
}

// GET /api/admin/streams  ->  {items}: runs that are open now, with their viewers
void get_streams(Server& server, CallRef call) {
    auto items = json::array();
    for (const auto& stream : server.engine().streams()) {
        items.push_back({{"run_id", stream.run.str()},
                         {"interaction_id", stream.interaction.str()},
                         {"owner", stream.owner},
                         {"status", name_of(stream.status)},
                         {"provider", stream.provider},
                         {"model", stream.model},
                         {"viewers", stream.viewers},
                         {"lane", stream.lane},
                         {"started_at_ms", stream.started_at_ms}});
    }
    answer_json(std::move(call), 200, {{"items", std::move(items)}});
}

// POST /api/admin/backup  {path}  ->  200 once the copy is whole; 409 when the file exists
void post_backup(Server& server, CallRef call) {
    auto fields = Fields::of(call->exchange->body(), true);
    if (!fields) return answer_error(std::move(call), fields.error());
    const auto path = fields->text("path", 4096);
    if (!path || !path->starts_with('/')) fields->complain("path", "must be an absolute path");
    if (auto problem = fields->error()) return answer_error(std::move(call), *problem);

    auto copied = server.store().backup(*path);
    if (!copied) {
        copied.error().user_safe = true;  // its caller is an administrator
        return answer_error(std::move(call), copied.error());
    }
    answer_json(std::move(call), 200, {{"path", *path}});
}

}  // namespace patchbay::http
