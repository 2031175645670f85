// What a provider is put through.
#include "runtime/plugins/models.hpp"
#include "runtime/validate/answering.hpp"
#include "runtime/validate/trouble_scenes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchbay::validate {
namespace {

using testing::ChatInput;

// One that it lists: of another one the host says itself that there is no such model.
std::string model_of(const Stage& stage) {
    const auto models = plugins::parse_models(stage.session.offer(Offer::models));
    return models && !models->empty() ? models->front().id : ChatInput{}.model;
}

std::vector<Question> questions(const Stage& stage) {
    return {{.open = [&stage, model = model_of(stage)] {
        return stage.session.host().open(ChatInput{.model = model});
    }}};
}

void odd_requests(const Stage& stage) {
    stage.session.set_world(ordinary_world(stage.subject));
    const auto model = model_of(stage);
    const std::string image =
        R"([{"role":"user","content":[{"type":"image","url":"https://x.test/a.png"}]}])";
    const std::string unknown_part =
        R"([{"role":"user","content":[{"type":"org.example.odd","x":[1]}]}])";
    const std::string tools = R"([{"name":"f","description":"","parameters":{"type":"object"}}])";
    const std::vector<ChatInput> inputs = {
        {.model = ""},
        {.model = std::string(300, 'm')},
        {.model = model, .messages_json = "[]"},
        {.model = model, .messages_json = image},
        {.model = model, .messages_json = unknown_part},
        {.model = model,
         .options_json = R"({"temperature":"warm","org.example.unknown":{"a":null}})"},
        {.model = model, .tools_json = tools},
        {.model = model, .prefill = "Hel"},
        {.model = model, .deadline_ms = 1},
        {.model = model, .max_tokens = 1},
        {.model = model, .max_tokens = UINT32_MAX, .attempt = 7},
    };
    for (const auto& input : inputs)
        if (auto chat = stage.session.host().open(input)) wait_for_end(stage, **chat);
}

// An upstream that failed cannot end as if all were well.
void failing_upstream(const Stage& stage, const UpstreamTrouble& trouble) {
    stage.session.set_world({.upstream = trouble.upstream(stage.subject)});
    for (const auto& question : questions(stage)) {
        auto* chat = open(stage, question);
        if (!chat) return;
        wait_for_end(stage, *chat);
        if (trouble.must_fail && chat->finished() && chat->finish_reason() != PATCHBAY_FINISH_ERROR)
            stage.session.probe().find(Breach::hidden_failure,
                                       fmt::format("the answer ended with reason {} instead of "
                                                   "ERROR",
                                                   chat->finish_reason()));
    }
}

std::vector<Told> at_a_time(const Stage& stage, std::span<const size_t> numbers) {
    std::vector<Question> questions;
    for (const auto number : numbers) {
        ChatInput input = {.model = model_of(stage)};
        input.messages_json =
            fmt::format(R"([{{"role":"user","content":{}}}])", numbered_content(number));
        questions.push_back({[&stage, input] { return stage.session.host().open(input); }});
    }
    return told_at_a_time(stage, questions);
}

std::string transcript(const Stage& stage) { return transcript_of(stage, &questions); }

std::vector<Scene> all_scenes() {
    std::vector<Scene> scenes(answering_scenes<&questions>.begin(),
                              answering_scenes<&questions>.end());
    scenes.push_back({"asked in odd ways", &odd_requests});
    add_troubles<&failing_upstream>(scenes);
    return scenes;
}

}  // namespace

const Kind& provider_kind() {
    static const auto scenes = all_scenes();
    static const Kind kind = {PATCHBAY_PROVIDER_1, scenes, &transcript, &questions, &at_a_time};
    return kind;
}

}  // namespace patchbay::validate
