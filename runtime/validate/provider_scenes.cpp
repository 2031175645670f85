// What a provider is put through.
#include "runtime/validate/scene.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace patchbay::validate {
namespace {

using testing::ChatInput;
using testing::FakeChat;
using namespace std::chrono_literals;

// What an ordinary request gets must be an open chat.
FakeChat* open(const Stage& stage, const ChatInput& input = {}) {
    auto chat = stage.session.host().open(input);
    if (chat) return *chat;
    const auto findings = stage.session.probe().findings();
    const bool known = std::ranges::any_of(findings, [](const Finding& finding) {
        return finding.breach == Breach::exception || finding.breach == Breach::no_reason;
    });
    if (!known)
        stage.session.probe().find(Breach::refused,
                                   "open() refused an ordinary request: " + chat.error().message);
    return nullptr;
}

void wait_for_end(const Stage& stage, FakeChat& chat) {
    stage.session.run_until([&] { return chat.closed(); });
    if (chat.finished()) return;
    if (!chat.cancelled())
        stage.session.probe().find(Breach::no_finish, "the answer never ended: no finish()");
}

void cancel(const Stage& stage, FakeChat& chat, patchbay_reason reason = PATCHBAY_REASON_CLIENT) {
    chat.cancel(reason);
    stage.session.run_until([&] { return chat.closed(); });
    if (chat.cancelled() && !chat.finished())
        stage.session.probe().find(Breach::cancel_ignored,
                                   "cancel() was not followed by finish() within 5 s");
}

// At most this many turns: until a first event, or the end.
void run_to_first_event(const Stage& stage, const FakeChat& chat) {
    stage.session.run_until([&] { return !chat.events().empty() || chat.closed(); });
}

// --- scenes -------------------------------------------------------------------------------------
void answer_to_the_end(const Stage& stage) {
    stage.session.set_upstream(ordinary_upstream(stage.subject));
    if (auto* chat = open(stage)) wait_for_end(stage, *chat);
}

void cancel_before_first_byte(const Stage& stage) {
    stage.session.set_upstream(slow_upstream(stage.subject));
    if (auto* chat = open(stage)) cancel(stage, *chat);
}

void cancel_midway(const Stage& stage) {
    stage.session.set_upstream(slow_upstream(stage.subject));
    auto* chat = open(stage);
    if (!chat) return;
    run_to_first_event(stage, *chat);
    cancel(stage, *chat, PATCHBAY_REASON_GONE);
}

// Once for each number of events that an answer may have had by then.
void cancel_at_every_event(const Stage& stage) {
    constexpr size_t most = 40;
    for (size_t count = 1; count <= most; ++count) {
        stage.session.set_upstream(ordinary_upstream(stage.subject));
        auto* chat = open(stage);
        if (!chat) return;
        stage.session.run_until([&] { return chat->events().size() >= count || chat->closed(); });
        if (chat->finished()) return wait_for_end(stage, *chat);
        cancel(stage, *chat, PATCHBAY_REASON_DEADLINE);
    }
}

void unknown_cancel_reason(const Stage& stage) {
    stage.session.set_upstream(slow_upstream(stage.subject));
    if (auto* chat = open(stage)) cancel(stage, *chat, 99);
}

void pause_midway(const Stage& stage) {
    stage.session.set_upstream(ordinary_upstream(stage.subject));
    auto* chat = open(stage);
    if (!chat) return;
    chat->pause_after(1);
    stage.session.run_until([&] { return chat->paused() || chat->closed(); });
    stage.session.run_until([&] { return chat->closed(); }, 30s);
    chat->resume();
    wait_for_end(stage, *chat);
}

void pause_at_every_event(const Stage& stage) {
    stage.session.set_upstream(ordinary_upstream(stage.subject));
    auto* chat = open(stage);
    if (!chat) return;
    constexpr size_t most = 1000;
    for (size_t i = 0; i < most && !chat->closed(); ++i) {
        chat->pause_after(1);
        stage.session.run_until([&] { return chat->paused() || chat->closed(); });
        if (!chat->paused()) break;
        chat->resume();
    }
    wait_for_end(stage, *chat);
}

void cancel_while_paused(const Stage& stage) {
    stage.session.set_upstream(ordinary_upstream(stage.subject));
    auto* chat = open(stage);
    if (!chat) return;
    chat->pause_after(1);
    stage.session.run_until([&] { return chat->paused() || chat->closed(); });
    cancel(stage, *chat);
}

void resume_and_cancel_at_once(const Stage& stage) {
    stage.session.set_upstream(ordinary_upstream(stage.subject));
    auto* chat = open(stage);
    if (!chat) return;
    chat->pause_after(1);
    stage.session.run_until([&] { return chat->paused() || chat->closed(); });
    chat->resume();
    cancel(stage, *chat);
}

void many_at_a_time(const Stage& stage) {
    constexpr size_t count = 20;
    stage.session.set_upstream(slow_upstream(stage.subject));
    std::vector<FakeChat*> chats;
    for (size_t i = 0; i < count; ++i) {
        auto* chat = open(stage);
        if (!chat) return;
        chats.push_back(chat);
        if (i % 5 == 4) chats[i / 2]->cancel(PATCHBAY_REASON_GONE);
    }
    for (auto* chat : chats) wait_for_end(stage, *chat);
}

void destroy_with_open_answers(const Stage& stage) {
    stage.session.set_upstream(slow_upstream(stage.subject));
    for (int i = 0; i < 3; ++i)
        if (!open(stage)) return;
}

void odd_requests(const Stage& stage) {
    stage.session.set_upstream(ordinary_upstream(stage.subject));
    const std::string image =
        R"([{"role":"user","content":[{"type":"image","url":"https://x.test/a.png"}]}])";
    const std::string unknown_part =
        R"([{"role":"user","content":[{"type":"org.example.odd","x":[1]}]}])";
    const std::string tools = R"([{"name":"f","description":"","parameters":{"type":"object"}}])";
    const std::vector<ChatInput> inputs = {
        {.model = ""},
        {.model = std::string(300, 'm')},
        {.messages_json = "[]"},
        {.messages_json = image},
        {.messages_json = unknown_part},
        {.options_json = R"({"temperature":"warm","org.example.unknown":{"a":null}})"},
        {.tools_json = tools},
        {.prefill = "Hel"},
        {.deadline_ms = 1},
        {.max_tokens = 1},
        {.max_tokens = UINT32_MAX, .attempt = 7},
    };
    for (const auto& input : inputs)
        if (auto chat = stage.session.host().open(input)) wait_for_end(stage, **chat);
}

template <Refusal refusal>
void refused_by_host(const Stage& stage) {
    stage.session.set_refusal(refusal);
    stage.session.set_upstream(ordinary_upstream(stage.subject));
    if (auto chat = stage.session.host().open()) wait_for_end(stage, **chat);
}

// --- an upstream that fails
// -----------------------------------------------------------------------
template <size_t index>
void failing_upstream(const Stage& stage) {
    const auto& trouble = upstream_troubles()[index];
    stage.session.set_upstream(trouble.upstream(stage.subject));
    auto* chat = open(stage);
    if (!chat) return;
    wait_for_end(stage, *chat);
    if (!trouble.must_fail || !chat->finished()) return;
    if (chat->finish_reason() != PATCHBAY_FINISH_ERROR)
        stage.session.probe().find(
            Breach::hidden_failure,
            fmt::format("the answer ended with reason {} instead of ERROR", chat->finish_reason()));
    else if (chat->error()->message.empty())
        stage.session.probe().find(Breach::no_reason, "the error's message is empty");
}

// --- the kind
// -------------------------------------------------------------------------------------
std::string transcript(const Stage& stage) {
    auto* chat = open(stage);
    if (!chat) return "open() failed";
    stage.session.run_until([&] { return chat->closed(); });
    return fmt::format("finish {}, {} events, {}", chat->finish_reason(), chat->events().size(),
                       chat->text());
}

template <size_t... indexes>
auto scenes_of(std::index_sequence<indexes...>) {
    const std::array ordinary = {
        Scene{"left alone", &answer_to_the_end},
        Scene{"cancelled before the first byte", &cancel_before_first_byte},
        Scene{"cancelled midway", &cancel_midway},
        Scene{"cancelled at each of its events", &cancel_at_every_event},
        Scene{"cancelled for a reason of a later version", &unknown_cancel_reason},
        Scene{"paused after an event", &pause_midway},
        Scene{"paused after each event", &pause_at_every_event},
        Scene{"cancelled while it is paused", &cancel_while_paused},
        Scene{"resumed and cancelled at once", &resume_and_cancel_at_once},
        Scene{"asked 20 times at a time", &many_at_a_time},
        Scene{"destroyed after three open answers were cancelled", &destroy_with_open_answers},
        Scene{"asked in odd ways", &odd_requests},
        Scene{"refused its timers", &refused_by_host<Refusal::timers>},
        Scene{"refused its HTTP calls", &refused_by_host<Refusal::calls>},
        Scene{"refused its posts", &refused_by_host<Refusal::posts>},
    };
    std::array<Scene, ordinary.size() + sizeof...(indexes)> all = {};
    std::ranges::copy(ordinary, all.begin());
    ((all[ordinary.size() + indexes] =
          Scene{upstream_troubles()[indexes].name, &failing_upstream<indexes>, true}),
     ...);
    return all;
}

}  // namespace

const Kind& provider_kind() {
    static const auto scenes = scenes_of(std::make_index_sequence<upstream_trouble_count>());
    static const Kind kind = {PATCHBAY_PROVIDER_1, scenes, &transcript};
    return kind;
}

}  // namespace patchbay::validate
