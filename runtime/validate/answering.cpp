#include "runtime/validate/answering.hpp"

#include "runtime/validate/upstream_answers.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace patchbay::validate {
namespace {

using testing::FakeStream;
using namespace std::chrono_literals;

// Until a first event, or the end.
void run_to_first_event(const Stage& stage, const FakeStream& answer) {
    stage.session.run_until([&] { return !answer.events().empty() || answer.closed(); });
}

// Opens it with a reader that stalls behind the first event, and runs until then.
FakeStream* open_paused(const Stage& stage, const Question& question) {
    stage.session.set_world(ordinary_world(stage.subject));
    auto* answer = open(stage, question);
    if (!answer) return nullptr;
    answer->pause_after(1);
    stage.session.run_until([&] { return answer->paused() || answer->closed(); });
    return answer;
}

}  // namespace

FakeStream* open(const Stage& stage, const Question& question) {
    auto answer = question.open();
    if (answer) return *answer;
    const auto findings = stage.session.probe().findings();
    const bool known = std::ranges::any_of(findings, [](const Finding& finding) {
        return finding.breach == Breach::exception || finding.breach == Breach::no_reason;
    });
    if (!known && !question.made_up)
        stage.session.probe().find(Breach::refused,
                                   "open() refused an ordinary request: " + answer.error().message);
    return nullptr;
}

void wait_for_end(const Stage& stage, FakeStream& answer) {
    stage.session.run_until([&] { return answer.closed(); });
    if (!answer.finished()) {
        if (!answer.cancelled())
            stage.session.probe().find(Breach::no_finish, "the answer never ended: no finish()");
        return;
    }
    if (answer.error() && answer.error()->message.empty())
        stage.session.probe().find(Breach::no_reason, "the error's message is empty");
}

void cancel(const Stage& stage, FakeStream& answer, patchbay_reason reason) {
    answer.cancel(reason);
    stage.session.run_until([&] { return answer.closed(); });
    if (answer.cancelled() && !answer.finished())
        stage.session.probe().find(Breach::cancel_ignored,
                                   "cancel() was not followed by finish() within 5 s");
}

void ask_in(const Stage& stage, Questions questions, World world) {
    stage.session.set_world(std::move(world));
    for (const auto& question : questions(stage))
        if (auto* answer = open(stage, question)) wait_for_end(stage, *answer);
}

std::string transcript_of(const Stage& stage, Questions questions) {
    std::string text;
    for (const auto& question : questions(stage)) {
        const auto answer = question.open();
        if (!answer) {
            text += "refused; ";
            continue;
        }
        stage.session.run_until([&] { return (*answer)->closed(); });
        text += fmt::format("finish {}, {} events, {}{}; ", (*answer)->finish_reason(),
                            (*answer)->events().size(), (*answer)->text(), (*answer)->output());
    }
    return text;
}

std::vector<Told> told_at_a_time(const Stage& stage, const std::vector<Question>& questions) {
    std::vector<FakeStream*> answers;
    for (const auto& question : questions) answers.push_back(question.open().value_or(nullptr));
    std::vector<Told> told;
    for (auto* answer : answers) {
        if (answer) stage.session.run_until([&] { return answer->closed(); });
        told.push_back(answer ? Told{answer->finish_reason(), answer->text() + answer->output()}
                              : Told{});
    }
    return told;
}

std::string numbered_content(size_t number) {
    return fmt::format(R"([{{"type":"text","text":"Hello, this is number {}."}}])", number);
}

World ordinary_world(const Subject& subject) { return {.upstream = ordinary_upstream(subject)}; }

World slow_world(const Subject& subject) {
    return {.upstream = slow_upstream(subject),
            .child = [](const patchbay_chat_start&, size_t) { return ordinary_child(1s); },
            .tool = [] { return ToolAnswer{.delay = 1s}; }};
}

