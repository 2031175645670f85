#include "runtime/cli/table.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <ostream>

namespace patchbay::cli {
namespace {

// Code points, which is close enough to columns for names.
size_t width_of(const std::string& text) {
    return static_cast<size_t>(
        std::ranges::count_if(text, [](unsigned char byte) { return (byte & 0xc0) != 0x80; }));
}

}  // namespace

void print_table(std::ostream& out, std::vector<Row> rows) {
    std::vector<size_t> widths(rows.front().size());
    for (auto& row : rows) {
        for (size_t i = 0; i < row.size(); ++i) {
            std::ranges::replace_if(
                row[i], [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
            widths[i] = std::max(widths[i], width_of(row[i]));
        }
    }
    for (const auto& row : rows) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        out << line << "\n";
    }
}

std::string time_text(int64_t unix_ms) {
    if (unix_ms == 0) return "-";
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<time_t>(unix_ms / 1000)));
}

}  // namespace patchbay::cli
