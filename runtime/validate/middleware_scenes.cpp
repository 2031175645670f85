// What a middleware is put through: turns, and the events of their answers.
#include "runtime/validate/middleware_texts.hpp"
#include "runtime/validate/trouble_scenes.hpp"

#include <patchbay/testing/lent_text.hpp>

#include <fmt/format.h>

#include <vector>

namespace patchbay::validate {
namespace {

using testing::FakeTurn;
using testing::LentText;
using testing::TurnInput;
using namespace std::chrono_literals;

World slow_upstream_alone(const Stage& stage) { return {.upstream = slow_upstream(stage.subject)}; }

// A batch with something of each kind.
void send_all_kinds(FakeTurn& turn) {
    LentText lent;
    std::vector<patchbay_event> events;
    for (uint32_t kind = PATCHBAY_EVENT_DELTA; kind <= PATCHBAY_EVENT_CUSTOM; ++kind) {
        patchbay_event event = {};
        event.kind = kind;
        event.text = lent.lend(kind <= PATCHBAY_EVENT_STATUS ? "w\u00f6rds " : R"({"a":"\u00fc"})");
        event.name = lent.lend("org.example.name");
        event.id = lent.lend("call-1");
        events.push_back(event);
    }
    const patchbay_usage usage = {.prompt_tokens = 5,
                                  .completion_tokens = 4,
                                  .cached_tokens = 0,
                                  .cache_write_tokens = 0,
                                  .reasoning_tokens = 0,
                                  .estimated = 0,
                                  .reserved = 0};
    events[PATCHBAY_EVENT_USAGE - 1].usage = &usage;
    turn.send(events);
}

void answer(const Stage& stage, FakeTurn& turn, uint32_t reason = PATCHBAY_FINISH_STOP) {
    turn.send_text("Let me think. ", PATCHBAY_CHANNEL_REASONING);
    turn.send_text("Hello, ");
    turn.send_text("w\u00f6rld.");
    send_all_kinds(turn);
    end_turn(stage, turn, reason);
}

// --- scenes -------------------------------------------------------------------------------------
void left_alone(const Stage& stage) {
    stage.session.set_world({.upstream = ordinary_upstream(stage.subject)});
    if (auto* turn = pass_turn(stage)) answer(stage, *turn);
}

void odd_turns(const Stage& stage) {
    const std::vector<TurnInput> inputs = {
        {.content_json = "[]"},
        {.content_json = R"([{"type":"text","text":""}])"},
        {.content_json = R"([{"type":"text","text":"\u00fc \u4e16\u754c \ud83d\ude00"}])"},
        {.content_json = R"([{"type":"text","text":")" + std::string(200'000, 'x') + "\"}]"},
        {.content_json = R"([{"type":"image","url":"https://x.test/a.png"}])"},
        {.content_json = R"([{"type":"org.example.odd","x":[1,null]}])"},
        {.model = "some/model", .options_json = R"({"org.example.unknown":{"a":null}})"},
        {.surface = "org.example.surface", .credential_id = "", .agent = ""},
        {.method = "pay",
         .content_json = R"([{"type":"text","text":"{\"text\":\"card 4111 1111 1111 1111\"}"}])",
         .input_json = R"({"text":"card 4111 1111 1111 1111"})"},
        {.method = "pay",
         .input_json = R"({"a":["\u00fc",{"":null}],"n":4111111111111111,"e":-1.5e3,"t":true})"},
        {.input_json = R"({"deep":)" + std::string(100, '[') + std::string(100, ']') + "}"},
        {.method = "org.example.odd", .input_json = "{}"},
        {.method = "without input"},
        {.extra_json = R"({"odd":true})", .role = 99},
        {.attempt = 7},
    };
    stage.session.set_world({.upstream = ordinary_upstream(stage.subject)});
    for (const auto& input : inputs)
        if (auto* turn = pass_turn(stage, input)) answer(stage, *turn);
}

