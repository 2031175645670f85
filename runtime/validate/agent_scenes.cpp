// What an agent is put through: beside what all answers are, models, tools and people that fail.
#include "runtime/plugins/offers.hpp"
#include "runtime/validate/answering.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/trouble_scenes.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::validate {
namespace {

using testing::AgentInput;
using testing::ChildAnswer;
using testing::FakeDecision;
using namespace std::chrono_literals;

// One for each of its methods: "chat" with a message, others with an input that their schema takes.
std::vector<AgentInput> inputs_of(const Stage& stage) {
    const auto& json = stage.session.offer(Offer::methods);
    const auto listed = plugins::parse_methods(json);
    const auto methods = json.empty() || !listed ? plugins::chat_alone() : *listed;
    constexpr size_t most = 8;
    std::vector<AgentInput> all;
    for (const auto& method : methods) {
        if (all.size() == most) break;
        AgentInput input = {.method = method.name};
        if (method.name != "chat")
            input.input_json =
                sample_of(nlohmann::json::parse(method.input_json, nullptr, false)).dump();
        all.push_back(input);
    }
    return all;
}

std::vector<Question> questions(const Stage& stage) {
    std::vector<Question> all;
    for (const auto& input : inputs_of(stage))
        all.push_back(
            {[&stage, input] { return stage.session.host().open(input); }, input.method != "chat"});
    return all;
}

// --- models -------------------------------------------------------------------------------------
// Every child answers like this.
template <ChildAnswer (*answer)()>
void children_say(const Stage& stage) {
    auto world = ordinary_world(stage.subject);
    world.child = [](const patchbay_chat_start&, size_t) { return answer(); };
    ask_in(stage, &questions, std::move(world));
}

Error model_down() {
    return {.code = ErrorCode::upstream, .message = "the model failed", .http_status = 500};
}

ChildAnswer fails() { return {.failure = model_down()}; }

ChildAnswer fails_midway() {
    auto answer = ordinary_child(1s);
    answer.failure = model_down();
    return answer;
}

ChildAnswer says_nothing() { return {}; }

ChildAnswer says_much() {
    constexpr size_t pieces = 32;
    return {.chunks = std::vector<std::string>(pieces, std::string(30'000, 'x') + "ü")};
}

template <uint32_t reason>
ChildAnswer stops_early() {
    auto answer = ordinary_child();
    answer.reason = reason;
    return answer;
}

ChildAnswer calls_tools_for_ever() { return child_with_tool_calls(); }

// --- tools --------------------------------------------------------------------------------------
// The first child of an answer asks for tools, the next one answers.
World world_with_tools(const Stage& stage, std::chrono::milliseconds delay = {}) {
    auto world = ordinary_world(stage.subject);
    world.child = [delay](const patchbay_chat_start&, size_t nth) {
        return nth == 0 ? child_with_tool_calls(delay) : ordinary_child(delay);
    };
    return world;
}

void tools_answer(const Stage& stage) { ask_in(stage, &questions, world_with_tools(stage)); }

void tools_fail(const Stage& stage) {
    auto world = world_with_tools(stage);
    world.tool = [] {
        return ToolAnswer{.error = Error{.code = ErrorCode::upstream, .message = "it is down"}};
    };
    ask_in(stage, &questions, std::move(world));
}

void tools_are_forbidden(const Stage& stage) {
    auto world = world_with_tools(stage);
    world.tool = [] {
        return ToolAnswer{.error = Error{.code = ErrorCode::forbidden,
                                         .message = "somebody said no",
                                         .user_safe = true}};
    };
    ask_in(stage, &questions, std::move(world));
}

// At each second of an answer that asks for tools which take their time.
void cancelled_among_tools(const Stage& stage) {
    constexpr int most_seconds = 20;
    for (const auto& question : questions(stage)) {
        for (int seconds = 0; seconds < most_seconds; ++seconds) {
            auto world = world_with_tools(stage, 1s);
            world.tool = [] { return ToolAnswer{.delay = 2s}; };
            stage.session.set_world(std::move(world));
            auto* answer = open(stage, question);
            if (!answer) break;
            stage.session.run_until([&] { return answer->closed(); },
                                    std::chrono::seconds(seconds));
            if (answer->finished()) {
                wait_for_end(stage, *answer);
                break;
            }
            cancel(stage, *answer);
        }
    }
}

void no_tools(const Stage& stage) {
    stage.session.host().tools().offer("[]");
    ask_in(stage, &questions, ordinary_world(stage.subject));
}

// --- people -------------------------------------------------------------------------------------
template <uint32_t decision>
void people_say(const Stage& stage) {
    auto world = world_with_tools(stage);
    world.person = [] {
        return FakeDecision{.decision = decision,
                            .input_json = decision == PATCHBAY_DECISION_EDITED ? "{}" : "",
                            .comment = "so be it"};
    };
    ask_in(stage, &questions, std::move(world));
}

// --- what was said before -----------------------------------------------------------------------
void unreadable_history(const Stage& stage) {
    stage.session.host().set_history(failure(ErrorCode::storage, "the disk is gone"));
    ask_in(stage, &questions, ordinary_world(stage.subject));
}

void empty_history(const Stage& stage) {
    stage.session.host().set_history("[]");
    ask_in(stage, &questions, ordinary_world(stage.subject));
}

void odd_history(const Stage& stage) {
    stage.session.host().set_history(R"([
        {"role": "org.example.role", "content": [{"type": "org.example.odd", "x": [1, null]}]},
        {"role": "system", "content": []},
        {"role": "assistant", "content": [
            {"type": "tool_call", "id": "c", "name": "lookup", "arguments": {}, "extra": {"a": 1}}]},
        {"role": "tool", "content": [{"type": "tool_result", "id": "c", "error": "no"}]},
        {"role": "user", "content": [{"type": "image", "url": "https://x.test/a.png"}]}])");
    ask_in(stage, &questions, ordinary_world(stage.subject));
}

void odd_events(const Stage& stage) {
    auto world = world_with_tools(stage);
    world.odd_events = true;
    ask_in(stage, &questions, std::move(world));
}

void odd_requests(const Stage& stage) {
    stage.session.set_world(ordinary_world(stage.subject));
    const std::vector<AgentInput> inputs = {
        {.input_json = R"({"content":[]})"},
        {.input_json = R"({"content":[{"type":"image","url":"https://x.test/a.png"}]})"},
        {.input_json = R"({"content":[{"type":"org.example.odd","x":[1]}]})"},
        {.input_json =
             R"({"content":[{"type":"text","text":")" + std::string(100'000, 'x') + "\"}]}"},
        {.model = ""},
        {.options_json = R"({"temperature":"warm","org.example.unknown":{"a":null}})"},
        {.extra_json = R"({"org.example.unknown":1})"},
        {.deadline_ms = 1},
        {.max_tokens = UINT32_MAX, .attempt = 7},
        {.max_tokens = 1, .depth = 7},
    };
    for (const auto& input : inputs)
        if (auto answer = stage.session.host().open(input)) wait_for_end(stage, **answer);
}

// --- the kind -----------------------------------------------------------------------------------
void failing_upstream(const Stage& stage, const UpstreamTrouble& trouble) {
    ask_in(stage, &questions, {.upstream = trouble.upstream(stage.subject)});
}

std::vector<Told> at_a_time(const Stage& stage, std::span<const size_t> numbers) {
    const auto inputs = inputs_of(stage);
    if (inputs.empty()) return {};
    std::vector<Question> questions;
    for (const auto number : numbers) {
        auto input = inputs[number % inputs.size()];
        if (input.method == "chat")
            input.input_json = R"({"content":)" + numbered_content(number) + "}";
        questions.push_back({[&stage, input] { return stage.session.host().open(input); }});
    }
    return told_at_a_time(stage, questions);
}

std::string transcript(const Stage& stage) { return transcript_of(stage, &questions); }

std::vector<Scene> all_scenes() {
    std::vector<Scene> scenes(answering_scenes<&questions>.begin(),
                              answering_scenes<&questions>.end());
    std::ranges::copy(asking_scenes<&questions>, std::back_inserter(scenes));
    std::ranges::copy(
        std::to_array<Scene>({
            {"answered by a model that fails", &children_say<&fails>},
            {"answered by a model that fails midway", &children_say<&fails_midway>},
            {"answered by a model that says nothing", &children_say<&says_nothing>},
            {"answered by a model that says 1 MB", &children_say<&says_much>, false, true},
            {"answered by a model that meets its max_tokens",
             &children_say<&stops_early<PATCHBAY_FINISH_LENGTH>>},
            {"answered by a model that declines",
             &children_say<&stops_early<PATCHBAY_FINISH_REFUSAL>>},
            {"answered by a model that was cancelled",
             &children_say<&stops_early<PATCHBAY_FINISH_CANCELLED>>},
            {"answered by a model that ends for a reason of a later version",
             &children_say<&stops_early<99>>},
            {"answered by a model that asks for tools", &tools_answer},
            {"answered by a model that asks for tools for ever",
             &children_say<&calls_tools_for_ever>},
            {"given tools that fail", &tools_fail},
            {"given tools that somebody forbids", &tools_are_forbidden},
            {"given no tools", &no_tools},
            {"cancelled while tools run", &cancelled_among_tools},
            {"denied what it asks people for", &people_say<PATCHBAY_DECISION_DENIED>},
            {"given another input by people", &people_say<PATCHBAY_DECISION_EDITED>},
            {"left without an answer by people", &people_say<PATCHBAY_DECISION_EXPIRED>},
            {"answered by people as a later version would", &people_say<99>},
            {"left without the history", &unreadable_history},
            {"given an empty history", &empty_history},
            {"given roles and parts that nobody knows", &odd_history},
            {"given events that nobody knows", &odd_events},
            {"asked in odd ways", &odd_requests, false, true},
        }),
        std::back_inserter(scenes));
    add_troubles<&failing_upstream>(scenes);
    return scenes;
}

}  // namespace

const Kind& agent_kind() {
    static const auto scenes = all_scenes();
    static const Kind kind = {PATCHBAY_AGENT_1, scenes, &transcript, &questions, &at_a_time};
    return kind;
}

}  // namespace patchbay::validate
