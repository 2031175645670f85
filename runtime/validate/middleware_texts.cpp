#include "runtime/validate/middleware_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace patchbay::validate {
namespace {

using testing::FakeTurn;

// What middleware looks for: names, numbers, addresses, keys, characters of every length.
constexpr std::string_view text =
    "Mail a.user@example.org or +49 30 123456, key sk-abcDEF0123456789abcDEF0123456789, card "
    "4111 1111 1111 1111. \u00dcbung \u4e16\u754c \U0001F600 <b>secret</b> password=hunter2 "
    "10.0.0.1 ```code``` Hello, w\u00f6rld.";

// Behind the text: nothing that anybody looks for, and more than anybody holds.
constexpr std::string_view marker = "\u00b7";
constexpr size_t marker_count = 8192;

// Where a host may cut: between characters.
std::vector<size_t> borders() {
    std::vector<size_t> all;
    for (size_t at = 0; at <= text.size(); ++at)
        if (at == text.size() || (text[at] & 0xC0) != 0x80) all.push_back(at);
    return all;
}

// What is shown of these pieces, sent one after another. Nothing where the turn does not pass.
std::optional<std::string> shown(const Stage& stage, const std::vector<std::string>& pieces,
                                 uint32_t channel = PATCHBAY_CHANNEL_ANSWER) {
    auto* turn = pass_turn(stage);
    if (!turn) return std::nullopt;
    for (const auto& piece : pieces)
        if (!turn->send_text(piece, channel)) return std::nullopt;
    end_turn(stage, *turn);
    return turn->text(channel);
}

// False where it is not the same, which is noted.
bool compare(const Stage& stage, const std::vector<std::string>& pieces, uint32_t channel,
             const std::string& whole, const std::string& how) {
    const auto cut = shown(stage, pieces, channel);
    if (!cut || *cut == whole) return true;
    stage.session.probe().find_alone(
        Breach::uneven_text,
        fmt::format("\"{}\" is shown as \"{}\", but as \"{}\" when it is cut {}", text, whole, *cut,
                    how));
    return false;
}

}  // namespace

void settle(const Stage& stage, FakeTurn& turn) {
    const auto over = [&] { return turn.decided() || turn.closed(); };
    if (!turn.cancelled()) stage.session.run_until(over);
    const auto faults = stage.session.host().faults();
    if (std::ranges::find(faults, "no verdict within 5 s") != faults.end())
        stage.session.probe().find(Breach::no_verdict, "on_request() had no verdict within 5 s");
}

FakeTurn* pass_turn(const Stage& stage, const testing::TurnInput& input) {
    auto& turn = stage.session.host().turn(input);
    settle(stage, turn);
    return turn.passed() ? &turn : nullptr;
}

void end_turn(const Stage& stage, FakeTurn& turn, uint32_t reason) {
    turn.end(reason);
    stage.session.run_until([&] { return turn.closed(); });
}

void cut_everywhere(const Stage& stage) {
    const auto all = borders();
    for (const uint32_t channel : {PATCHBAY_CHANNEL_ANSWER, PATCHBAY_CHANNEL_REASONING}) {
        const auto whole = shown(stage, {std::string(text)}, channel);
        if (!whole) return;
        std::vector<std::string> characters;
        for (size_t i = 0; i + 1 < all.size(); ++i) {
            characters.emplace_back(text.substr(all[i], all[i + 1] - all[i]));
            const auto at = all[i];
            if (!compare(stage, {std::string(text.substr(0, at)), std::string(text.substr(at))},
                         channel, *whole, fmt::format("at byte {}", at)))
                return;
        }
        if (!compare(stage, characters, channel, *whole, "between all of its characters")) return;
    }
}

// With the markers behind it all of the text is shown, whatever that is; so it must be without
// them, where the end comes instead.
void end_everywhere(const Stage& stage) {
    std::string markers;
    for (size_t i = 0; i < marker_count; ++i) markers += marker;
    for (const auto end : borders()) {
        const std::string beginning(text.substr(0, end));
        const auto followed = shown(stage, {beginning, markers});
        const auto alone = shown(stage, {beginning});
        if (!followed || !alone) return;
        const auto behind = followed->find(marker);
        if (behind == followed->npos) continue;
        const auto expected = followed->substr(0, behind);
        if (alone->starts_with(expected) || !expected.starts_with(*alone)) continue;
        stage.session.probe().find_alone(
            Breach::lost_text,
            fmt::format("of \"{}\" only \"{}\" was shown: what was held was lost when the answer "
                        "ended",
                        beginning, *alone));
        return;
    }
}

}  // namespace patchbay::validate
