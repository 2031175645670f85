// What a plugin is put through: scenes, each with its own instance.
//
// A scene judges nothing. What the plugin did against the contract is in the probe's findings,
// some of them put there by the scene; a test plays scenes and looks for the breaches it is about.
#pragma once

#include "runtime/validate/breach.hpp"
#include "runtime/validate/session.hpp"
#include "runtime/validate/test_case.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::validate {

struct Stage {
    Session& session;
    const Subject& subject;
};

struct Question;

struct Scene {
    std::string_view name;  // "cancelled before the first byte": goes behind "when it is"
    void (*play)(const Stage& stage);
    bool about_upstream = false;  // skipped when the plugin makes no HTTP call
    bool large = false;           // of more than is usual: its time is not judged
};

// What came of something that was asked.
struct Told {
    uint32_t ended = 0;  // how: PATCHBAY_FINISH_… of an answer; 0 = it was refused
    std::string text;
};

// A kind of plugin: its interface and its scenes, the ordinary one first. One file a kind.
struct Kind {
    std::string_view interface_id;
    std::span<const Scene> scenes;

    // Plays something ordinary, with the upstream that the session has, and says what came of it.
    std::string (*transcript)(const Stage& stage);

    // What it can be asked, where it answers on a stream; else nullptr. answering.hpp
    std::vector<Question> (*questions)(const Stage& stage);

    // Asks these numbers at a time, each for something of its own where the kind can, and says what
    // came of each. nullptr: one thing has nothing to do with the next.
    std::vector<Told> (*at_a_time)(const Stage& stage, std::span<const size_t> numbers);
};

const Kind& provider_kind();    // provider_scenes.cpp
const Kind& agent_kind();       // agent_scenes.cpp
const Kind& tool_kind();        // tool_scenes.cpp
const Kind& auth_kind();        // auth_scenes.cpp
const Kind& middleware_kind();  // middleware_scenes.cpp
const Kind& exporter_kind();    // exporter_scenes.cpp

// The kinds that `plugin` offers.
std::vector<const Kind*> kinds_of(const patchbay_plugin& plugin);

// Plays the ordinary scene of each kind that the plugin offers.
void play_ordinary(Session& session, const Subject& subject);

// Plays one scene in a session of its own: what was found. An error: there is no instance.
Result<std::vector<Finding>> play_scene(const Subject& subject, const patchbay_plugin& plugin,
                                        const HostTraits& traits, const Scene& scene);

// Whether the plugin makes HTTP calls in the ordinary scene of `kind`.
bool asks_upstream(const Subject& subject, const patchbay_plugin& plugin, const Kind& kind);

// Which scenes a test plays, of which kinds, in what kind of host.
struct Program {
    bool (*about)(const Kind& kind) = nullptr;  // nullptr = all kinds that it offers
    bool upstream_only = false;
    HostTraits traits = {};
};

// What two different sessions made of the same, where they must make the same of it.
struct Difference {
    std::string first;
    std::string second;
};

// Plays the transcript of `kind` in two hosts or two worlds. Nothing is judged, and no difference
// found, of a plugin that twice the same makes different: a clock.
struct Setting {
    Conduct conduct = {};
    Upstream upstream = {};
};
Result<std::optional<Difference>> difference_between(const Subject& subject, const Kind& kind,
                                                     const Setting& first, const Setting& second);

// A finding as the end of a sentence: "finish() was called a second time, when it is left alone".
std::string sentence_of(const Finding& finding, std::string_view scene);

// What a test says that has not played all, because jobs of the plugin's took so long.
Verdict slow_jobs(std::chrono::milliseconds time, std::string_view scene);

// Plays them, each in a fresh session, and fails at the first finding of one of `breaches`. Skipped
// when there is no such scene, or no instance.
Verdict play(const Subject& subject, const Program& program,
             std::initializer_list<Breach> breaches);

}  // namespace patchbay::validate
