// What a tool is put through: beside what all answers are, arguments of every kind.
#include "runtime/plugins/offers.hpp"
#include "runtime/validate/answering.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/trouble_scenes.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::validate {
namespace {

using Json = nlohmann::json;
using plugins::ToolInfo;
using testing::ToolInput;
using namespace std::chrono_literals;

std::vector<ToolInfo> tools_of(const Stage& stage) {
    constexpr size_t most = 16;
    auto tools = plugins::parse_tools(stage.session.offer(Offer::tools));
    if (!tools) return {};
    if (tools->size() > most) tools->resize(most);
    return std::move(*tools);
}

Question question_of(const Stage& stage, const ToolInfo& tool, const Json& arguments) {
    return {.open =
                [&stage, input = ToolInput{.name = tool.name, .arguments_json = arguments.dump()}] {
                    return stage.session.host().call(input);
                },
            .made_up = true};
}

// Each of its tools, with the smallest arguments that its schema takes.
std::vector<Question> questions(const Stage& stage) {
    std::vector<Question> all;
    for (const auto& tool : tools_of(stage))
        all.push_back(
            question_of(stage, tool, sample_of(Json::parse(tool.parameters_json, nullptr, false))));
    return all;
}

// --- arguments ----------------------------------------------------------------------------------
// The sample with every property, and with texts of many kinds in the place of its texts.
std::vector<Json> full_samples(const Json& schema) {
    auto full = sample_of(schema);
    const auto properties = schema.value("properties", Json::object());
    for (const auto& [name, property] : properties.items())
        if (!full.contains(name)) full[name] = sample_of(property);
    std::vector<Json> all = {full};
    for (const auto& [name, value] : full.items()) {
        if (!value.is_string() && !value.is_number()) continue;
        const std::vector<Json> texts = {"\u00fc \u4e16\u754c \U0001F600", "\"\\\n\t\u0001",
                                         std::string(60'000, 'x'), "https://upstream.test/\u00fc"};
        const std::vector<Json> numbers = {0, -1, 1.5, 1e300, INT64_MAX, INT64_MIN};
        for (const auto& odd : value.is_string() ? texts : numbers) {
            auto arguments = full;
            arguments[name] = odd;
            all.push_back(std::move(arguments));
        }
    }
    return all;
}

// Those that the host would let through.
std::vector<Json> odd_arguments(const ToolInfo& tool) {
    const auto schema = Json::parse(tool.parameters_json, nullptr, false);
    const auto sample = sample_of(schema);
    auto all = with_wrong_types(schema, sample);
    std::ranges::copy(with_empty_texts(schema, sample), std::back_inserter(all));
    std::ranges::copy(full_samples(schema), std::back_inserter(all));
    all.push_back(Json::object());
    std::erase_if(all, [&](const Json& arguments) { return !tool.parameters->check(arguments); });
    return all;
}

void ask_with_odd_arguments(const Stage& stage) {
    stage.session.set_world(ordinary_world(stage.subject));
    for (const auto& tool : tools_of(stage))
        for (const auto& arguments : odd_arguments(tool))
            if (auto* call = open(stage, question_of(stage, tool, arguments)))
                wait_for_end(stage, *call);
}

void ask_with_odd_requests(const Stage& stage) {
    stage.session.set_world(ordinary_world(stage.subject));
    for (const auto& tool : tools_of(stage)) {
        const auto arguments = sample_of(Json::parse(tool.parameters_json, nullptr, false)).dump();
        const std::vector<ToolInput> inputs = {
            {.name = tool.name, .arguments_json = arguments, .call_id = std::string(500, 'i')},
            {.name = tool.name, .arguments_json = arguments, .owner = "user:\u00fc"},
            {.name = tool.name, .arguments_json = arguments, .extra_json = R"({"odd":[null]})"},
            {.name = tool.name, .arguments_json = arguments, .deadline_ms = 1},
        };
        for (const auto& input : inputs)
            if (auto call = stage.session.host().call(input)) wait_for_end(stage, **call);
    }
}

// --- the kind -----------------------------------------------------------------------------------
void failing_children(const Stage& stage) {
    auto world = ordinary_world(stage.subject);
    world.child = [](const patchbay_chat_start&, size_t) {
        return testing::ChildAnswer{
            .failure = Error{.code = ErrorCode::upstream, .message = "the model failed"}};
    };
    ask_in(stage, &questions, std::move(world));
}

void failing_upstream(const Stage& stage, const UpstreamTrouble& trouble) {
    ask_in(stage, &questions, {.upstream = trouble.upstream(stage.subject)});
}

std::vector<Told> at_a_time(const Stage& stage, std::span<const size_t> numbers) {
    const auto all = questions(stage);
    if (all.empty()) return {};
    std::vector<Question> asked;
    for (const auto number : numbers) asked.push_back(all[number % all.size()]);
    return told_at_a_time(stage, asked);
}

std::string transcript(const Stage& stage) { return transcript_of(stage, &questions); }

std::vector<Scene> all_scenes() {
    std::vector<Scene> scenes(answering_scenes<&questions>.begin(),
                              answering_scenes<&questions>.end());
    std::ranges::copy(asking_scenes<&questions>, std::back_inserter(scenes));
    scenes.push_back(
        {"called with odd arguments that its schema takes", &ask_with_odd_arguments, false, true});
    scenes.push_back({"called in odd ways", &ask_with_odd_requests});
    scenes.push_back({"answered by a model that fails", &failing_children});
    add_troubles<&failing_upstream>(scenes);
    return scenes;
}

}  // namespace

const Kind& tool_kind() {
    static const auto scenes = all_scenes();
    static const Kind kind = {PATCHBAY_TOOL_1, scenes, &transcript, &questions, &at_a_time};
    return kind;
}

}  // namespace patchbay::validate