void odd_answers(const Stage& stage) {
    stage.session.set_world({.upstream = ordinary_upstream(stage.subject)});
    if (auto* turn = pass_turn(stage)) end_turn(stage, *turn);  // nothing was said
    if (auto* turn = pass_turn(stage)) {
        turn->send_text("");
        std::string large(60'000, 'x');  // of one event: 64 KiB
        large += "\u00fc";
        for (int i = 0; i < 20; ++i) turn->send_text(large);
        end_turn(stage, *turn);
    }
    for (const uint32_t reason : {PATCHBAY_FINISH_LENGTH, PATCHBAY_FINISH_ERROR, 99u})
        if (auto* turn = pass_turn(stage)) answer(stage, *turn, reason);
}

void unknown_kinds(const Stage& stage) {
    stage.session.set_world({.upstream = ordinary_upstream(stage.subject)});
    auto* turn = pass_turn(stage);
    if (!turn) return;
    constexpr uint32_t unknown = 99;
    turn->send_text("Hello");
    LentText lent;
    patchbay_event event = {};
    event.kind = unknown;
    event.text = lent.lend("of a later version");
    turn->send({event});
    turn->send_text(", w\u00f6rld.");
    end_turn(stage, *turn);
    const auto& shown = turn->shown();
    const bool there = std::ranges::any_of(shown, [](const auto& e) { return e.kind == unknown; });
    if (!there && !turn->failed())
        stage.session.probe().find_alone(Breach::lost_event,
                                         "an event of a kind that it does not know did not go on");
}

void cancelled_midway(const Stage& stage) {
    stage.session.set_world(slow_upstream_alone(stage));
    auto& undecided = stage.session.host().turn();
    undecided.cancel();
    settle(stage, undecided);
    if (undecided.passed()) end_turn(stage, undecided, PATCHBAY_FINISH_CANCELLED);
    auto* turn = pass_turn(stage);
    if (!turn) return;
    turn->send_text("Hello, ");
    end_turn(stage, *turn, PATCHBAY_FINISH_CANCELLED);
}

void many_at_a_time(const Stage& stage) {
    constexpr size_t count = 20;
    stage.session.set_world(slow_upstream_alone(stage));
    std::vector<FakeTurn*> turns;
    for (size_t i = 0; i < count; ++i) turns.push_back(&stage.session.host().turn());
    for (auto* turn : turns) settle(stage, *turn);
    for (const char* piece : {"Hello", ", w\u00f6rld", " of streams."})
        for (auto* turn : turns) turn->send_text(piece);
    for (auto* turn : turns)
        if (turn->passed()) end_turn(stage, *turn);
}

void destroyed_with_open_turns(const Stage& stage) {
    stage.session.set_world(slow_upstream_alone(stage));
    for (int i = 0; i < 3; ++i) stage.session.host().turn().send_text("Hello");
}

template <Refusal refusal>
void refused_by_host(const Stage& stage) {
    stage.session.set_refusal(refusal);
    stage.session.set_world({.upstream = ordinary_upstream(stage.subject)});
    if (auto* turn = pass_turn(stage)) answer(stage, *turn);
}

void failing_upstream(const Stage& stage, const UpstreamTrouble& trouble) {
    stage.session.set_world({.upstream = trouble.upstream(stage.subject)});
    if (auto* turn = pass_turn(stage)) answer(stage, *turn);
}

// --- the kind -----------------------------------------------------------------------------------
std::string transcript(const Stage& stage) {
    auto& turn = stage.session.host().turn();
    stage.session.run_until([&] { return turn.decided() || turn.closed(); });
    const auto& change = turn.change();
    if (!turn.passed())
        return "refused: " + (turn.refused() ? turn.refused()->message : "no verdict");
    const auto changes =
        fmt::format("{}|{}|{}|{}|{}|{}", change.content_json, change.input_json,
                    change.options_json, change.model, change.system, change.answer);
    for (const char* piece : {"Hello", ", w\u00f6rld", " of streams."}) turn.send_text(piece);
    turn.end();
    return fmt::format("{}; {} events, {}", changes, turn.shown().size(), turn.text());
}

std::vector<Told> at_a_time(const Stage& stage, std::span<const size_t> numbers) {
    std::vector<FakeTurn*> turns;
    for (const auto number : numbers) {
        const TurnInput input = {.content_json = fmt::format(
                                     R"([{{"type":"text","text":"This is number {}."}}])", number)};
        turns.push_back(&stage.session.host().turn(input));
    }
    for (auto* turn : turns)
        stage.session.run_until([&] { return turn->decided() || turn->closed(); });
    for (const char* piece : {"Hello", " number ", "", ", w\u00f6rld", " of streams."})
        for (size_t i = 0; i < turns.size(); ++i)
            if (turns[i]->passed())
                turns[i]->send_text(*piece ? piece : std::to_string(numbers[i]));
    std::vector<Told> told;
    for (auto* turn : turns) {
        const bool passed = turn->passed();
        if (passed) turn->end();
        told.push_back({passed ? 1u : 0u, turn->change().content_json + turn->text()});
    }
    return told;
}

std::vector<Scene> all_scenes() {
    std::vector<Scene> scenes = {
        {"left alone", &left_alone},
        {"given odd turns", &odd_turns, false, true},
        {"given odd answers", &odd_answers, false, true},
        {"given events of a later version", &unknown_kinds},
        {"given a text that is cut in every place", &cut_everywhere},
        {"given a text that ends in every place", &end_everywhere},
        {"cancelled midway", &cancelled_midway},
        {"given 20 turns at a time", &many_at_a_time},
        {"destroyed after open turns were ended", &destroyed_with_open_turns},
        {"refused its timers", &refused_by_host<Refusal::timers>},
        {"refused its HTTP calls", &refused_by_host<Refusal::calls>},
        {"refused its posts", &refused_by_host<Refusal::posts>},
        {"refused its jobs", &refused_by_host<Refusal::jobs>},
        {"refused its store", &refused_by_host<Refusal::store>},
    };
    add_troubles<&failing_upstream>(scenes);
    return scenes;
}

}  // namespace

const Kind& middleware_kind() {
    static const auto scenes = all_scenes();
    static const Kind kind = {PATCHBAY_MIDDLEWARE_1, scenes, &transcript, nullptr, &at_a_time};
    return kind;
}

}  // namespace patchbay::validate
