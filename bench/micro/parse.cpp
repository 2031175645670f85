// What it costs to read a request at the gate, and an event of an upstream.
#include "runtime/net/request_reader.hpp"
#include "runtime/net/sse_parser.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace patchbay::net;

void read_requests(benchmark::State& state, const std::string& request) {
    for (auto _ : state) {
        RequestReader reader(16 * 1024, 1024 * 1024);
        size_t taken = 0;
        while (taken < request.size())
            taken += reader.feed(std::string_view(request).substr(taken));
        if (reader.stage() != RequestReader::Stage::done) {
            state.SkipWithError("the request was not read");
            break;
        }
        auto head = reader.take_request();
        benchmark::DoNotOptimize(head.get());
    }
}

void gate_parse_get(benchmark::State& state) {
    read_requests(state,
                  "GET /api/stream/health HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
                  "User-Agent: bench\r\nAccept: */*\r\n\r\n");
}
BENCHMARK(gate_parse_get);

void gate_parse_post_of_a_conversation(benchmark::State& state) {
    const std::string body = R"({"message":"Tell me about patch bays","interaction_id":null})";
    read_requests(state,
                  "POST /api/stream/stream-conversation HTTP/1.1\r\nHost: example.org\r\n"
                  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
                  "Accept: text/event-stream\r\nAccept-Encoding: gzip, deflate, br\r\n"
                  "Accept-Language: en-GB,en;q=0.9\r\nOrigin: https://example.org\r\n"
                  "Authorization: Bearer pb_0123456789_0123456789abcdef0123456789abcdef\r\n"
                  "Content-Type: application/json\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body);
}
BENCHMARK(gate_parse_post_of_a_conversation);

void parse_upstream_event(benchmark::State& state) {
    const std::string event =
        R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,)"
        R"("model":"fake","choices":[{"index":0,"delta":{"content":" token"},)"
        R"("finish_reason":null}]})"
        "\n\n";
    SseParser parser(1024 * 1024);
    size_t seen = 0;
    SseParser::OnEvent count = [&seen](std::string_view, std::string_view, std::string_view data) {
        seen += data.size();
    };
    for (auto _ : state) {
        if (!parser.feed(event, count)) state.SkipWithError("too large");
    }
    benchmark::DoNotOptimize(seen);
}
BENCHMARK(parse_upstream_event);

}  // namespace
