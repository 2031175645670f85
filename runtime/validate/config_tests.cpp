// Tests of create() and destroy(): good configs, wrong ones, many instances.
#include "runtime/plugins/about.hpp"
#include "runtime/plugins/models.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/session.hpp"
#include "runtime/validate/test_case.hpp"

#include <fmt/format.h>

#include <array>
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

constexpr std::array<TestCase, 6> tests = {{
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
}};

}  // namespace

std::span<const TestCase> config_tests() { return tests; }

}  // namespace patchbay::validate
