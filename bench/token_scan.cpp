#include "bench/token_scan.hpp"

#include <charconv>
#include <cstddef>
#include <cstring>

namespace bench {

namespace {

bool has(std::string_view line, std::string_view text) {
    return ::memmem(line.data(), line.size(), text.data(), text.size()) != nullptr;
}

}  // namespace

void TokenScan::feed(std::string_view body, TokenListener& listener) {
    while (!body.empty()) {
        const void* found = std::memchr(body.data(), '\n', body.size());
        if (found == nullptr) {
            partial_ += body;
            return;
        }
        const size_t end = static_cast<size_t>(static_cast<const char*>(found) - body.data());
        if (partial_.empty()) {
            take_line(body.substr(0, end), listener);
        } else {
            partial_ += body.substr(0, end);
            take_line(partial_, listener);
            partial_.clear();
        }
        body.remove_prefix(end + 1);
    }
}

void TokenScan::take_line(std::string_view line, TokenListener& listener) const {
    if (!line.starts_with("data:")) return;
    line.remove_prefix(5);
    if (dialect_ == Dialect::openai) {
        if (has(line, "\"content\":\"~")) return take_tokens(line, listener);
        if (has(line, "[DONE]")) return listener.on_complete();
        if (has(line, "\"error\":")) return listener.on_error(line);
        return;
    }
    const std::string_view start = line.substr(0, 64);  // where these servers write the type
    if (has(start, "\"type\":\"token\"")) return take_tokens(line, listener);
    if (has(start, "\"type\":\"complete\"")) return listener.on_complete();
    if (has(start, "\"type\":\"error\"")) return listener.on_error(line);
}

void TokenScan::take_tokens(std::string_view line, TokenListener& listener) {
    int tokens = 0;
    const char* at = line.data();
    const char* const end = at + line.size();
    while ((at = static_cast<const char*>(std::memchr(at, '~', end - at))) != nullptr) {
        ++at;
        ++tokens;
        int64_t sent_us = 0;
        if (end - at < static_cast<ptrdiff_t>(stamp_digits)) continue;
        const auto [stop, error] = std::from_chars(at, at + stamp_digits, sent_us, 16);
        if (error == std::errc() && stop == at + stamp_digits) listener.on_token_sent_at(sent_us);
    }
    if (tokens > 0) listener.on_event(tokens);
}

}  // namespace bench
