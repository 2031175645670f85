// Tests of what is left in the process when an instance is gone.
#include "runtime/plugins/about.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/growth.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/process_state.hpp"
#include "runtime/validate/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace patchbay::validate {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

// An instance's whole life, with something ordinary in it. An error: there is no instance.
Result<void> live_once(const Subject& subject, const patchbay_plugin& plugin) {
    Session session(plugin, {});
    if (auto made = session.create(config_for(subject, plugin)); !made) return made;
    play_ordinary(session, subject);
    session.shut_down();
    return {};
}

template <class Check>
Verdict with_instance(const Subject& subject, Check check) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    note(last_words().scene, "created, asked and destroyed, again and again");
    if (const auto lived = live_once(subject, **loaded); !lived)
        return skipped("it makes no instance: " + lived.error().message);
    return check(**loaded);
}

// --- memory -------------------------------------------------------------------------------------
constexpr size_t least_leak = 16;  // bytes a round
constexpr auto patience = 10s;     // in real time: of a plugin with threads each round takes long

std::optional<Verdict> leak_in(const std::function<void()>& round, std::string_view occasion) {
    note(last_words().scene, std::string(occasion).c_str());
    const auto bytes = growth_of(round, [] { return bytes_in_use().value_or(0); });
    if (bytes < least_leak) return std::nullopt;
    return failed(fmt::format("each life of an instance leaves {} bytes behind, when it is {}",
                              bytes, occasion));
}

std::optional<Verdict> leak_in_scenes(const Subject& subject, const patchbay_plugin& plugin) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (const auto* kind : kinds_of(plugin)) {
        const bool upstream = asks_upstream(subject, plugin, *kind);
        for (const auto& scene : kind->scenes) {
            if (scene.large || (scene.about_upstream && !upstream)) continue;
            if (std::chrono::steady_clock::now() > deadline) return std::nullopt;
            // What breaks the contract may leak for that: another test's.
            const auto findings = play_scene(subject, plugin, {}, scene);
            if (!findings || !findings->empty()) continue;
            const auto play = [&] { (void)play_scene(subject, plugin, {}, scene); };
            if (auto leak = leak_in(play, scene.name)) return leak;
        }
    }
    return std::nullopt;
}

// Configs that create() is to refuse cleanly.
std::optional<Verdict> leak_in_configs(const Subject& subject, const patchbay_plugin& plugin) {
    const auto about = plugins::parse_about(plugin.about_json);
    if (!about) return std::nullopt;
    const auto valid = Json::parse(config_for(subject, plugin), nullptr, false);
    auto configs = with_wrong_types(about->config_schema, valid);
    std::ranges::copy(with_empty_texts(about->config_schema, valid), std::back_inserter(configs));
    configs.push_back(Json::object());
    std::erase_if(
        configs, [&](const Json& config) { return !plugins::check_config(*about, config.dump()); });
    for (const auto& config : configs) {
        const auto create = [&, text = config.dump()] {
            Session session(plugin, {});
            (void)session.create(text);
        };
        if (auto leak = leak_in(create, "given the config " + config.dump())) return leak;
    }
    return std::nullopt;
}

Verdict memory(const Subject& subject) {
    if (has_thread_caches()) return skipped("--in-process: this process' malloc() has caches");
    if (!bytes_in_use()) return skipped("this build's allocator does not say what is in use");
    return with_instance(subject, [&](const patchbay_plugin& plugin) {
        if (const auto leak = leak_in_scenes(subject, plugin)) return *leak;
        return leak_in_configs(subject, plugin).value_or(passed());
    });
}

// --- descriptors and threads --------------------------------------------------------------------
Verdict descriptors(const Subject& subject) {
    return with_instance(subject, [&](const patchbay_plugin& plugin) {
        const auto more = growth_of([&] { (void)live_once(subject, plugin); }, &open_descriptors);
        if (more == 0) return passed();
        return failed(fmt::format("each instance leaves {} descriptors open", more));
    });
}

// A thread that was joined may be listed a moment longer.
size_t threads_left(size_t before) {
    constexpr auto moment = 500ms;
    constexpr auto step = 5ms;
    for (auto waited = 0ms; threads() > before && waited < moment; waited += step)
        std::this_thread::sleep_for(step);
    return threads() > before ? threads() - before : 0;
}

// One thread for all instances may be what a library of the plugin's needs; one for each is a leak.
Verdict own_threads(const Subject& subject) {
    constexpr size_t rounds = 3;
    const auto before = threads();
    return with_instance(subject, [&](const patchbay_plugin& plugin) {
        const auto first = threads_left(before);
        for (size_t i = 0; i < rounds && first > 0; ++i) (void)live_once(subject, plugin);
        const auto last = threads_left(before + first);
        if (last >= rounds)
            return failed(fmt::format("each instance leaves {} threads behind", last / rounds));
        if (first > 0)
            return warned(fmt::format("{} threads are left when its last instance is gone", first));
        return passed();
    });
}

// --- what belongs to all ------------------------------------------------------------------------
Verdict whole_process(const Subject& subject) {
    const auto before = process_state();
    return with_instance(subject, [&](const patchbay_plugin&) {
        const auto changed = changed_between(before, process_state());
        return changed.empty() ? passed() : failed("it changed " + changed);
    });
}

constexpr std::array<TestCase, 4> tests = {{
    {"leftover.memory", "Its instances leave no memory behind",
     "Free in close() what open() made, in destroy() what create() made, and both where they fail.",
     &memory},
    {"leftover.descriptors", "Its instances leave no file or socket open",
     "Close in destroy() what create() opened.", &descriptors},
    {"leftover.threads", "Its instances leave no thread behind",
     "Join in destroy() every thread of the instance.", &own_threads},
    {"leftover.process", "It leaves the process as it is: signals, working folder, locale",
     "Set no signal handler, folder, locale, umask or variable: they are the whole server's.",
     &whole_process},
}};

}  // namespace

std::span<const TestCase> leftover_tests() { return tests; }

}  // namespace patchbay::validate
