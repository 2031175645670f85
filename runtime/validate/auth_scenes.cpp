// What an auth plugin is put through.
#include "runtime/validate/trouble_scenes.hpp"

#include <fmt/format.h>

#include <vector>

namespace patchbay::validate {
namespace {

using testing::CheckInput;
using testing::FakeCheck;

// {"alg":"RS256","kid":"k","typ":"JWT"} . {"sub":"eve","exp":9999999999} . 32 bytes
constexpr const char* forged_token =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ."
    "eyJzdWIiOiJldmUiLCJleHAiOjk5OTk5OTk5OTl9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

// Nobody's credentials.
const std::vector<CheckInput>& strangers() {
    static const std::vector<CheckInput> inputs = {
        {},
        {.credential = forged_token, .scheme = "bearer"},
        {.credential = "x", .scheme = "api_key"},
        {.credential = "x", .scheme = "bearer"},
        {.credential = "pb_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         .scheme = "api_key"},
        {.credential = "..", .scheme = "bearer"},
        {.credential = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJldmUifQ.", .scheme = "bearer"},
        {.credential = std::string(8000, 'k'), .scheme = "api_key"},
        {.method = "POST",
         .path = "/api/\xC3\xBC",
         .query = "a=1&a=%zz",
         .remote = "::1",
         .headers = {{"Host", "x"}, {"X-Odd", ""}, {"Authorization", "Basic Og=="}}},
    };
    return inputs;
}

// "the bearer \"eyJhbG…\"", for a sentence.
std::string name_of(const CheckInput& stranger) {
    constexpr size_t shown = 12;
    if (stranger.credential.empty()) return "no credential";
    return fmt::format("the {} \"{}\"", stranger.scheme, stranger.credential.substr(0, shown));
}

void settle(const Stage& stage, FakeCheck& check, const CheckInput& stranger) {
    stage.session.run_until([&] { return check.closed(); });
    if (!check.answered() && !check.cancelled())
        stage.session.probe().find(Breach::no_verdict, "the check was never answered");
    if (check.allowed()) {
        const auto& principal = *check.allowed();
        if (principal.owner.empty() || principal.owner.size() > 256)
            stage.session.probe().find(Breach::bad_verdict, "the owner is not 1..256 bytes");
        stage.session.probe().find(
            Breach::let_in,
            fmt::format("it let a stranger with {} in, as {}", name_of(stranger), principal.owner));
    }
    for (const auto& fault : stage.session.host().faults()) {
        if (fault == "no verdict within 5 s")
            stage.session.probe().find(Breach::no_verdict, "the check was not answered within 5 s");
        if (fault == "check returned OK without complete")
            stage.session.probe().find(Breach::no_verdict,
                                       "check() returned OK without complete()");
    }
}

void ask_all(const Stage& stage) {
    for (const auto& input : strangers()) settle(stage, stage.session.host().check(input), input);
}

void asked_by_strangers(const Stage& stage) {
    stage.session.set_world({.upstream = ordinary_upstream(stage.subject)});
    ask_all(stage);
}

void cancelled(const Stage& stage) {
    stage.session.set_world({.upstream = slow_upstream(stage.subject)});
    for (const auto& input : strangers()) {
        auto& check = stage.session.host().check(input);
        check.cancel();
        settle(stage, check, input);
    }
}

void asked_at_a_time(const Stage& stage) {
    stage.session.set_world({.upstream = slow_upstream(stage.subject)});
    std::vector<FakeCheck*> checks;
    for (int round = 0; round < 5; ++round)
        for (const auto& input : strangers()) checks.push_back(&stage.session.host().check(input));
    for (size_t i = 0; i < checks.size(); ++i)
        settle(stage, *checks[i], strangers()[i % strangers().size()]);
}

void destroyed_while_asked(const Stage& stage) {
    stage.session.set_world({.upstream = slow_upstream(stage.subject)});
    for (const auto& input : strangers()) stage.session.host().check(input);
}

template <Refusal refusal>
void refused_by_host(const Stage& stage) {
    stage.session.set_refusal(refusal);
    ask_all(stage);
}

void failing_upstream(const Stage& stage, const UpstreamTrouble& trouble) {
    stage.session.set_world({.upstream = trouble.upstream(stage.subject)});
    ask_all(stage);
}

std::string transcript(const Stage& stage) {
    std::string text;
    for (const auto& input : strangers()) {
        auto& check = stage.session.host().check(input);
        stage.session.run_until([&] { return check.closed(); });
        text += check.allowed() ? "allowed " : check.denied() ? "denied " : "not mine ";
    }
    return text;
}

std::vector<Scene> all_scenes() {
    std::vector<Scene> scenes = {
        {"asked by strangers", &asked_by_strangers},
        {"cancelled at once", &cancelled},
        {"asked by many at a time", &asked_at_a_time},
        {"destroyed after open checks were cancelled", &destroyed_while_asked},
        {"refused its timers", &refused_by_host<Refusal::timers>},
        {"refused its HTTP calls", &refused_by_host<Refusal::calls>},
        {"refused its posts", &refused_by_host<Refusal::posts>},
        {"refused its store", &refused_by_host<Refusal::store>},
        {"refused its jobs", &refused_by_host<Refusal::jobs>},
    };
    add_troubles<&failing_upstream>(scenes);
    return scenes;
}

}  // namespace

const Kind& auth_kind() {
    static const auto scenes = all_scenes();
    static const Kind kind = {PATCHBAY_AUTH_1, scenes, &transcript, nullptr, nullptr};
    return kind;
}

}  // namespace patchbay::validate
