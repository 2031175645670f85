// Splits a text/event-stream into its events, as WHATWG HTML 9.2 has it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::testing {

struct SplitEvent {
    std::string name;
    std::string id;
    std::string data;
};

class SseSplitter {
public:
    // Takes the next bytes, cut anywhere; returns the events that they complete.
    std::vector<SplitEvent> add(std::string_view bytes) {
        std::vector<SplitEvent> events;
        for (const char c : bytes) {
            if (c == '\n' && std::exchange(after_cr_, false)) continue;
            after_cr_ = c == '\r';
            if (c != '\n' && c != '\r')
                line_ += c;
            else
                end_line(events);
        }
        return events;
    }

    // The end of the body: a last event without its blank line counts too.
    std::vector<SplitEvent> end() {
        std::vector<SplitEvent> events;
        if (!line_.empty()) end_line(events);
        end_line(events);
        return events;
    }

private:
    void end_line(std::vector<SplitEvent>& events) {
        const std::string line = std::exchange(line_, {});
        if (line.empty()) {
            if (has_data_) {
                event_.data.pop_back();  // the last line's end
                event_.id = id_;
                events.push_back(event_);
            }
            event_ = {};
            has_data_ = false;
            return;
        }
        const auto colon = line.find(':');
        const auto field = line.substr(0, colon);
        auto value = colon == line.npos ? std::string() : line.substr(colon + 1);
        if (value.starts_with(' ')) value.erase(0, 1);
        if (field == "event") event_.name = value;
        if (field == "id") id_ = value;
        if (field == "data") {
            event_.data += value + '\n';
            has_data_ = true;
        }
    }

    std::string line_;
    SplitEvent event_;
    std::string id_;
    bool has_data_ = false;
    bool after_cr_ = false;
};

}  // namespace patchbay::testing
