// /api/interactions: conversations, their messages and their logs.
#include "db/clock.hpp"
#include "runtime/http/error_reply.hpp"
#include "runtime/http/handlers.hpp"
#include "runtime/http/json_input.hpp"
#include "runtime/http/message_json.hpp"
#include "runtime/http/query_input.hpp"
#include "runtime/http/stream_reply.hpp"

namespace patchbay::http {
namespace {

using nlohmann::json;

constexpr uint64_t page_default = 50;
constexpr uint64_t page_limit = 200;
constexpr size_t page_bytes =
    4 * 1024 * 1024;  // of messages; a page ends with the one that passes it
constexpr size_t title_limit = 1000;
constexpr size_t metadata_limit = 64 * 1024;  // as JSON

Error no_such_interaction() { return caller_error(ErrorCode::not_found, "No such interaction."); }

std::pair<std::string, std::string> etag_of(const InteractionRecord& record) {
    return {"ETag", "\"" + std::to_string(record.last_seq) + "\""};
}

// The interaction that the path names, when it is the caller's; else the call is answered.
std::optional<InteractionRecord> own_interaction(Server& server, CallRef& call) {
    const auto id = InteractionId::parse(call->args.at(0));
    auto why = no_such_interaction();
    if (id) {
        auto record = server.store().interaction(*id);
        if (record && record->owner == call->principal.owner) return std::move(*record);
        if (!record) why = engine::missing_or(why, record.error());
    }
    answer_error(std::move(call), why);
    return std::nullopt;
}

struct InteractionInput {
    std::optional<std::string> title;
    std::optional<std::string> metadata_json;
    std::string agent;
    std::string model;
};

Result<InteractionInput> parse_input(Server& server, const std::string& body, bool is_new) {
    auto fields = Fields::of(body.empty() && is_new ? "{}" : body, true);
    if (!fields) return std::unexpected(fields.error());
    InteractionInput input{.title = fields->text("title", title_limit)};
    if (const auto metadata = fields->object("metadata")) {
        input.metadata_json = metadata->dump();
        if (input.metadata_json->size() > metadata_limit) {
            fields->complain("metadata", "must not have more than 64 KiB");
        }
    }
    if (is_new) {
        input.agent = fields->text("agent", 256).value_or("");
        input.model = fields->text("model", 256).value_or("");
    }
    if (auto problem = fields->error()) return std::unexpected(*problem);
    const auto offers = server.engine().offers();
    if (!input.agent.empty()) {
        const auto known = offers->agents.resolve(input.agent);
        if (!known) return std::unexpected(known.error());
    }
    if (!input.model.empty()) {
        const auto known = offers->models.resolve(input.model);
        if (!known) return std::unexpected(known.error());
    }
    return input;
}

}  // namespace

// POST /api/interactions  {title?, agent?, model?, metadata?}  ->  201 with the interaction
void post_interaction(Server& server, CallRef call) {
    auto input = parse_input(server, call->exchange->body(), true);
    if (!input) return answer_error(std::move(call), input.error());

    const auto now = unix_ms();
    InteractionRecord record{.id = InteractionId::make(),
                             .owner = call->principal.owner,
                             .title = input->title.value_or(""),
                             .agent = input->agent,
                             .model = input->model,
                             .created_at_ms = now,
                             .updated_at_ms = now,
                             .metadata_json = input->metadata_json.value_or("{}")};
    const auto inserted = server.store().insert_interaction(record);
    if (!inserted) return answer_error(std::move(call), inserted.error());
    answer_json(std::move(call), 201, interaction_json(record),
                {etag_of(record), {"Location", "/api/interactions/" + record.id.str()}});
}

// GET /api/interactions?limit&page  ->  {items, next}
void get_interactions(Server& server, CallRef call) {
    const auto limit = number_parameter(*call, "limit", page_default, 1, page_limit);
    if (!limit) return answer_error(std::move(call), limit.error());
    const auto page = server.store().interactions(call->principal.owner, *limit,
                                                  call->parameter("page").value_or(""));
    if (!page && page.error().code == ErrorCode::bad_request) {
        return answer_error(std::move(call),
                            caller_error(ErrorCode::bad_request, "page: is not one of ours."));
    }
    if (!page) return answer_error(std::move(call), page.error());
    auto items = json::array();
    for (const auto& record : page->items) items.push_back(interaction_json(record));
    answer_json(std::move(call), 200,
                {{"items", std::move(items)},
                 {"next", page->next.empty() ? json(nullptr) : json(page->next)}});
}

// GET /api/interactions/{id}  ->  the interaction as of now, with its ETag
void get_interaction(Server& server, CallRef call) {
    const auto id = InteractionId::parse(call->args.at(0));
    if (!id) return answer_error(std::move(call), no_such_interaction());
    const auto owner = call->principal.owner;
    server.engine().look_up(*id, owner, [call = std::move(call)](auto record) mutable {
        if (!record) return answer_error(std::move(call), record.error());
        answer_json(std::move(call), 200, interaction_json(*record), {etag_of(*record)});
    });
}

// PATCH /api/interactions/{id}  {title?, metadata?}
void patch_interaction(Server& server, CallRef call) {
    auto input = parse_input(server, call->exchange->body(), false);
    if (!input) return answer_error(std::move(call), input.error());
    const auto before = own_interaction(server, call);
    if (!before) return;
    server.engine().update(before->id, input->title, input->metadata_json,
                           [call = std::move(call)](auto record) mutable {
                               if (!record) return answer_error(std::move(call), record.error());
                               answer_json(std::move(call), 200, interaction_json(*record),
                                           {etag_of(*record)});
                           });
}

// DELETE /api/interactions/{id}  ->  204: what was active is cancelled, all of it is gone
void delete_interaction(Server& server, CallRef call) {
    const auto record = own_interaction(server, call);
    if (!record) return;
    server.engine().remove(record->id, record->owner,
                           [call = std::move(call)](auto removed) mutable {
                               if (!removed) return answer_error(std::move(call), removed.error());
                               answer(std::move(call), {.status = 204});
                           });
}

// GET /api/interactions/{id}/messages?limit&page  ->  {items, next}; a page is the last message's
// id
void get_messages(Server& server, CallRef call) {
    const auto limit = number_parameter(*call, "limit", page_default, 1, page_limit);
    if (!limit) return answer_error(std::move(call), limit.error());
    const auto page = call->parameter("page").value_or("");
    const auto after = MessageId::parse(page);
    if (!page.empty() && !after) {
        return answer_error(std::move(call),
                            caller_error(ErrorCode::bad_request, "page: is not one of ours."));
    }
    const auto record = own_interaction(server, call);
    if (!record) return;
    const auto found =
        server.store().messages(record->id, after.value_or(MessageId{}), *limit, page_bytes);
    if (!found) return answer_error(std::move(call), found.error());
    auto items = json::array();
    for (const auto& message : found->items) items.push_back(message_json(message));
    const json next = found->more ? json(found->items.back().id.str()) : json(nullptr);
    answer_json(std::move(call), 200, {{"items", std::move(items)}, {"next", next}});
}

// GET /api/interactions/{id}/events?after&run_id&follow&snapshot  ->  the log, then live
void get_events(Server& server, CallRef call) {
    const auto id = InteractionId::parse(call->args.at(0));
    if (!id) return answer_error(std::move(call), no_such_interaction());
    const auto last_seen = last_seq_of(*call);
    if (!last_seen) return answer_error(std::move(call), last_seen.error());
    const auto after = number_parameter(*call, "after", 0, 0, UINT64_MAX);
    if (!after) return answer_error(std::move(call), after.error());
    const auto follow = flag_parameter(*call, "follow");
    if (!follow) return answer_error(std::move(call), follow.error());
    const auto snapshot = flag_parameter(*call, "snapshot");
    if (!snapshot) return answer_error(std::move(call), snapshot.error());
    engine::ViewRequest view{.interaction = *id,
                             .owner = call->principal.owner,
                             .after = last_seen->value_or(*after),
                             .follow = *follow,
                             .snapshot = *snapshot && !*last_seen};
    if (const auto run = call->parameter("run_id")) {
        view.run = RunId::parse(*run);
        if (!view.run) {
            return answer_error(std::move(call), engine::no_such_run());
        }
    }
    stream_view(server, std::move(call), std::move(view), native_dialects());
}

}  // namespace patchbay::http
