// /api/interactions/{id}/runs and /api/runs: the native surface of turns.
#include "runtime/config/surfaces.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/http/error_reply.hpp"
#include "runtime/http/handlers.hpp"
#include "runtime/http/json_input.hpp"
#include "runtime/http/message_json.hpp"
#include "runtime/http/query_input.hpp"
#include "runtime/http/stream_reply.hpp"

namespace patchbay::http {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr uint64_t most_tokens = 10'000'000;
constexpr uint64_t longest_wait_ms = 60'000;

struct RunInput {
    engine::TurnRequest turn;
    bool background = false;
};

// The message's parts. The input of a method other than "chat" stands in the log as its JSON text.
json content_of(Fields& fields, const std::optional<json>& input) {
    const auto message = fields.text("message", SIZE_MAX);
    const bool has_content = fields.has("content");
    const auto content = fields.any("content");
    if (input && !message && !has_content)
        return json::parse(engine::content_of_input(input->dump()));
    if (message.has_value() == has_content) {
        fields.complain("content", "exactly one of content and message is required");
        return json::array();
    }
    return content_parts(message ? json(*message) : *content, fields);
}

Result<RunInput> parse_run(Server& server, Call& call, const InteractionId& interaction) {
    auto fields = Fields::of(call.exchange->body(), true);
    if (!fields) return std::unexpected(fields.error());
    const auto options = server.engine().options();
    RunInput input{.turn = {.owner = call.principal.owner,
                            .credential_id = call.principal.credential_id,
                            .role = call.principal.role,
                            .interaction = interaction}};
    auto& turn = input.turn;
    const auto given_input = fields->object("input");
    if (given_input) turn.input_json = given_input->dump();
    turn.content_json = content_of(*fields, given_input).dump();
    turn.surface = config::native_surface;
    turn.agent = fields->text("agent", 256).value_or("");
    turn.method = fields->text("method", 64).value_or("");
    turn.model = fields->text("model", 256).value_or("");
    if (const auto given = fields->object("options")) turn.options_json = given->dump();
    turn.max_tokens =
        static_cast<uint32_t>(fields->number("max_tokens", 1, most_tokens).value_or(0));
    turn.on_conflict = fields
                           ->choice("on_conflict", engine::on_conflict_named,
                                    "enqueue, reject, interrupt, rollback")
                           .value_or(options->on_conflict);
    turn.on_disconnect =
        fields->choice("on_disconnect", engine::on_disconnect_named, "continue, grace, cancel")
            .value_or(engine::OnDisconnect::keep_going);
    turn.on_crash =
        fields->choice("on_crash", engine::on_crash_named, "continue, regenerate, settle")
            .value_or(options->on_crash);
    input.background = fields->flag("background").value_or(false);
    if (auto problem = fields->error()) return std::unexpected(*problem);
    if (auto read = read_turn_headers(call, turn); !read) return std::unexpected(read.error());
    return input;
}

// Re-attaches to the interaction: a request with Last-Event-ID never starts a run.
void resume(Server& server, CallRef call, const InteractionId& id, uint64_t after) {
    engine::ViewRequest view{.interaction = id, .owner = call->principal.owner, .after = after};
    stream_view(server, std::move(call), std::move(view), native_dialects());
}

std::optional<uint32_t> decision_of(std::string_view name) {
    if (name == "approve") return PATCHBAY_DECISION_APPROVED;
    if (name == "deny") return PATCHBAY_DECISION_DENIED;
    if (name == "edit") return PATCHBAY_DECISION_EDITED;
    return std::nullopt;
}

engine::Engine::OnRun answer_with_run(CallRef call) {
    return [call = std::move(call)](Result<engine::Engine::SeenRun> run) mutable {
        if (!run) return answer_error(std::move(call), run.error());
        answer_json(std::move(call), 200, run_json(*run));
    };
}

// Whose runs the call is about: its own, or, below /api/admin, anybody's.
enum class Whose { own, anybodys };

std::string owner_of(const Call& call, Whose whose) {
    return whose == Whose::own ? call.principal.owner : "";
}

void show_run(Server& server, CallRef call, Whose whose) {
    const auto id = RunId::parse(call->args.at(0));
    if (!id) return answer_error(std::move(call), engine::no_such_run());
    const auto wait_ms = number_parameter(*call, "wait_ms", 0, 0, longest_wait_ms);
    if (!wait_ms) return answer_error(std::move(call), wait_ms.error());
    const auto owner = owner_of(*call, whose);
    server.engine().look_up_run(*id, owner, std::chrono::milliseconds(*wait_ms),
                                answer_with_run(std::move(call)));
}

struct Answer {
    std::string request_id;
    plugins::Decision decision;
};

Result<Answer> parse_answer(Call& call) {
    auto fields = Fields::of(call.exchange->body(), true);
    if (!fields) return std::unexpected(fields.error());
    const auto request_id = fields->text("request_id", 64);
    if (!request_id) fields->complain("request_id", "is required");
    const auto verdict = fields->choice("decision", decision_of, "approve, deny, edit");
    if (!verdict) fields->complain("decision", "is required: approve, deny or edit");
    const auto input = fields->object("input");
    if (verdict && (*verdict == PATCHBAY_DECISION_EDITED) != input.has_value())
        fields->complain("input", "belongs to the decision edit, and must be there");
    auto comment = fields->text("comment", 4096).value_or("");
    if (auto problem = fields->error()) return std::unexpected(*problem);
    return Answer{*request_id,
                  {.decision = *verdict,
                   .input_json = input ? input->dump() : "",
                   .by = call.principal.owner,
                   .comment = std::move(comment)}};
}

void answer_question(Server& server, CallRef call, Whose whose) {
    const auto id = RunId::parse(call->args.at(0));
    if (!id) return answer_error(std::move(call), engine::no_such_run());
    auto answer = parse_answer(*call);
    if (!answer) return answer_error(std::move(call), answer.error());
    const auto owner = owner_of(*call, whose);
    server.engine().answer_question(*id, owner, std::move(answer->request_id),
                                    std::move(answer->decision), answer_with_run(std::move(call)));
}

}  // namespace

