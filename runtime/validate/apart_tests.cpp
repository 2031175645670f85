// Tests of what belongs to whom: an instance has nothing of another one, an answer nothing of
// another answer. Plugins that say something else each time, as a clock does, are only kept from
// dying here.
#include "runtime/validate/answering.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>

namespace patchbay::validate {
namespace {

using namespace std::chrono_literals;
using SessionPointer = std::unique_ptr<Session>;

// An instance in a session of its own, in the ordinary world.
Result<SessionPointer> instance_of(const Subject& subject, const patchbay_plugin& plugin) {
    auto session = std::make_unique<Session>(plugin, HostTraits{});
    if (auto made = session->create(config_for(subject, plugin)); !made)
        return std::unexpected(made.error());
    session->set_world(ordinary_world(subject));
    return session;
}

// --- instances ----------------------------------------------------------------------------------
// An answer to the first thing that the kind can be asked, begun now and ended later.
class OpenAnswer {
public:
    OpenAnswer(const Kind& kind, const Stage& stage) : stage_(stage) {
        if (!kind.questions) return;
        const auto questions = kind.questions(stage_);
        if (questions.empty()) return;
        answer_ = questions.front().open().value_or(nullptr);
        if (answer_)
            stage_.session.run_until(
                [this] { return !answer_->events().empty() || answer_->closed(); });
    }
    std::string end() {
        if (!answer_) return {};
        stage_.session.run_until([this] { return answer_->closed(); });
        return answer_->text() + answer_->output();
    }

private:
    Stage stage_;
    testing::FakeStream* answer_ = nullptr;
};

// What an instance says that has the process to itself.
struct Alone {
    std::string answer;
    std::array<std::string, 2> transcripts;  // one after the other, of the same instance
    bool operator==(const Alone&) const = default;
};

Result<Alone> ask_alone(const Subject& subject, const patchbay_plugin& plugin, const Kind& kind) {
    Alone alone;
    {
        const auto session = instance_of(subject, plugin);
        if (!session) return std::unexpected(session.error());
        alone.answer = OpenAnswer(kind, {**session, subject}).end();
    }
    const auto session = instance_of(subject, plugin);
    if (!session) return std::unexpected(session.error());
    for (auto& transcript : alone.transcripts) transcript = kind.transcript({**session, subject});
    return alone;
}

void enter(const char* scene) { note(last_words().scene, scene); }

std::string difference(const std::string& alone, const std::string& now, const char* scene) {
    if (alone == now) return {};
    return fmt::format("alone: \"{}\"; when it is {}: \"{}\"", alone, scene, now);
}

// An older instance answers, and goes. "" = it makes no difference.
Result<std::string> differs_beside_older(const Subject& subject, const patchbay_plugin& plugin,
                                         const Kind& kind, const Alone& alone) {
    auto older = instance_of(subject, plugin);
    const auto younger = instance_of(subject, plugin);
    if (!older || !younger) return std::unexpected((older ? younger : older).error());

    const char* scene = "asked while another instance answers";
    enter(scene);
    OpenAnswer answer(kind, {**older, subject});
    const auto beside = kind.transcript({**younger, subject});
    auto found = difference(alone.transcripts[0], beside, scene);
    if (const auto ended = answer.end(); found.empty())
        found = difference(alone.answer, ended, scene);

    scene = "asked after an older instance was destroyed";
    enter(scene);
    older->reset();
    const auto survived = kind.transcript({**younger, subject});
    return found.empty() ? difference(alone.transcripts[1], survived, scene) : found;
}

// A younger one goes.
Result<std::string> differs_without_younger(const Subject& subject, const patchbay_plugin& plugin,
                                            const Kind& kind, const Alone& alone) {
    const auto older = instance_of(subject, plugin);
    auto younger = instance_of(subject, plugin);
    if (!older || !younger) return std::unexpected((older ? younger : older).error());

    const char* scene = "asked after a younger instance was destroyed";
    enter(scene);
    younger->reset();
    return difference(alone.transcripts[0], kind.transcript({**older, subject}), scene);
}

// Longer than the second that a clock may tell.
constexpr std::chrono::milliseconds a_while = 1100ms;

using Differs = Result<std::string> (*)(const Subject&, const patchbay_plugin&, const Kind&,
                                        const Alone&);

// A difference may be a clock's, or chance. It is another instance's doing where what is said alone
// stays as it is now, and something else is said beside another one once more.
Result<std::string> differs_again(Differs differs, const Subject& subject,
                                  const patchbay_plugin& plugin, const Kind& kind,
                                  const Alone& alone) {
    enter("alone");
    const auto again = ask_alone(subject, plugin, kind);
    if (!again) return std::unexpected(again.error());
    if (*again != alone) {
        std::this_thread::sleep_for(a_while);
        if (ask_alone(subject, plugin, kind).value_or(Alone{}) != *again) return {};
    }
    return differs(subject, plugin, kind, *again);
}

Verdict instances(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    for (const auto* kind : kinds_of(**loaded)) {
        enter("alone");
        const auto alone = ask_alone(subject, **loaded, *kind);
        if (!alone) return skipped("it makes no instance: " + alone.error().message);
        for (const Differs differs : {&differs_beside_older, &differs_without_younger}) {
            auto found = differs(subject, **loaded, *kind, *alone);
            if (found && !found->empty())
                found = differs_again(differs, subject, **loaded, *kind, *alone);
            if (!found) return failed("a second instance was refused: " + found.error().message);
            if (!found->empty()) return failed(*found);
        }
    }
    enter("");
    return passed();
}

// --- answers ------------------------------------------------------------------------------------
constexpr size_t count = 12;

std::vector<Told> tell_one_by_one(const Kind& kind, const Stage& stage) {
    std::vector<Told> all;
    for (size_t number = 0; number < count; ++number)
        for (auto& told : kind.at_a_time(stage, std::array{number})) all.push_back(std::move(told));
    return all;
}

using Tales = std::vector<Told>;

// The first that is another one among many than it is alone, before and after. nullopt = none. What
// was refused or cut short among many may have met a limit, which is not judged here.
std::optional<Verdict> mixed_up(const Tales& before, const Tales& together, const Tales& after) {
    for (size_t i = 0; i < std::min(before.size(), together.size()); ++i) {
        const bool other = together[i].text != before[i].text;
        if (!other || together[i].ended != before[i].ended) continue;
        if (before[i].text == after[i].text)
            return failed(fmt::format("alone: \"{}\"; among others: \"{}\"", before[i].text,
                                      together[i].text));
    }
    return std::nullopt;
}

bool says_the_same(const Tales& alone, const Tales& together) {
    return std::ranges::equal(alone, together, {}, &Told::text, &Told::text);
}

// Alone, then all at a time. Where that differs, alone again: a clock would differ too, and what
// keeps notes in the store says something else from its second answer on.
Verdict compare(const Kind& kind, const Stage& stage) {
    enter("asked one after the other");
    auto before = tell_one_by_one(kind, stage);
    std::array<size_t, count> numbers;
    std::iota(numbers.begin(), numbers.end(), size_t{0});
    enter("asked 12 times at a time");
    const auto together = kind.at_a_time(stage, numbers);
    if (says_the_same(before, together)) return passed();
    for (const auto pause : {0ms, a_while}) {
        std::this_thread::sleep_for(pause);
        auto after = tell_one_by_one(kind, stage);
        if (const auto found = mixed_up(before, together, after)) return *found;
        before = std::move(after);
    }
    return passed();
}

Verdict answers(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    bool any = false;
    for (const auto* kind : kinds_of(**loaded)) {
        if (!kind->at_a_time) continue;
        any = true;
        const auto session = instance_of(subject, **loaded);
        if (!session) return skipped("it makes no instance: " + session.error().message);
        (*session)->set_world(numbered_world(subject));
        if (auto verdict = compare(*kind, {**session, subject}); !verdict.what.empty())
            return verdict;
    }
    enter("");
    return any ? passed() : skipped("it offers no such interface");
}

constexpr std::array<TestCase, 2> tests = {{
    {"apart.instances", "An instance has nothing of another one",
     "Keep no globals: what belongs to an instance goes into it, and destroy() frees only that.",
     &instances},
    {"apart.answers", "An answer has nothing of the answers beside it",
     "Keep what belongs to a chat, a call or a turn in its own state, not in the instance.",
     &answers},
}};

}  // namespace

std::span<const TestCase> apart_tests() { return tests; }

}  // namespace patchbay::validate
