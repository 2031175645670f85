#include "runtime/observe/trace_context.hpp"

#include <sys/random.h>

#include <algorithm>
#include <random>
#include <span>

namespace patchbay::observe {
namespace {

constexpr std::string_view digits = "0123456789abcdef";  // the standard allows no others

// "00-<32 digits>-<16 digits>-<2 digits>"
constexpr size_t trace_at = 3;
constexpr size_t span_at = 36;
constexpr size_t flags_at = 53;
constexpr size_t length = 55;

bool read_hex(std::string_view text, std::span<uint8_t> bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) {
        const auto high = digits.find(text[2 * i]);
        const auto low = digits.find(text[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return false;
        bytes[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return true;
}

std::string write_hex(std::span<const uint8_t> bytes) {
    std::string text;
    for (const auto byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

bool is_zero(std::span<const uint8_t> bytes) {
    return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

void fill_randomly(std::span<uint8_t> bytes) {
    do {
        if (getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()))
            continue;
        std::random_device device;  // the system call is not allowed here
        for (auto& byte : bytes) byte = static_cast<uint8_t>(device());
    } while (is_zero(bytes));
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
    std::array<uint8_t, 1> version{};
    if (text.size() < length || !read_hex(text, version) || version[0] == 0xff) return std::nullopt;
    const bool longer = text.size() > length;
    if (longer && (version[0] == 0 || text[length] != '-')) return std::nullopt;
    if (text[trace_at - 1] != '-' || text[span_at - 1] != '-' || text[flags_at - 1] != '-')
        return std::nullopt;
    TraceContext context;
    std::array<uint8_t, 1> flags{};
    if (!read_hex(text.substr(trace_at), context.trace_id) || is_zero(context.trace_id) ||
        !read_hex(text.substr(span_at), context.span_id) || is_zero(context.span_id) ||
        !read_hex(text.substr(flags_at), flags))
        return std::nullopt;
    context.flags = flags[0];
    return context;
}

std::string traceparent_of(const TraceContext& context) {
    const std::array<uint8_t, 1> flags{context.flags};
    return "00-" + hex(context.trace_id) + "-" + hex(context.span_id) + "-" + write_hex(flags);
}

TraceContext begin_span(const TraceContext& parent) {
    auto context = parent;
    fill_randomly(context.span_id);
    return context;
}

std::string hex(const TraceId& id) { return write_hex(id); }
std::string hex(const SpanId& id) { return write_hex(id); }

}  // namespace patchbay::observe
