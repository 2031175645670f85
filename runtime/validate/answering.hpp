// What a provider, an agent and a tool are all put through: each answers on a stream, and owes it
// an end.
#pragma once

#include "runtime/validate/scene.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace patchbay::validate {

// Something ordinary to ask.
struct Question {
    std::function<Result<testing::FakeStream*>()> open;
    bool made_up = false;  // from a schema: a refusal that has a reason is in order
};

// What the plugin of a session can be asked: a provider one thing, an agent each of its methods, a
// tool each of its tools.
using Questions = std::vector<Question> (*)(const Stage& stage);

// Opens it. nullptr: it was refused; that is noted, unless the question was made up.
testing::FakeStream* open(const Stage& stage, const Question& question);

// Waits for finish(), and notes when it does not come.
void wait_for_end(const Stage& stage, testing::FakeStream& answer);

// Cancels it, and notes when finish() does not follow.
void cancel(const Stage& stage, testing::FakeStream& answer,
            patchbay_reason reason = PATCHBAY_REASON_CLIENT);

// Asks everything once, and waits for the ends.
void ask_in(const Stage& stage, Questions questions, World world);

// What came of asking everything once.
std::string transcript_of(const Stage& stage, Questions questions);

// Asks all of them at a time, and says what came of each.
std::vector<Told> told_at_a_time(const Stage& stage, const std::vector<Question>& questions);

// A user's message that has the number in it, as JSON: an array of content.
std::string numbered_content(size_t number);

// What each of them meets: an upstream, children and tools that answer at once, or take a second
// for each piece.
World ordinary_world(const Subject& subject);
World slow_world(const Subject& subject);

// The slow one, with upstreams and children that say the number which they find in what they are
// asked.
World numbered_world(const Subject& subject);

// --- the scenes ---------------------------------------------------------------------------------
using PlayQuestion = void (*)(const Stage& stage, const Question& question);

void answer_to_the_end(const Stage& stage, const Question& question);
void cancel_before_first_event(const Stage& stage, const Question& question);
void cancel_midway(const Stage& stage, const Question& question);
void cancel_at_every_event(const Stage& stage, const Question& question);
void cancel_for_unknown_reason(const Stage& stage, const Question& question);
void pause_midway(const Stage& stage, const Question& question);
void pause_at_every_event(const Stage& stage, const Question& question);
void cancel_while_paused(const Stage& stage, const Question& question);
void resume_and_cancel_at_once(const Stage& stage, const Question& question);
void many_at_a_time(const Stage& stage, const Question& question);
void destroy_with_open_answers(const Stage& stage, const Question& question);
void refused_by_host(const Stage& stage, const Question& question, Refusal refusal);

template <Questions questions, PlayQuestion play>
void ask_each(const Stage& stage) {
    for (const auto& question : questions(stage)) play(stage, question);
}

template <Questions questions, Refusal refusal>
void refuse_each(const Stage& stage) {
    for (const auto& question : questions(stage)) refused_by_host(stage, question, refusal);
}

template <Questions questions>
constexpr std::array answering_scenes = {
    Scene{"left alone", &ask_each<questions, &answer_to_the_end>},
    Scene{"cancelled before the first event", &ask_each<questions, &cancel_before_first_event>},
    Scene{"cancelled midway", &ask_each<questions, &cancel_midway>},
    Scene{"cancelled at each of its events", &ask_each<questions, &cancel_at_every_event>},
    Scene{"cancelled for a reason of a later version",
          &ask_each<questions, &cancel_for_unknown_reason>},
    Scene{"paused after an event", &ask_each<questions, &pause_midway>},
    Scene{"paused after each event", &ask_each<questions, &pause_at_every_event>},
    Scene{"cancelled while it is paused", &ask_each<questions, &cancel_while_paused>},
    Scene{"resumed and cancelled at once", &ask_each<questions, &resume_and_cancel_at_once>},
    Scene{"asked 20 times at a time", &ask_each<questions, &many_at_a_time>},
    Scene{"destroyed after three open answers were cancelled",
          &ask_each<questions, &destroy_with_open_answers>},
    Scene{"refused its timers", &refuse_each<questions, Refusal::timers>},
    Scene{"refused its HTTP calls", &refuse_each<questions, Refusal::calls>},
    Scene{"refused its posts", &refuse_each<questions, Refusal::posts>},
    Scene{"refused its jobs", &refuse_each<questions, Refusal::jobs>},
    Scene{"refused its store", &refuse_each<questions, Refusal::store>},
};

// Those of what agents and tools alone may ask of a host.
template <Questions questions>
constexpr std::array asking_scenes = {
    Scene{"refused its children", &refuse_each<questions, Refusal::children>},
    Scene{"refused its tools", &refuse_each<questions, Refusal::tools>},
    Scene{"refused the history", &refuse_each<questions, Refusal::reads>},
    Scene{"refused its questions", &refuse_each<questions, Refusal::questions>},
};

}  // namespace patchbay::validate
