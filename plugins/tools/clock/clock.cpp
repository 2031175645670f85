// clock: what time it is, in UTC and, when an offset is asked for, there.
#include <patchbay/tool.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono;
using patchbay::task;

constexpr std::string_view description = R"([{
  "name": "clock",
  "description": "The current date and time, in UTC; with utc_offset also the local one there.",
  "parameters": {
    "type": "object",
    "properties": {
      "utc_offset": {"type": "string", "pattern": "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$",
                     "description": "of the place that is meant, such as \"+02:00\""}
    },
    "additionalProperties": false
  },
  "idempotent": true
}])";

std::string digits(int64_t value, size_t count) {
    auto text = std::to_string(value);
    return text.size() < count ? std::string(count - text.size(), '0') + text : text;
}

// "2026-02-03T04:05:06" and what is put behind it.
std::string written(sys_seconds time, std::string_view zone) {
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    return digits(static_cast<int>(date.year()), 4) + "-" +
           digits(static_cast<unsigned>(date.month()), 2) + "-" +
           digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(clock.hours().count(), 2) +
           ":" + digits(clock.minutes().count(), 2) + ":" + digits(clock.seconds().count(), 2) +
           std::string(zone);
}

std::string_view weekday_of(sys_seconds time) {
    constexpr std::array<std::string_view, 7> names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
    return names[weekday(floor<days>(time)).c_encoding()];
}

// Of a text that has the schema's form; nothing else gets here, and reads as none.
std::optional<minutes> offset_of(std::string_view text) {
    if (text.size() != 6 || text[3] != ':') return std::nullopt;
    const auto number = [&](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    const minutes offset = hours(number(1)) + minutes(number(4));
    return text[0] == '-' ? -offset : offset;
}

class Clock : public patchbay::Tool {
public:
    explicit Clock(const patchbay::Host&) {}

    std::string_view describe() override { return description; }

    task<std::string> call(patchbay::ToolRun& run) override {
        const auto now = floor<milliseconds>(system_clock::now());
        const auto time = floor<seconds>(now);
        std::string output = "{\"utc\":\"" + written(time, "Z") + "\",\"weekday\":\"";
        output += weekday_of(time);
        output += "\",\"unix_ms\":" + std::to_string(now.time_since_epoch().count());
        const auto zone = run.argument("utc_offset");
        if (const auto offset = offset_of(zone)) {
            output += ",\"local\":\"" + written(time + *offset, zone) + "\",\"local_weekday\":\"";
            output += weekday_of(time + *offset);
            output += '"';
        }
        co_return output + "}";
    }
};

}  // namespace

PATCHBAY_PLUGIN(Clock, {.id = "patchbay.tools.clock",
                        .version = "1.0.0",
                        .title = "Clock",
                        .description = "Says what time it is.",
                        .config = R"({"type": "object", "additionalProperties": false})"});
