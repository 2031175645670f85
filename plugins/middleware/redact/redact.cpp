// redact: takes out of requests and answers what matches a pattern, also where a match is cut by an
// event's border.
#include <patchbay/middleware.hpp>
#include <patchbay/worker.hpp>

#include "matcher.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using nlohmann::json;
using patchbay::Admission;
using patchbay::Event;
using patchbay::Events;
using patchbay::Output;
using patchbay::Result;

// What is more is not looked at on the lane, where others would wait for it. A byte costs a look at
// each instruction at worst, and a look a nanosecond or so: see the README.
constexpr size_t most_bytes_on_lane = size_t{16} * 1024;
constexpr size_t most_looks_on_lane = 500'000;

struct Rules {
    Program program;
    std::vector<std::string> replacements;
    size_t most_held = 256;
    bool requests = true;
    bool answers = true;
};

Result<Rules> rules_of(std::string_view config) {
    const auto document = json::parse(config);
    Rules rules;
    rules.most_held = document.value("hold", size_t{256});
    rules.requests = document.value("requests", true);
    rules.answers = document.value("answers", true);
    for (const auto& each : document.at("patterns")) {
        const auto rule = static_cast<uint32_t>(rules.replacements.size());
        const auto added = rules.program.add(each.at("pattern").get<std::string>(),
                                             each.value("ignore_case", false), rule);
        if (!added)
            return patchbay::failure(added.error().code, "patterns/" + std::to_string(rule) +
                                                             "/pattern: " + added.error().message);
        rules.replacements.push_back(each.value("replacement", "[redacted]"));
    }
    return rules;
}

// One answer. Each channel is a text of its own.
class RedactedAnswer : public patchbay::TurnWatcher {
public:
    RedactedAnswer(const Output& out, const Rules& rules)
        : TurnWatcher(out),
          answer_(rules.program, rules.replacements, rules.most_held),
          reasoning_(rules.program, rules.replacements, rules.most_held) {}

    Result<Events> on_events(std::span<const Event> events) override {
        texts_.clear();
        texts_.reserve(2 * events.size() + 2);  // the views below stay
        shown_.clear();
        bool changed = false;
        for (const auto& event : events) {
            if (event.kind == PATCHBAY_EVENT_DELTA)
                changed |= add_delta(event);
            else
                changed |= add_other(event);
        }
        if (!changed) return Events::pass;
        if (auto sent = write(shown_); !sent) return std::unexpected(std::move(sent.error()));
        return Events::taken;
    }

    void on_end(uint32_t reason) override {
        texts_.clear();
        texts_.reserve(2);
        shown_.clear();
        // Of what was cut off nobody knows what it would have become.
        const bool cut = reason == PATCHBAY_FINISH_CANCELLED || reason == PATCHBAY_FINISH_ERROR;
        end_texts(cut ? &Matcher::cut : &Matcher::end);
        if (auto sent = write(shown_); !sent) out().log().error(sent.error().message);
    }

private:
    Matcher& matcher_of(uint32_t channel) {
        return channel == PATCHBAY_CHANNEL_REASONING ? reasoning_ : answer_;
    }

    // Whether it goes on otherwise than as it came.
    bool add_delta(const Event& event) {
        auto& matcher = matcher_of(event.channel);
        const auto text = patchbay::text_of(event.text);
        auto& shown = texts_.emplace_back();
        matcher.add(text, shown);
        if (!shown.empty() || event.extra_json.size > 0 || text.empty()) {
            auto& changed = shown_.emplace_back(event);
            changed.text = patchbay::view_of(shown);
        }
        return shown != text;
    }

    // A tool call stands between two texts: no match reaches over it.
    bool add_other(const Event& event) {
        const bool parts =
            event.kind == PATCHBAY_EVENT_TOOL_CALL || event.kind == PATCHBAY_EVENT_TOOL_RESULT;
        const bool changed = parts && end_texts(&Matcher::end);
        shown_.push_back(event);
        return changed;
    }

    bool end_texts(void (Matcher::*end)(std::string&)) {
        bool any = false;
        for (const auto channel : {PATCHBAY_CHANNEL_REASONING, PATCHBAY_CHANNEL_ANSWER}) {
            auto& matcher = matcher_of(channel);
            if (matcher.held() == 0) continue;
            any = true;
            auto& shown = texts_.emplace_back();
            (matcher.*end)(shown);
            if (shown.empty()) continue;
            Event event = {};
            event.kind = PATCHBAY_EVENT_DELTA;
            event.channel = channel;
            event.text = patchbay::view_of(shown);
            shown_.push_back(event);
        }
        return any;
    }

    Matcher answer_;
    Matcher reasoning_;
    std::vector<std::string> texts_;  // what shown_ points into
    std::vector<Event> shown_;        // the events that go on, of one call
};

class Redact : public patchbay::Middleware {
public:
    using Watcher = RedactedAnswer;