// POST /api/interactions/{id}/runs  ->  the run's events; 202 with `background`
void post_run(Server& server, CallRef call) {
    const auto id = InteractionId::parse(call->args.at(0));
    if (!id) {
        return answer_error(std::move(call),
                            caller_error(ErrorCode::not_found, "No such interaction."));
    }
    const auto last_seen = last_seq_of(*call);
    if (!last_seen) return answer_error(std::move(call), last_seen.error());
    if (*last_seen) return resume(server, std::move(call), *id, **last_seen);

    auto input = parse_run(server, *call, *id);
    if (!input) return answer_error(std::move(call), input.error());
    if (input->background) {
        return start_in_background(server, std::move(call), std::move(input->turn));
    }
    stream_turn(server, std::move(call), std::move(input->turn), native_dialects());
}

// GET /api/runs/{id}?wait_ms=  ->  the run, once it has ended or the time is up
void get_run(Server& server, CallRef call) { show_run(server, std::move(call), Whose::own); }

// GET /api/admin/runs/{id}?wait_ms=  ->  the same of anybody's
void get_any_run(Server& server, CallRef call) {
    show_run(server, std::move(call), Whose::anybodys);
}

// POST /api/runs/{id}/cancel  ->  the run, with its outcome; idempotent
void post_cancel(Server& server, CallRef call) {
    const auto id = RunId::parse(call->args.at(0));
    if (!id) return answer_error(std::move(call), engine::no_such_run());
    const auto owner = call->principal.owner;
    server.engine().cancel_run(*id, owner, engine::CancelledBy::client,
                               answer_with_run(std::move(call)));
}

// POST /api/runs/{id}/resume {request_id, decision, input?, comment?}  ->  the run
void post_resume(Server& server, CallRef call) {
    answer_question(server, std::move(call), Whose::own);
}

// POST /api/admin/runs/{id}/resume  ->  the same of anybody's
void post_any_resume(Server& server, CallRef call) {
    answer_question(server, std::move(call), Whose::anybodys);
}

}  // namespace patchbay::http
