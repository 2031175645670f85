#include "runtime/validate/upstream_answers.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace patchbay::validate {
namespace {

using testing::HttpAnswer;
using testing::HttpChunk;
using namespace std::chrono_literals;

constexpr std::string_view chat_answer =
    R"(data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"test","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}

data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"test","choices":[{"index":0,"delta":{"content":", wörld"},"finish_reason":null}]}

data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"test","choices":[{"index":0,"delta":{"content":" of streams."},"finish_reason":null}]}

data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"test","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"test","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":4,"total_tokens":9}}

data: [DONE]

)";

bool splits(const patchbay_http_start& request) {
    return (request.flags & PATCHBAY_HTTP_SPLIT_SSE) != 0;
}

bool is_get(const patchbay_http_start& request) {
    return std::string_view(request.method.data, request.method.size) == "GET";
}

std::string body_for(const Subject& subject, const patchbay_http_start& request) {
    if (!subject.upstream_body.empty()) return subject.upstream_body;
    return is_get(request) && !splits(request) ? R"({"keys":[]})" : std::string(chat_answer);
}

// With the type that the body looks like.
HttpAnswer ok(std::vector<HttpChunk> chunks, const patchbay_http_start& request) {
    const std::string type =
        splits(request) || (!chunks.empty() && chunks.front().bytes.starts_with("data:"))
            ? "text/event-stream"
            : "application/json";
    return {.status = 200, .headers = {{"Content-Type", type}}, .chunks = std::move(chunks)};
}

// The body in pieces, each an event or a line.
std::vector<HttpChunk> pieces_of(const std::string& body, std::chrono::milliseconds delay) {
    std::vector<HttpChunk> chunks;
    for (size_t at = 0; at < body.size();) {
        const auto end = std::min(body.find("\n\n", at), body.size() - 2) + 2;
        chunks.emplace_back(body.substr(at, end - at), delay);
        at = end;
    }
    return chunks;
}

Upstream in_pieces(const Subject& subject, std::chrono::milliseconds delay) {
    return [&subject, delay](const patchbay_http_start& request) {
        auto answer = ok(pieces_of(body_for(subject, request), delay), request);
        answer.delay = delay;
        return answer;
    };
}

// --- troubles -----------------------------------------------------------------------------------
constexpr const char* refusal = R"({"error":{"message":"no","type":"trouble","code":"no"}})";

template <uint32_t status>
Upstream status_only(const Subject&) {
    return [](const patchbay_http_start&) {
        return HttpAnswer{.status = status,
                          .headers = {{"Content-Type", "application/json"}, {"Retry-After", "7"}},
                          .chunks = {refusal}};
    };
}

