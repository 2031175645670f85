// Tests of create() and destroy(): good configs, wrong ones, many instances.
#include "runtime/plugins/about.hpp"
#include "runtime/plugins/interfaces.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/session.hpp"
#include "runtime/validate/test_case.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>

namespace patchbay::validate {
namespace {

using Json = nlohmann::json;

// What goes wrong when the plugin gets `config` in the way the server hands it over: "" = nothing.
// A refusal with a reason is in order.
std::string try_config(const patchbay_plugin& plugin, const plugins::About& about,
                       const std::string& config) {
    if (!plugins::check_config(about, config)) return {};  // the host refuses it, with a list
    note(last_words().scene, ("the config " + config).c_str());
    Session session(plugin, {});
    (void)session.create(config);
    session.shut_down();
    for (const auto& finding : session.probe().findings())
        if (finding.breach == Breach::no_reason || finding.breach == Breach::exception)
            return fmt::format("{}, with the config {}", finding.what, config);
    return {};
}

template <class Configs>
Verdict try_all(const Subject& subject, Configs configs) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    const auto about = plugins::parse_about((*loaded)->about_json);
    if (!about) return skipped("its about_json is not in order");
    const auto valid = Json::parse(config_for(subject, **loaded), nullptr, false);
    for (const Json& config : configs(about->config_schema, valid)) {
        if (const auto problem = try_config(**loaded, *about, config.dump()); !problem.empty())
            return failed(problem);
    }
    return passed();
}

Verdict creates(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    const auto about = plugins::parse_about((*loaded)->about_json);
    if (!about) return skipped("its about_json is not in order");
    const auto config = config_for(subject, **loaded);
    if (const auto fits = plugins::check_config(*about, config); !fits)
        return failed(fits.error().message);
    Session session(**loaded, {});
    if (const auto made = session.create(config); !made)
        return failed(fmt::format("create() refused {}: {}", config, made.error().message));
    return passed();
}

Verdict empty_config(const Subject& subject) {
    return try_all(subject, [](const Json&, const Json&) { return std::vector{Json::object()}; });
}

Verdict wrong_types(const Subject& subject) { return try_all(subject, &with_wrong_types); }

Verdict empty_texts(const Subject& subject) { return try_all(subject, &with_empty_texts); }

Verdict unknown_members(const Subject& subject) {
    return try_all(subject, [](const Json&, const Json& valid) {
        auto config = valid;
        config["org.example.unknown"] = {{"a", Json::array({1, nullptr})}};
        return std::vector{config};
    });
}

// Instances side by side, ended in another order than they began in.
Verdict many_instances(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    const auto config = config_for(subject, **loaded);
    constexpr size_t count = 20;
    for (size_t round = 0; round < count; ++round) {
        std::array<std::unique_ptr<testing::FakeHost>, 3> hosts;
        for (auto& host : hosts) {
            host = std::make_unique<testing::FakeHost>();
            if (const auto made = host->create(**loaded, config); !made)
                return skipped("it makes no instance: " + made.error().message);
        }
        note(last_words().slot, "destroy");
        hosts[1].reset();
        hosts[0].reset();
        hosts[2].reset();
        note(last_words().slot, "");
    }
    return passed();
}

// --- time ---------------------------------------------------------------------------------------
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

constexpr nanoseconds create_budget = 100ms;
constexpr nanoseconds interface_budget = 10ms;

// Of a few times, the shortest: a machine that is busy now and then makes it no longer.
constexpr int tries = 5;

nanoseconds time_of(const std::function<void()>& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::steady_clock::now() - start;
}

nanoseconds time_of_interface(const patchbay_plugin& plugin, std::string_view id) {
    auto shortest = nanoseconds::max();
    for (int i = 0; i < tries; ++i)
        shortest = std::min(shortest, time_of([&] { (void)plugin.get_interface(view_of(id)); }));
    return shortest;
}

Result<nanoseconds> time_of_create(const patchbay_plugin& plugin, const std::string& config) {
    auto shortest = nanoseconds::max();
    for (int i = 0; i < tries; ++i) {
        testing::FakeHost host;
        Result<void> made;
        shortest = std::min(shortest, time_of([&] { made = host.create(plugin, config); }));
        if (!made) return std::unexpected(made.error());
    }
    return shortest;
}

std::string too_slow(const char* function, nanoseconds took, nanoseconds most) {
    return fmt::format("{} takes {:.1f} ms, of at most {} ms", function,
                       static_cast<double>(took.count()) / 1e6,
                       std::chrono::duration_cast<std::chrono::milliseconds>(most).count());
}

// [control] functions may block; but all others wait meanwhile.
Verdict time(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    for (const auto id : plugins::known_interfaces()) {
        const auto took = time_of_interface(**loaded, id);
        if (took > interface_budget)
            return warned(too_slow("get_interface()", took, interface_budget));
    }
    const auto took = time_of_create(**loaded, config_for(subject, **loaded));
    if (!took) return skipped("it makes no instance: " + took.error().message);
    return *took > create_budget ? warned(too_slow("create()", *took, create_budget)) : passed();
}

constexpr std::array<TestCase, 7> tests = {{
    {"config.creates", "A valid config makes an instance",
     "Give a config that works with --config; its members should be in config_schema.", &creates},
    {"config.empty", "An empty config works, or is refused with a reason",
     "Call host->set_error() before create() returns a failure.", &empty_config},
    {"config.wrong_types", "A config of wrong types is refused with a reason",
     "Let config_schema say each member's type: the host checks it. Else set_error() is yours.",
     &wrong_types},
    {"config.empty_texts", "A secret that is not set works, or is refused with a reason",
     "A text of the config may be empty: \"${NAME:-}\". Refuse it with set_error().", &empty_texts},
    {"config.unknown_members", "An unknown member is refused with a reason, or ignored",
     "\"additionalProperties\": false in config_schema finds typing errors.", &unknown_members},
    {"config.many_instances", "Instances come and go side by side",
     "Keep no globals: what belongs to an instance goes into it.", &many_instances},
    {"config.time", "create() takes 100 ms at most, get_interface() 10 ms",
     "All other plugins' instances wait meanwhile: fetch and compute on first use, or in a job.",
     &time},
}};

}  // namespace

std::span<const TestCase> config_tests() { return tests; }

}  // namespace patchbay::validate
