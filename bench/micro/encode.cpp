// What it costs to turn a committed event into a dialect's bytes.
#include "runtime/http/dialects/conversation.hpp"
#include "runtime/http/dialects/native.hpp"

#include <benchmark/benchmark.h>

namespace {

patchbay::Event token(std::string text) {
    return {.seq = 1000,
            .created_at_ms = 1'795'000'000'123,
            .run = patchbay::RunId::make(),
            .body = std::move(text)};
}

void encode(benchmark::State& state, patchbay::engine::Dialect& dialect, std::string text) {
    const auto event = token(std::move(text));
    std::string out;
    for (auto _ : state) {
        out.clear();
        dialect.encode(event, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}

patchbay::http::ConversationDialect conversation() {
    return patchbay::http::ConversationDialect({.interaction = patchbay::InteractionId::make(),
                                                .run = patchbay::RunId::make(),
                                                .user_id = "user:bench"});
}

void encode_conversation_token(benchmark::State& state) {
    auto dialect = conversation();
    encode(state, dialect, " token");
}
BENCHMARK(encode_conversation_token);

void encode_conversation_token_of_cyrillic(benchmark::State& state) {
    auto dialect = conversation();
    encode(state, dialect, " \u0440\u0435\u043a\u0430");
}
BENCHMARK(encode_conversation_token_of_cyrillic);

void encode_native_token(benchmark::State& state) {
    patchbay::http::NativeDialect dialect;
    encode(state, dialect, " token");
}
BENCHMARK(encode_native_token);

}  // namespace