Upstream huge_error(const Subject&) {
    return [](const patchbay_http_start&) {
        HttpAnswer answer = {.status = 502, .headers = {{"Content-Type", "text/html"}}};
        for (int i = 0; i < 160; ++i) answer.chunks.emplace_back(std::string(65'536, '<'));
        return answer;
    };
}

Upstream fails(ErrorCode code, const char* message) {
    return [=](const patchbay_http_start&) {
        return HttpAnswer{.status = 0, .failure = Error{.code = code, .message = message}};
    };
}

Upstream no_address(const Subject&) {
    return fails(ErrorCode::upstream, "could not resolve host upstream.test");
}

Upstream late(const Subject&) { return fails(ErrorCode::timeout, "no byte within 120 s"); }

Upstream cut(const Subject& subject) {
    return [&subject](const patchbay_http_start& request) {
        const auto body = body_for(subject, request);
        auto answer = ok({body.substr(0, body.size() / 3)}, request);
        answer.failure = Error{.code = ErrorCode::upstream_truncated, .message = "it was cut"};
        return answer;
    };
}

Upstream cut_before_body(const Subject&) {
    return [](const patchbay_http_start& request) {
        auto answer = ok({}, request);
        answer.failure = Error{.code = ErrorCode::upstream_truncated, .message = "it was cut"};
        return answer;
    };
}

Upstream invalid_text(const Subject& subject) {
    return [&subject](const patchbay_http_start& request) {
        auto body = body_for(subject, request);
        const auto word = body.find("Hello");
        body.insert(word == body.npos ? body.size() / 3 : word, "\xC0\xAF\xED\xA0\x80\xFF");
        return ok({body}, request);
    };
}

Upstream nonsense(const Subject&) {
    return [](const patchbay_http_start& request) {
        return ok({"data: {\"choices\":7,[}\n\ndata: null\n\ndata: \"\n\n"}, request);
    };
}

Upstream empty_answer(const Subject&) {
    return [](const patchbay_http_start& request) { return ok({}, request); };
}

// The host splits events and has a limit for one; whoever splits for himself gets all of it.
Upstream long_line(const Subject&) {
    return [](const patchbay_http_start& request) {
        constexpr uint64_t size = uint64_t{10} << 20;
        constexpr uint64_t piece = 65'536;
        const auto limit = request.max_line_bytes ? request.max_line_bytes : uint64_t{1} << 20;
        const bool too_large = splits(request) && limit < size;
        auto answer = ok({"data: "}, request);
        for (uint64_t sent = 0; sent < (too_large ? 0 : size); sent += piece)
            answer.chunks.emplace_back(std::string(piece, 'x'));
        if (too_large)
            answer.failure =
                Error{.code = ErrorCode::too_large, .message = "an event beyond its limit"};
        return answer;
    };
}

}  // namespace

Upstream ordinary_upstream(const Subject& subject) { return in_pieces(subject, 0ms); }

Upstream slow_upstream(const Subject& subject) { return in_pieces(subject, 1s); }

Upstream numbered_upstream(const Subject& subject) {
    return [&subject](const patchbay_http_start& request) {
        auto body = body_for(subject, request);
        constexpr std::string_view greeting = "Hello";
        const auto number = number_in({request.body.data, request.body.size});
        if (const auto at = body.find(greeting); at != body.npos)
            body.insert(at + greeting.size(), number);
        auto answer = ok(pieces_of(body, 1s), request);
        answer.delay = 1s;
        return answer;
    };
}

std::string number_in(std::string_view text) {
    constexpr std::string_view word = " number ";
    const auto begin = text.find(word);
    if (begin == text.npos) return {};
    const auto end = text.find_first_not_of("0123456789", begin + word.size());
    return std::string(text.substr(begin, end == text.npos ? end : end - begin));
}

Upstream tiny_upstream(const Subject& subject) {
    return [&subject](const patchbay_http_start& request) {
        std::vector<HttpChunk> chunks;
        for (const char byte : body_for(subject, request))
            chunks.emplace_back(std::string(1, byte));
        return ok(std::move(chunks), request);
    };
}

const std::array<UpstreamTrouble, upstream_trouble_count>& upstream_troubles() {
    static const std::array<UpstreamTrouble, upstream_trouble_count> troubles = {{
        {"answered 401 by its upstream", &status_only<401>, true},
        {"answered 429 by its upstream", &status_only<429>, true},
        {"answered 500 by its upstream", &status_only<500>, true},
        {"answered 502 with a page of 10 MB", &huge_error, true, true},
        {"told that its upstream has no address", &no_address, true},
        {"kept waiting by its upstream for too long", &late, true},
        {"cut off by its upstream in the middle", &cut, true},
        {"cut off by its upstream behind the head", &cut_before_body, true},
        {"given a byte at a time", &tiny_upstream, false},
        {"given text that is not UTF-8", &invalid_text, false},
        {"given a line of 10 MB", &long_line, false, true},
        {"given nonsense", &nonsense, false},
        {"given nothing", &empty_answer, false},
    }};
    return troubles;
}

}  // namespace patchbay::validate
