#include "runtime/validate/scene.hpp"

#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/last_words.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchbay::validate {
namespace {

// What a test plays of a plugin whose jobs take their time; the first scene in any case.
constexpr std::chrono::seconds job_budget{10};

std::string without_end(std::string_view text) {
    while (text.ends_with('.')) text.remove_suffix(1);
    return std::string(text);
}

}  // namespace

Verdict slow_jobs(std::chrono::milliseconds time, std::string_view scene) {
    return warned(fmt::format("its jobs took {:.1f} s until it was {}: the rest was not played",
                              std::chrono::duration<double>(time).count(), scene),
                  "Jobs may block; have them wait for less in tests, by the config.");
}

Result<std::vector<Finding>> play_scene(const Subject& subject, const patchbay_plugin& plugin,
                                        const HostTraits& traits, const Scene& scene) {
    note(last_words().scene, std::string(scene.name).c_str());
    Session session(plugin, traits);
    if (auto made = session.create(config_for(subject, plugin)); !made)
        return std::unexpected(made.error());
    scene.play({session, subject});
    session.shut_down();
    return session.probe().findings();
}

std::string sentence_of(const Finding& finding, std::string_view scene) {
    return fmt::format("{}, when it is {}", without_end(finding.what), scene);
}

std::vector<const Kind*> kinds_of(const patchbay_plugin& plugin) {
    std::vector<const Kind*> kinds;
    for (const auto* kind : {&provider_kind(), &agent_kind(), &tool_kind(), &auth_kind(),
                             &middleware_kind(), &exporter_kind()})
        if (plugin.get_interface(view_of(kind->interface_id))) kinds.push_back(kind);
    return kinds;
}

bool asks_upstream(const Subject& subject, const patchbay_plugin& plugin, const Kind& kind) {
    note(last_words().scene, std::string(kind.scenes.front().name).c_str());
    Session session(plugin, {});
    if (!session.create(config_for(subject, plugin))) return false;
    kind.scenes.front().play({session, subject});
    return session.http_calls() > 0;
}

void play_ordinary(Session& session, const Subject& subject) {
    for (const auto* kind : kinds_of(session.plugin()))
        kind->scenes.front().play({session, subject});
}

Result<std::optional<Difference>> difference_between(const Subject& subject, const Kind& kind,
                                                     const Setting& first, const Setting& second) {
    const auto loaded = load(subject);
    if (!loaded) return std::unexpected(loaded.error());
    std::array<std::string, 3> transcripts;
    const std::array settings = {&first, &second, &first};
    for (size_t i = 0; i < settings.size(); ++i) {
        Session session(**loaded, {.conduct = settings[i]->conduct});
        if (const auto made = session.create(config_for(subject, **loaded)); !made)
            return std::unexpected(made.error());
        session.set_world({.upstream = settings[i]->upstream});
        transcripts[i] = kind.transcript({session, subject});
        if (i == 1 && transcripts[0] == transcripts[1]) return std::nullopt;
    }
    if (transcripts[0] != transcripts[2]) return std::nullopt;
    return Difference{transcripts[0], transcripts[1]};
}

Verdict play(const Subject& subject, const Program& program,
             std::initializer_list<Breach> breaches) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    auto kinds = kinds_of(**loaded);
    if (program.about) std::erase_if(kinds, [&](auto* kind) { return !program.about(*kind); });
    if (kinds.empty()) return skipped("it offers no such interface");

    bool any = false;
    const auto jobs_before = job_time(last_words());
    for (const auto* kind : kinds) {
        const bool upstream = asks_upstream(subject, **loaded, *kind);
        for (const auto& scene : kind->scenes) {
            if (scene.about_upstream ? !upstream : program.upstream_only) continue;
            any = true;
            const auto findings = play_scene(subject, **loaded, program.traits, scene);
            if (!findings) return skipped("it makes no instance: " + findings.error().message);
            for (const auto& finding : *findings)
                if (std::ranges::find(breaches, finding.breach) != breaches.end())
                    return failed(sentence_of(finding, scene.name));
            const auto in_jobs = job_time(last_words()) - jobs_before;
            if (in_jobs > job_budget) return slow_jobs(in_jobs, scene.name);
        }
    }
    note(last_words().scene, "");
    return any ? passed() : skipped("it makes no HTTP calls");
}

}  // namespace patchbay::validate
