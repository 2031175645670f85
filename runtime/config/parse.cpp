#include "runtime/config/parse.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace patchbay::config {
namespace {

// Watches the parser go by and notes keys that come twice: it would keep the last one silently.
class DuplicateKeys {
public:
    void on_event(Json::parse_event_t event, const Json& value) {
        using Event = Json::parse_event_t;
        switch (event) {
            case Event::object_start: frames_.push_back({}); break;
            case Event::array_start: frames_.push_back({.is_array = true}); break;
            case Event::key: on_key(value.get<std::string>()); break;
            case Event::object_end:
            case Event::array_end:
                frames_.pop_back();
                on_value();
                break;
            case Event::value: on_value(); break;
        }
    }

    Problems take() { return std::move(problems_); }

private:
    struct Frame {
        bool is_array = false;
        size_t index = 0;
        std::string key;
        std::set<std::string> seen;
    };

    void on_key(const std::string& key) {
        frames_.back().key = key;
        if (frames_.back().seen.insert(key).second) return;
        std::string pointer;
        for (const auto& frame : frames_) {
            pointer = step(pointer, frame.is_array ? std::to_string(frame.index) : frame.key);
        }
        problems_.push_back({pointer, "the same key twice", "it once"});
    }

    void on_value() {
        if (!frames_.empty() && frames_.back().is_array) ++frames_.back().index;
    }

    std::vector<Frame> frames_;
    Problems problems_;
};

// The parser's own words, without the text that it read last: that may be a secret.
std::string reason(std::string text) {
    if (const auto dash = text.find(" - "); dash != std::string::npos) text.erase(0, dash + 3);
    if (const auto last = text.find("; last read: "); last != std::string::npos) {
        const auto next = text.rfind("; expected ");
        const bool more = next != std::string::npos && next > last;
        text.erase(last, more ? next - last : std::string::npos);
    }
    if (const auto expected = text.find("; expected "); expected != std::string::npos) {
        text.resize(expected);
    }
    return text;
}

Problem syntax_problem(std::string_view text, const Json::parse_error& error) {
    const auto read = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = std::ranges::count(read, '\n') + 1;
    const auto last_break = read.rfind('\n');
    const auto column = read.size() - (last_break == read.npos ? 0 : last_break + 1) + 1;
    return {"",
            reason(error.what()) + " at line " + std::to_string(line) + ", column " +
                std::to_string(column),
            "JSON (comments are allowed)"};
}

}  // namespace

std::string step(const std::string& pointer, std::string_view key) {
    std::string result = pointer + "/";
    for (const char character : key) {
        if (character == '~')
            result += "~0";
        else if (character == '/')
            result += "~1";
        else
            result += character;
    }
    return result;
}

Checked<Json> parse(std::string_view text) {
    DuplicateKeys duplicates;
    const auto watch = [&](int, Json::parse_event_t event, Json& value) {
        duplicates.on_event(event, value);
        return true;
    };
    try {
        auto document = Json::parse(text, watch, true, true);
        if (auto problems = duplicates.take(); !problems.empty()) {
            return std::unexpected(std::move(problems));
        }
        return document;
    } catch (const Json::parse_error& error) {
        return std::unexpected(Problems{syntax_problem(text, error)});
    } catch (const Json::out_of_range&) {
        return std::unexpected(
            Problems{{"", "a number that is too large", "numbers that a computer can hold"}});
    }
}

}  // namespace patchbay::config
