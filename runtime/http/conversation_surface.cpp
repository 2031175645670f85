// POST /api/stream/stream-conversation and GET /api/stream/stream-simple.
#include "runtime/config/surfaces.hpp"
#include "runtime/http/dialects/conversation.hpp"
#include "runtime/http/error_reply.hpp"
#include "runtime/http/handlers.hpp"
#include "runtime/http/json_input.hpp"
#include "runtime/http/stream_reply.hpp"

namespace patchbay::http {
namespace {

using nlohmann::json;

constexpr uint64_t most_tokens = 10'000'000;

DialectFactory conversation_dialects(std::string user_id, bool simple) {
    return {.can_replace = false,
            .make = [user_id = std::move(user_id), simple](const StreamStart& start) {
                return std::make_unique<ConversationDialect>(
                    ConversationStart{start.interaction, start.run, start.is_new, user_id, simple});
            }};
}

// Absent, or the id of an interaction; any other text names one that does not exist.
Result<void> set_interaction(const std::optional<std::string>& given, engine::TurnRequest& turn) {
    turn.is_new = !given;
    if (!given) {
        turn.interaction = InteractionId::make();
        return {};
    }
    const auto id = InteractionId::parse(*given);
    if (!id) return std::unexpected(caller_error(ErrorCode::not_found, "No such interaction."));
    turn.interaction = *id;
    return {};
}

engine::TurnRequest turn_of(Server& server, const Call& call) {
    const auto options = server.engine().options();
    return {.owner = call.principal.owner,
            .credential_id = call.principal.credential_id,
            .role = call.principal.role,
            .on_conflict = options->on_conflict,
            .on_disconnect = engine::OnDisconnect::keep_going,
            .on_crash = options->on_crash};
}

// `media_files`: a url becomes an image part; an id alone names media that this server lacks.
Result<void> add_media(Fields& fields, json& content) {
    const auto files = fields.array("media_files");
    if (!files) return {};
    for (const auto& file : *files) {
        if (file.is_object() && has_url(file)) {
            content.push_back({{"type", "image"}, {"url", file["url"]}});
        } else if (file.is_object() && file.contains("id") && !file.contains("url")) {
            return std::unexpected(
                caller_error(ErrorCode::media_not_available,
                             "media_files: media cannot be named by id here; send a url."));
        } else {
            fields.complain("media_files",
                            "must be an array of {id, url}, the url http, https or data");
        }
    }
    return {};
}

Result<engine::TurnRequest> parse_conversation(Server& server, Call& call) {
    auto fields = Fields::of(call.exchange->body(), false);
    if (!fields) return std::unexpected(fields.error());
    auto turn = turn_of(server, call);
    const auto message = fields->text("message", SIZE_MAX);
    if (!message || message->empty()) fields->complain("message", "is required");
    json content = json::array({{{"type", "text"}, {"text", message.value_or("")}}});
    if (auto media = add_media(*fields, content); !media) return std::unexpected(media.error());
    turn.content_json = content.dump();
    turn.max_tokens =
        static_cast<uint32_t>(fields->number("max_tokens", 1, most_tokens).value_or(0));
    turn.model = fields->text("model", 256).value_or("");
    turn.surface = config::stream_conversation_surface;
    turn.agent = fields->text("agent", 256).value_or("");
    const auto interaction = fields->text("interaction_id");
    if (auto problem = fields->error()) return std::unexpected(*problem);
    if (auto set = set_interaction(interaction, turn); !set) return std::unexpected(set.error());
    if (auto read = read_turn_headers(call, turn); !read) return std::unexpected(read.error());
    return turn;
}

Result<engine::TurnRequest> parse_simple(Server& server, const Call& call) {
    auto turn = turn_of(server, call);
    const auto message = call.parameter("message");
    if (!message || message->empty()) {
        return std::unexpected(caller_error(ErrorCode::bad_request, "message: is required."));
    }
    turn.content_json = json::array({{{"type", "text"}, {"text", *message}}}).dump();
    turn.model = call.parameter("model").value_or("");
    turn.surface = config::stream_simple_surface;
    turn.agent = call.parameter("agent").value_or("");
    if (auto set = set_interaction(call.parameter("interaction_id"), turn); !set) {
        return std::unexpected(set.error());
    }
    if (auto read = read_turn_headers(call, turn); !read) return std::unexpected(read.error());
    return turn;
}

}  // namespace

void post_stream_conversation(Server& server, CallRef call) {
    auto dialects = conversation_dialects(call->principal.owner, false);
    const auto point = resume_point_of(*call);
    if (!point) return answer_error(std::move(call), point.error());
    if (*point) return resume_stream(server, std::move(call), **point, std::move(dialects));

    auto turn = parse_conversation(server, *call);
    if (!turn) return answer_error(std::move(call), turn.error());
    stream_turn(server, std::move(call), std::move(*turn), std::move(dialects));
}

void get_stream_simple(Server& server, CallRef call) {
    auto dialects = conversation_dialects(call->principal.owner, true);
    const auto point = resume_point_of(*call);
    if (!point) return answer_error(std::move(call), point.error());
    if (*point) return resume_stream(server, std::move(call), **point, std::move(dialects));

    auto turn = parse_simple(server, *call);
    if (!turn) return answer_error(std::move(call), turn.error());
    stream_turn(server, std::move(call), std::move(*turn), std::move(dialects));
}

}  // namespace patchbay::http
