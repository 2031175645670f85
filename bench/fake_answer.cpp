#include "bench/fake_answer.hpp"

#include "bench/http_scan.hpp"
#include "bench/token_scan.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace bench {

namespace {

constexpr int64_t most_tokens = 10'000'000;
constexpr int64_t most_token_bytes = 65536;

constexpr std::string_view chunk_start =
    R"({"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1795000000,"model":"fake","choices":)";

std::string token_text(int64_t token_bytes) {
    std::string text = "~";
    while (static_cast<int64_t>(text.size()) < token_bytes)
        text += text.size() % 6 == 5 ? ' ' : 'x';
    return text;
}

std::string usage_json(const AnswerPlan& plan) {
    const std::string tokens = std::to_string(plan.tokens);
    return R"({"prompt_tokens":10,"completion_tokens":)" + tokens + R"(,"total_tokens":)" +
           std::to_string(plan.tokens + 10) + "}";
}

std::string as_chunk(const std::string& bytes) {
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    return size.data() + bytes + "\r\n";
}

std::string event(std::string_view choices_and_rest) {
    return "data: " + std::string(chunk_start) + std::string(choices_and_rest) + "}\n\n";
}

// Whether the JSON has `"key": true`, at any depth: these requests are our own.
bool says_true(std::string_view json, std::string_view key) {
    size_t at = json.find(key);
    if (at == std::string_view::npos) return false;
    at = json.find_first_not_of(" \t\r\n:", at + key.size());
    return at != std::string_view::npos && json.substr(at).starts_with("true");
}

}  // namespace

std::optional<Fault> fault_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Fault>, 9> names = {
        {{"none", Fault::none},
         {"500", Fault::status_500},
         {"429", Fault::status_429},
         {"cut", Fault::cut},
         {"reset", Fault::reset},
         {"stall", Fault::stall},
         {"truncate", Fault::truncate},
         {"garbage", Fault::garbage},
         {"error", Fault::error}}};
    for (const auto& [known, fault] : names)
        if (known == name) return fault;
    return std::nullopt;
}

AnswerPlan plan_for(std::string_view head, std::string_view body, AnswerPlan plan) {
    const auto take = [head](std::string_view name, int64_t& value, int64_t least, int64_t most) {
        value = std::clamp(header_number(head, name).value_or(value), least, most);
    };
    take("X-Fake-Tokens", plan.tokens, 0, most_tokens);
    take("X-Fake-Delay-Ms", plan.delay_ms, 0, 3'600'000);
    take("X-Fake-First-Ms", plan.first_ms, 0, 3'600'000);
    take("X-Fake-Token-Bytes", plan.token_bytes, 1, most_token_bytes);
    take("X-Fake-Fault-After", plan.fault_after, 0, most_tokens);
    if (const auto fault = fault_named(header_value(head, "X-Fake-Fault"))) {
        plan.fault = *fault;
        plan.fault_percent = 100;
    }
    plan.stream = says_true(body, "\"stream\"");
    plan.include_usage = says_true(body, "\"include_usage\"");
    return plan;
}

TokenWriter::TokenWriter(int64_t token_bytes) : token_bytes_(token_bytes) {
    const std::string text = token_text(token_bytes);
    chunk_ = as_chunk(event(R"([{"index":0,"delta":{"content":")" + text +
                            R"("},"finish_reason":null}],"usage":null)"));
    if (text.size() > stamp_digits) stamp_at_ = chunk_.find('~') + 1;
}

void TokenWriter::append_token(std::string& out, int64_t sent_us) {
    if (stamp_at_ != 0)
        for (size_t digit = stamp_digits; digit-- > 0; sent_us >>= 4)
            chunk_[stamp_at_ + digit] = "0123456789abcdef"[sent_us & 15];
    out += chunk_;
}

void append_stream_head(std::string& out) {
    out +=
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
        "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
    out += as_chunk(event(
        R"([{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null)"));
}

void append_stream_end(std::string& out, const AnswerPlan& plan) {
    std::string events = event(R"([{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null)");
    if (plan.include_usage) events += event(R"([],"usage":)" + usage_json(plan));
    out += as_chunk(events + "data: [DONE]\n\n") + "0\r\n\r\n";
}

void append_fault(std::string& out, Fault fault, bool& ends) {
    ends = fault != Fault::garbage;
    switch (fault) {
        case Fault::cut: out += "ff\r\ndata: {\"id\":\"chatcmpl"; return;
        case Fault::truncate: out += "0\r\n\r\n"; return;
        case Fault::garbage: out += as_chunk("data: {\"choices\":[{\"delta\"\n\n"); return;
        case Fault::error:
            out +=
                as_chunk(R"(data: {"error":{"message":"the model is gone","type":"server_error"}})"
                         "\n\n") +
                "0\r\n\r\n";
            return;
        default: return;
    }
}

void append_refusal(std::string& out, Fault fault) {
    if (fault == Fault::status_429)
        return append_json(out, "429 Too Many Requests\r\nRetry-After: 1",
                           R"({"error":{"message":"slow down","type":"rate_limit_error"}})");
    append_json(out, "500 Internal Server Error",
                R"({"error":{"message":"something broke","type":"server_error"}})");
}

void append_whole_answer(std::string& out, const AnswerPlan& plan) {
    std::string text;
    const std::string token = token_text(plan.token_bytes);
    for (int64_t i = 0; i < plan.tokens; ++i) text += token;
    append_json(
        out, "200 OK",
        R"({"id":"chatcmpl-fake","object":"chat.completion","created":1795000000,)"
        R"("model":"fake","choices":[{"index":0,"message":{"role":"assistant","content":")" +
            text + R"("},"finish_reason":"stop"}],"usage":)" + usage_json(plan) + "}");
}

void append_json(std::string& out, std::string_view status, std::string_view json) {
    out += "HTTP/1.1 ";
    out += status;
    out += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(json.size()) +
           "\r\n\r\n";
    out += json;
}

}  // namespace bench
