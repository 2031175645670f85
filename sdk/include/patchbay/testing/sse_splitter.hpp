// Splits a text/event-stream into its events, as WHATWG HTML 9.2 has it.
#pragma once

#include <cstdint>
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
    // `max_bytes` of one event's lines.
    explicit SseSplitter(uint64_t max_bytes = UINT64_MAX) : max_bytes_(max_bytes) {}

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
            too_large_ = too_large_ || line_.size() + event_.data.size() > max_bytes_;
            if (too_large_) break;
        }
        return events;
    }

    // An event was larger than it may be: it is not told, and nothing after it.
    bool too_large() const { return too_large_; }

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
    uint64_t max_bytes_;
    bool too_large_ = false;
};

}  // namespace patchbay::testing
