// Engine: how a turn begins.
#include "runtime/engine/engine.hpp"
#include "runtime/engine/middleware.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

constexpr size_t title_bytes = 80;

// The beginning of the first message, cut at a character.
std::string title_of(const std::string& content_json) {
    for (const auto& part : nlohmann::json::parse(content_json)) {
        if (part.value("type", "") != "text") continue;
        auto text = part.value("text", "");
        if (text.size() > title_bytes) {
            size_t end = title_bytes;
            while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
            text.resize(end);
        }
        return text;
    }
    return "";
}

TurnRefused refused(Error error) { return {std::move(error), {}, 0}; }

std::unexpected<Error> bad_request(std::string message) {
    return std::unexpected(
        Error{.code = ErrorCode::bad_request, .message = std::move(message), .user_safe = true});
}

TurnRefused stopping() {
    return refused({.code = ErrorCode::unavailable,
                    .message = "The server is stopping.",
                    .retryable = true,
                    .user_safe = true,
                    .retry_after_ms = 5000});
}

plugins::TurnView view_of(const TurnRequest& request) {
    return {.surface = request.surface,
            .owner = request.owner,
            .credential_id = request.credential_id,
            .interaction_id = request.interaction.str(),
            .agent = request.agent,
            .model = request.model,
            .method = request.method,
            .content_json = request.content_json,
            .input_json = request.input_json,
            .options_json = request.options_json,
            .traceparent = request.traceparent,
            .role = request.role};
}

// Who answers this turn, or why nobody can.
Result<TurnChoice> choose(const Offers& offers, const TurnRequest& request) {
    auto agent = offers.agents.resolve(request.agent);
    if (!agent) return std::unexpected(agent.error());
    const auto name = request.method.empty() ? "chat" : request.method;
    const auto* const method = find_method(**agent, name);
    if (!method)
        return bad_request("method: the agent '" + request.agent + "' has none that is called '" +
                           name + "'.");
    if (!request.input_json.empty()) {
        const auto fits = method->input->check(nlohmann::json::parse(request.input_json));
        const auto* const where = request.middleware ? "input, as middleware left it: " : "input: ";
        if (!fits) return bad_request(where + fits.error().message);
    }
    auto model = offers.models.resolve(request.model);
    if (!model && !(request.model.empty() && plugins::needs_no_model(**agent)))
        return std::unexpected(model.error());
    return TurnChoice{std::move(*agent), model.value_or(ModelChoice{})};
}

}  // namespace

void Engine::begin_turn(TurnRequest request, Interaction::Done done) {
    Shard& shard = shard_of(request.interaction);
    if (draining()) return shard.refuse(request, stopping(), std::move(done));
    if (auto admitted = services_.store.admits_runs(); !admitted) {
        return shard.refuse(request, refused(admitted.error()), std::move(done));
    }
    if (!request.is_new) {
        const auto id = request.interaction;
        const auto owner = request.owner;
        return shard.with_interaction(id, owner,
                                      [this, request = std::move(request),
                                       done = std::move(done)](Result<Interaction*> found) mutable {
                                          if (!found)
                                              return done(std::unexpected(refused(found.error())));
                                          begin_on(**found, std::move(request), std::move(done));
                                      });
    }
    InteractionRecord record{.id = request.interaction,
                             .owner = request.owner,
                             .title = title_of(request.content_json),
                             .agent = request.agent,
                             .model = request.model,
                             .created_at_ms = shard.unix_ms(),
                             .updated_at_ms = shard.unix_ms()};
    Interaction& made = shard.make(std::move(record), {}, false);
    made.pin();
    begin_on(made, std::move(request), std::move(done));
    made.unpin();
}

// Agent and model: the request's, else the interaction's, else the default.
void Engine::begin_on(Interaction& interaction, TurnRequest request, Interaction::Done done) {
    if (request.agent.empty()) request.agent = interaction.record().agent;
    const auto now = offers();
    if (request.agent.empty()) request.agent = now->agents.default_agent();
    if (request.model.empty()) request.model = interaction.record().model;
    auto choice = choose(*now, request);
    if (!choice)
        return interaction.begin_turn(std::move(request), std::move(choice), std::move(done));
    const auto& model = choice->model;
    auto seen_by = now->middleware.select(
        request.agent, model.provider ? name_of(*model.provider) : "", request.surface);
    if (seen_by && seen_by->empty())
        return interaction.begin_turn(std::move(request), std::move(choice), std::move(done));
    if (!seen_by) {
        auto refusal = refused(seen_by.error());
        return shard_of(interaction.id()).refuse(request, std::move(refusal), std::move(done));
    }
    ask_middleware(interaction, std::move(*seen_by), std::move(request), std::move(done));
}

// The interaction stays while middleware thinks.
void Engine::ask_middleware(Interaction& interaction, std::vector<plugins::InstanceRef> instances,
                            TurnRequest request, Interaction::Done done) {
    Shard& shard = shard_of(interaction.id());
    interaction.pin();
    auto view = view_of(request);
    MiddlewareChain::ask(
        shard.lane(), std::move(instances), std::move(view),
        [this, &shard, &interaction, request = std::move(request),
         done = std::move(done)](Result<std::unique_ptr<MiddlewareChain>> chain) mutable {
            if (!chain || draining()) {  // it may have thought for seconds
                shard.refuse(request, chain ? stopping() : refused(chain.error()), std::move(done));
            } else {
                request.content_json = (*chain)->turn().content_json;
                request.input_json = (*chain)->turn().input_json;
                request.options_json = (*chain)->turn().options_json;
                request.model = (*chain)->turn().model;
                request.middleware = std::move(*chain);
                if (request.is_new) interaction.record().title = title_of(request.content_json);
                auto choice = choose(*offers(), request);
                interaction.begin_turn(std::move(request), std::move(choice), std::move(done));
            }
            interaction.unpin();
        });
}

}  // namespace patchbay::engine
