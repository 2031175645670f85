// What a plugin is put through: scenes, each with its own instance.
//
// A scene judges nothing. What the plugin did against the contract is in the probe's findings,
// some of them put there by the scene; a test plays scenes and looks for the breaches it is about.
#pragma once

#include "runtime/validate/breach.hpp"
#include "runtime/validate/session.hpp"
#include "runtime/validate/test_case.hpp"

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::validate {

struct Stage {
    Session& session;
    const Subject& subject;
};

struct Scene {
    std::string_view name;  // "cancelled before the first byte": goes behind "when it is"
    void (*play)(const Stage& stage);
    bool about_upstream = false;  // skipped when the plugin makes no HTTP call
};

// A kind of plugin: its interface and its scenes, the ordinary one first. One file a kind.
struct Kind {
    std::string_view interface_id;
    std::span<const Scene> scenes;

    // Plays something ordinary, with the upstream that the session has, and says what came of it.
    // Twice the same gives the same.
    std::string (*transcript)(const Stage& stage);
};

const Kind& provider_kind();  // provider_scenes.cpp
const Kind& auth_kind();      // auth_scenes.cpp

// The kinds that `plugin` offers.
std::vector<const Kind*> kinds_of(const patchbay_plugin& plugin);

// Plays the ordinary scene of each kind that the plugin offers.
void play_ordinary(Session& session, const Subject& subject);

// Which scenes a test plays, of which kinds, in what kind of host.
struct Program {
    const Kind* only = nullptr;  // nullptr = all kinds that it offers
    bool upstream_only = false;
    HostTraits traits = {};
};

// Plays them, each in a fresh session, and fails at the first finding of one of `breaches`. Skipped
// when there is no such scene, or no instance.
Verdict play(const Subject& subject, const Program& program,
             std::initializer_list<Breach> breaches);

}  // namespace patchbay::validate