    explicit Redact(Rules rules)
        : rules_(std::move(rules)),
          most_on_lane_(std::min(most_bytes_on_lane,
                                 most_looks_on_lane / rules_.program.instructions.size())) {}

    static Result<std::unique_ptr<Redact>> create(const patchbay::Host&, std::string_view config) {
        auto rules = rules_of(config);
        if (!rules) return std::unexpected(std::move(rules.error()));
        return std::make_unique<Redact>(std::move(*rules));
    }

    Admission on_request(const patchbay::Turn& turn, const patchbay::Gate& gate,
                         const Output& out) override {
        std::unique_ptr<patchbay::TurnWatcher> watcher;
        if (rules_.answers) watcher = std::make_unique<RedactedAnswer>(out, rules_);
        if (!rules_.requests) return {patchbay::Change(), std::move(watcher)};
        if (turn.content_json.size() + turn.input_json.size() > most_on_lane_) {
            redact_later(gate, std::string(turn.content_json), std::string(turn.input_json));
            return {patchbay::Pending(), std::move(watcher)};
        }
        return {redacted_turn(turn.content_json, turn.input_json), std::move(watcher)};
    }

private:
    // Has the host's pool do it; the verdict comes when that is done. Throws when it cannot.
    void redact_later(const patchbay::Gate& gate, std::string content, std::string input) const {
        auto change = std::make_shared<patchbay::Change>();
        auto started = patchbay::start_work(
            gate,
            [this, change, content = std::move(content), input = std::move(input)] {
                *change = redacted_turn(content, input);
            },
            [gate, change](const Result<void>& done) {
                if (done) return gate.pass(*change);
                gate.refuse(done.error());
            });
        if (!started) throw patchbay::Failed(std::move(started.error()));
    }

    patchbay::Change redacted_turn(std::string_view content, std::string_view input) const {
        patchbay::Change change;
        change.input_json = redacted_input(input);
        change.content_json = redacted_content(content, input);
        return change;
    }

    // Whether there was something to take out. The text is whole: `hold` is not for it.
    bool redact(std::string& text) const {
        Matcher matcher(rules_.program, rules_.replacements, text.size());
        std::string shown;
        matcher.add(text, shown);
        matcher.end(shown);
        text = std::move(shown);
        return matcher.replaced() > 0;
    }

    // The message's parts with their texts redacted; "" when there was nothing to take out. One
    // that shows the input follows it: as text, its escapes would hide what is to be found.
    std::string redacted_content(std::string_view content_json, std::string_view input_json) const {
        auto parts = json::parse(content_json);
        if (!input_json.empty() && parts.size() == 1 && parts[0].value("text", "") == input_json)
            return {};
        bool any = false;
        for (auto& part : parts) {
            const auto type = part.value("type", "");
            if (type == "text") any |= redact(part.at("text").get_ref<std::string&>());
            if (type != "tool_result") continue;
            for (const auto* key : {"output", "error"})
                if (const auto found = part.find(key); found != part.end())
                    any |= redact_values(*found);
        }
        return any ? parts.dump() : std::string();
    }

    // The input with what is in it redacted; "" as above.
    std::string redacted_input(std::string_view input_json) const {
        if (input_json.empty()) return {};
        auto input = json::parse(input_json);
        return redact_values(input) ? input.dump() : std::string();
    }

    // Strings and numbers, at every depth. A number that matches becomes a string.
    bool redact_values(json& document) const {
        bool any = false;
        std::vector<json*> left = {&document};  // no recursion: who asks chooses the depth
        while (!left.empty()) {
            auto& value = *left.back();
            left.pop_back();
            if (value.is_structured()) {
                for (auto& inner : value) left.push_back(&inner);
            } else if (value.is_string()) {
                any |= redact(value.get_ref<std::string&>());
            } else if (value.is_number()) {
                auto text = value.dump();
                if (!redact(text)) continue;
                value = std::move(text);
                any = true;
            }
        }
        return any;
    }

    Rules rules_;
    size_t most_on_lane_;
};

constexpr std::string_view config_schema = R"({
  "type": "object",
  "properties": {
    "patterns": {
      "type": "array", "minItems": 1, "maxItems": 100,
      "items": {
        "type": "object",
        "properties": {
          "pattern": {"type": "string", "minLength": 1, "maxLength": 1000},
          "replacement": {"type": "string", "maxLength": 1000, "default": "[redacted]"},
          "ignore_case": {"type": "boolean", "default": false}
        },
        "required": ["pattern"],
        "additionalProperties": false
      }
    },
    "requests": {"type": "boolean", "default": true},
    "answers": {"type": "boolean", "default": true},
    "hold": {"type": "integer", "minimum": 16, "maximum": 4096, "default": 256}
  },
  "required": ["patterns"],
  "additionalProperties": false
})";

}  // namespace

PATCHBAY_PLUGIN(Redact, {.id = "patchbay.middleware.redact",
                         .version = "1.0.0",
                         .title = "Redact",
                         .description = "Takes out of requests and answers what matches a pattern.",
                         .config = config_schema});
