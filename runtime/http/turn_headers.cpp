// What a turn takes from the request's headers, on every surface.
#include "runtime/http/error_reply.hpp"
#include "runtime/http/stream_reply.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace patchbay::http {
namespace {

constexpr size_t longest_key = 256;

Error bad_header(const std::string& name, const std::string& expected) {
    return caller_error(ErrorCode::bad_request, name + ": must be " + expected + ".");
}

template <class Value, class Parse>
Result<void> read_policy(const Call& call, const std::string& name, Parse parse,
                         const std::string& expected, Value& into) {
    const auto text = call.header(name);
    if (text.empty()) return {};
    const auto value = parse(text);
    if (!value) return std::unexpected(bad_header(name, "one of " + expected));
    into = *value;
    return {};
}

// `"17"`, as ETag sends it; `*` asks nothing.
Result<std::optional<uint64_t>> if_match_of(const Call& call) {
    auto text = call.header("If-Match");
    if (text.empty() || text == "*") return std::nullopt;
    uint64_t seq = 0;
    const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
    const auto begin = text.data() + 1;
    const auto end = text.data() + text.size() - 1;
    if (!quoted || std::from_chars(begin, end, seq).ptr != end) {
        return std::unexpected(bad_header("If-Match", "an ETag of the interaction, or *"));
    }
    return seq;
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, 32> digest{};
    unsigned size = digest.size();
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return {digest.begin(), digest.end()};
}

// The request that the key stands for: its target and its body.
std::string digest_of(const Call& call) {
    return sha256(call.method + " " + call.head().getURI() + "\n" + call.exchange->body());
}

// A W3C trace context, or nothing: a malformed one is ignored, as its specification asks.
std::string traceparent_of(const Call& call) {
    const auto text = call.header("traceparent");
    const auto is_allowed = [](char c) {
        return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    };
    return text.size() == 55 && std::ranges::all_of(text, is_allowed) ? text : "";
}

}  // namespace

Result<void> read_turn_headers(const Call& call, engine::TurnRequest& turn) {
    using namespace engine;
    auto read = read_policy(call, "X-Patchbay-On-Conflict", on_conflict_named,
                            "enqueue, reject, interrupt, rollback", turn.on_conflict);
    if (read) {
        read = read_policy(call, "X-Patchbay-On-Disconnect", on_disconnect_named,
                           "continue, grace, cancel", turn.on_disconnect);
    }
    if (read) {
        read = read_policy(call, "X-Patchbay-On-Crash", on_crash_named,
                           "continue, regenerate, settle", turn.on_crash);
    }
    if (!read) return read;
    const auto if_match = if_match_of(call);
    if (!if_match) return std::unexpected(if_match.error());
    turn.if_match = *if_match;
    turn.traceparent = traceparent_of(call);
    turn.idempotency_key = call.header("Idempotency-Key");
    if (turn.idempotency_key.size() > longest_key) {
        return std::unexpected(bad_header("Idempotency-Key", "at most 256 bytes"));
    }
    if (!turn.idempotency_key.empty()) turn.request_sha256 = digest_of(call);
    return {};
}

}  // namespace patchbay::http