World numbered_world(const Subject& subject) {
    auto world = slow_world(subject);
    world.upstream = numbered_upstream(subject);
    world.child = [](const patchbay_chat_start& request, size_t) {
        auto answer = ordinary_child(1s);
        answer.chunks.push_back(number_in(text_of(request.messages_json)) +
                                number_in(text_of(request.input_json)));
        return answer;
    };
    return world;
}

// --- the scenes ---------------------------------------------------------------------------------
void answer_to_the_end(const Stage& stage, const Question& question) {
    stage.session.set_world(ordinary_world(stage.subject));
    if (auto* answer = open(stage, question)) wait_for_end(stage, *answer);
}

void cancel_before_first_event(const Stage& stage, const Question& question) {
    stage.session.set_world(slow_world(stage.subject));
    if (auto* answer = open(stage, question)) cancel(stage, *answer);
}

void cancel_midway(const Stage& stage, const Question& question) {
    stage.session.set_world(slow_world(stage.subject));
    auto* answer = open(stage, question);
    if (!answer) return;
    run_to_first_event(stage, *answer);
    cancel(stage, *answer, PATCHBAY_REASON_GONE);
}

// Once for each number of events that an answer may have had by then.
void cancel_at_every_event(const Stage& stage, const Question& question) {
    constexpr size_t most = 40;
    for (size_t count = 1; count <= most; ++count) {
        stage.session.set_world(ordinary_world(stage.subject));
        auto* answer = open(stage, question);
        if (!answer) return;
        stage.session.run_until(
            [&] { return answer->events().size() >= count || answer->closed(); });
        if (answer->finished()) return wait_for_end(stage, *answer);
        cancel(stage, *answer, PATCHBAY_REASON_DEADLINE);
    }
}

void cancel_for_unknown_reason(const Stage& stage, const Question& question) {
    stage.session.set_world(slow_world(stage.subject));
    if (auto* answer = open(stage, question)) cancel(stage, *answer, 99);
}

void pause_midway(const Stage& stage, const Question& question) {
    auto* answer = open_paused(stage, question);
    if (!answer) return;
    stage.session.run_until([&] { return answer->closed(); }, 30s);
    answer->resume();
    wait_for_end(stage, *answer);
}

void pause_at_every_event(const Stage& stage, const Question& question) {
    stage.session.set_world(ordinary_world(stage.subject));
    auto* answer = open(stage, question);
    if (!answer) return;
    constexpr size_t most = 1000;
    for (size_t i = 0; i < most && !answer->closed(); ++i) {
        answer->pause_after(1);
        stage.session.run_until([&] { return answer->paused() || answer->closed(); });
        if (!answer->paused()) break;
        answer->resume();
    }
    wait_for_end(stage, *answer);
}

void cancel_while_paused(const Stage& stage, const Question& question) {
    if (auto* answer = open_paused(stage, question)) cancel(stage, *answer);
}

void resume_and_cancel_at_once(const Stage& stage, const Question& question) {
    auto* answer = open_paused(stage, question);
    if (!answer) return;
    answer->resume();
    cancel(stage, *answer);
}

void many_at_a_time(const Stage& stage, const Question& question) {
    constexpr size_t count = 20;
    stage.session.set_world(slow_world(stage.subject));
    std::vector<FakeStream*> answers;
    for (size_t i = 0; i < count; ++i) {
        auto* answer = open(stage, question);
        if (!answer) return;
        answers.push_back(answer);
        if (i % 5 == 4) answers[i / 2]->cancel(PATCHBAY_REASON_GONE);
    }
    for (auto* answer : answers) wait_for_end(stage, *answer);
}

void destroy_with_open_answers(const Stage& stage, const Question& question) {
    stage.session.set_world(slow_world(stage.subject));
    for (int i = 0; i < 3; ++i)
        if (!open(stage, question)) return;
}

void refused_by_host(const Stage& stage, const Question& question, Refusal refusal) {
    stage.session.set_refusal(refusal);
    stage.session.set_world(ordinary_world(stage.subject));
    if (const auto answer = question.open()) wait_for_end(stage, **answer);
}

}  // namespace patchbay::validate
