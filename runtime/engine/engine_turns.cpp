// Engine: how a turn begins.
#include "runtime/engine/engine.hpp"
#include "runtime/engine/middleware.hpp"
#include "runtime/plugins/message_content.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

constexpr size_t title_bytes = 80;

// The beginning of the first message, cut at a character.
std::string title_of(const std::string& content_json) {
    for (const auto& part : nlohmann::json::parse(content_json)) {
        if (plugins::text_at(part, "type") != "text") continue;
        auto text = plugins::text_at(part, "text");
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

// Who answers this turn, or why nobody can. `input_is`: how errors call the input.
Result<TurnChoice> choose(const Offers& offers, const TurnRequest& request,
                          const std::string& input_is) {
    auto agent = offers.agents.resolve(request.agent);
    if (!agent) return std::unexpected(agent.error());
    const auto name = request.method.empty() ? "chat" : request.method;
    const auto* const method = find_method(**agent, name);
    if (!method)
        return bad_request("method: the agent '" + request.agent + "' has none that is called '" +
                           name + "'.");
    if (!request.input_json.empty()) {
        const auto fits = check_input(*method, nlohmann::json::parse(request.input_json));
        if (!fits) return bad_request(input_is + ": " + fits.error().message);
    }
    auto model = offers.models.resolve(request.model);
    if (!model && !(request.model.empty() && plugins::needs_no_model(**agent)))
        return std::unexpected(model.error());
    return TurnChoice{std::move(*agent), model.value_or(ModelChoice{})};
}

Result<std::vector<plugins::InstanceRef>> seen_by_of(const Offers& offers,
                                                     const TurnRequest& request,
                                                     const TurnChoice& choice) {
    const auto& provider = choice.model.provider;
    return offers.middleware.select(request.agent, provider ? name_of(*provider) : "",
                                    request.surface);
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
    auto choice = choose(*now, request, "input");
    if (!choice)
        return interaction.begin_turn(std::move(request), std::move(choice), std::move(done));
    auto seen_by = seen_by_of(*now, request, *choice);
    if (seen_by && seen_by->empty())
        return interaction.begin_turn(std::move(request), std::move(choice), std::move(done));
    if (!seen_by) {
        auto refusal = refused(seen_by.error());
        return shard_of(interaction.id()).refuse(request, std::move(refusal), std::move(done));
    }
    auto chain = MiddlewareChain::of(view_of(request));
    ask_middleware(interaction, std::move(chain), std::move(*seen_by), std::move(request),
                   std::move(done));
}

// The interaction stays while middleware thinks.
void Engine::ask_middleware(Interaction& interaction, std::unique_ptr<MiddlewareChain> chain,
                            std::vector<plugins::InstanceRef> instances, TurnRequest request,
                            Interaction::Done done) {
    interaction.pin();
    MiddlewareChain::ask(
        shard_of(interaction.id()).lane(), std::move(chain), std::move(instances),
        [this, &interaction, request = std::move(request),
         done = std::move(done)](Result<std::unique_ptr<MiddlewareChain>> asked) mutable {
            go_on_with(interaction, std::move(asked), std::move(request), std::move(done));
            interaction.unpin();
        });
}

// Where it chose a model of another provider, that one's middleware is asked, too.
void Engine::go_on_with(Interaction& interaction, Result<std::unique_ptr<MiddlewareChain>> chain,
                        TurnRequest request, Interaction::Done done) {
    const auto refuse = [&](TurnRefused refusal) {
        shard_of(interaction.id()).refuse(request, std::move(refusal), std::move(done));
    };
    if (!chain) return refuse(refused(chain.error()));
    if (draining()) return refuse(stopping());  // it may have thought for seconds
    request.content_json = (*chain)->turn().content_json;
    request.input_json = (*chain)->turn().input_json;
    request.options_json = (*chain)->turn().options_json;
    request.model = (*chain)->turn().model;
    const auto now = offers();
    auto choice = choose(*now, request, "input, as middleware left it");
    if (choice) {
        auto seen_by = seen_by_of(*now, request, *choice);
        if (!seen_by) return refuse(refused(seen_by.error()));
        std::erase_if(*seen_by, [&](const auto& each) { return (*chain)->has_asked(*each); });
        if (!seen_by->empty()) {
            return ask_middleware(interaction, std::move(*chain), std::move(*seen_by),
                                  std::move(request), std::move(done));
        }
    }
    if (request.is_new) interaction.record().title = title_of(request.content_json);
    request.middleware = std::move(*chain);
    interaction.begin_turn(std::move(request), std::move(choice), std::move(done));
}

}  // namespace patchbay::engine
