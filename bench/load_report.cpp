#include "bench/load_report.hpp"

#include <array>
#include <cstdio>

namespace bench {

namespace {

double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double milliseconds(int64_t microseconds) { return static_cast<double>(microseconds) / 1000; }

void append_row(std::string& out, const char* name, const Histogram& times) {
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "%-22s %9.2f %9.2f %9.2f %9.2f %9.2f\n", name,
                  times.mean_us() / 1000, milliseconds(times.percentile_us(0.5)),
                  milliseconds(times.percentile_us(0.9)), milliseconds(times.percentile_us(0.99)),
                  milliseconds(times.max_us()));
    out += line.data();
}

std::string times_json(const Histogram& times) {
    std::array<char, 200> text{};
    std::snprintf(
        text.data(), text.size(),
        R"({"count":%llu,"mean":%.3f,"p50":%.3f,"p90":%.3f,"p99":%.3f,"p999":%.3f,"max":%.3f})",
        static_cast<unsigned long long>(times.count()), times.mean_us() / 1000,
        milliseconds(times.percentile_us(0.5)), milliseconds(times.percentile_us(0.9)),
        milliseconds(times.percentile_us(0.99)), milliseconds(times.percentile_us(0.999)),
        milliseconds(times.max_us()));
    return text.data();
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20) {
            out += ' ';
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

uint64_t failed(const LoadFigures& figures) { return figures.started - figures.whole; }

}  // namespace

std::string table_of(const LoadFigures& figures) {
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(),
                  "streams: %llu started, %llu whole, %llu failed, at most %llu open, %.1f s\n"
                  "tokens: %llu, %.0f a second; %.2f an event, %.2f a read; %.1f MB\n"
                  "%-22s %9s %9s %9s %9s %9s\n",
                  static_cast<unsigned long long>(figures.started),
                  static_cast<unsigned long long>(figures.whole),
                  static_cast<unsigned long long>(failed(figures)),
                  static_cast<unsigned long long>(figures.most_open), figures.seconds,
                  static_cast<unsigned long long>(figures.tokens),
                  static_cast<double>(figures.tokens) / figures.seconds,
                  share(figures.tokens, figures.events), share(figures.tokens, figures.reads),
                  static_cast<double>(figures.bytes) / 1e6, "milliseconds", "mean", "p50", "p90",
                  "p99", "max");
    std::string out = text.data();
    append_row(out, "time to first token", figures.first_token);
    append_row(out, "gap between events", figures.gap);
    append_row(out, "a token's way", figures.way);
    if (figures.stalled > 0)
        out += "beside them: " + std::to_string(figures.stalled) + " that nobody read\n";
    for (const auto& [why, count] : figures.failures)
        out += "failed: " + std::to_string(count) + " × " + why + "\n";
    return out;
}

std::string json_of(const LoadFigures& figures) {
    std::array<char, 500> text{};
    std::snprintf(text.data(), text.size(),
                  R"("started":%llu,"whole":%llu,"failed":%llu,"most_open":%llu,"seconds":%.3f,)"
                  R"("tokens":%llu,"events":%llu,"reads":%llu,"bytes":%llu,)"
                  R"("tokens_per_event":%.4f,"tokens_per_read":%.4f)",
                  static_cast<unsigned long long>(figures.started),
                  static_cast<unsigned long long>(figures.whole),
                  static_cast<unsigned long long>(failed(figures)),
                  static_cast<unsigned long long>(figures.most_open), figures.seconds,
                  static_cast<unsigned long long>(figures.tokens),
                  static_cast<unsigned long long>(figures.events),
                  static_cast<unsigned long long>(figures.reads),
                  static_cast<unsigned long long>(figures.bytes),
                  share(figures.tokens, figures.events), share(figures.tokens, figures.reads));
    std::string out = "{" + std::string(text.data());
    out += ",\"stalled\":" + std::to_string(figures.stalled);
    out += ",\"first_token_ms\":" + times_json(figures.first_token);
    out += ",\"gap_ms\":" + times_json(figures.gap);
    out += ",\"way_ms\":" + times_json(figures.way) + ",\"failures\":{";
    const char* comma = "";
    for (const auto& [why, count] : figures.failures) {
        out += comma + quoted(why) + ":" + std::to_string(count);
        comma = ",";
    }
    return out + "}}\n";
}

}  // namespace bench
