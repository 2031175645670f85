// What crossing the plugin ABI costs: a typed emit(), and a hop through middleware.
#include "runtime/engine/middleware.hpp"
#include "runtime/net/lane.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/plugins/answer.hpp"
#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/instance.hpp"

#include <benchmark/benchmark.h>

#include <cstring>
#include <future>

namespace {

using namespace patchbay;

// ---- plugins in this very program: a provider that keeps its answer open, middleware that lets
// all events pass, and middleware that puts others in their place ----

const patchbay_host* the_host = nullptr;
patchbay_stream the_stream{};
patchbay_stream the_out{};

patchbay_status create(const patchbay_host* host, patchbay_str, void** instance) {
    the_host = host;
    *instance = &the_stream;
    return PATCHBAY_OK;
}

void destroy(void*) {}

patchbay_status open_answer(void*, const patchbay_chat_request*, patchbay_stream stream,
                            void** answer) {
    the_stream = stream;
    *answer = &the_stream;
    return PATCHBAY_OK;
}

void resume(void*) {}
void cancel(void*, patchbay_reason) {
    plugins::host_stream.finish(the_host, the_stream, PATCHBAY_FINISH_CANCELLED, nullptr);
}
void close_answer(void*) {}

patchbay_status on_request(void*, const patchbay_turn*, patchbay_request, patchbay_stream,
                           void** state) {
    *state = &the_stream;
    return PATCHBAY_OK;
}

patchbay_status on_events(void*, const patchbay_event*, uint32_t) { return PATCHBAY_EVENTS_PASS; }

patchbay_status on_request_of_taker(void*, const patchbay_turn*, patchbay_request,
                                    patchbay_stream out, void** state) {
    the_out = out;
    *state = &the_out;
    return PATCHBAY_OK;
}

patchbay_status take_events(void*, const patchbay_event* events, uint32_t count) {
    plugins::host_stream.emit(the_host, the_out, events, count);
    return PATCHBAY_EVENTS_TAKEN;
}

constexpr patchbay_provider_1 provider{.open = open_answer,
                                       .resume = resume,
                                       .cancel = cancel,
                                       .close = close_answer,
                                       .models = nullptr};
constexpr patchbay_middleware_1 middleware{.on_request = on_request,
                                           .cancel = nullptr,
                                           .on_events = on_events,
                                           .on_end = nullptr,
                                           .close = close_answer};

constexpr patchbay_middleware_1 taking_middleware{.on_request = on_request_of_taker,
                                                  .cancel = nullptr,
                                                  .on_events = take_events,
                                                  .on_end = nullptr,
                                                  .close = close_answer};

const void* get_interface(patchbay_str id) {
    const std::string_view text(id.data, id.size);
    if (text == PATCHBAY_PROVIDER_1) return &provider;
    if (text == PATCHBAY_MIDDLEWARE_1) return &middleware;
    return nullptr;
}

const void* get_taking_interface(patchbay_str id) {
    return std::string_view(id.data, id.size) == PATCHBAY_MIDDLEWARE_1 ? &taking_middleware
                                                                       : nullptr;
}

constexpr patchbay_plugin plugin_with(const void* (*interfaces)(patchbay_str)) {
    return {.abi = PATCHBAY_ABI_MAJOR,
            .draft = PATCHBAY_ABI_DRAFT,
            .id = "org.example.bench",
            .version = "1.0.0",
            .about_json = "",
            .create = create,
            .destroy = destroy,
            .get_interface = interfaces};
}
constexpr patchbay_plugin plugin = plugin_with(get_interface);
constexpr patchbay_plugin taking_plugin = plugin_with(get_taking_interface);

plugins::InstanceRef make_instance(const std::string& name, const patchbay_plugin& entry = plugin) {
    auto services = std::make_shared<plugins::HostServices>();
    services->version = "bench";
    return *plugins::Instance::create({.name = name, .library = name, .config_json = "{}"},
                                      {.path = "/bench", .entry = &entry}, services);
}

patchbay_event token() {
    static constexpr std::string_view text = " token";
    patchbay_event event{};
    event.kind = PATCHBAY_EVENT_DELTA;
    event.text = {text.data(), text.size()};
    return event;
}

// Runs on a lane: what plugins call asks which thread it is.
template <class Work>
void on_a_lane(Work work) {
    net::Resolver resolver;
    net::Lanes lanes(1, resolver);
    lanes.start();
    std::promise<void> done;
    lanes[0].post([&] {
        work(lanes[0]);
        done.set_value();
    });
    done.get_future().wait();
    while (plugins::open_handles() > 0) std::this_thread::yield();
    lanes.stop();
}

// ---- figures ----

class Reader final : public plugins::AnswerListener {
public:
    patchbay_status on_events(std::span<const patchbay_event> events) override {
        for (const auto& event : events) bytes += event.text.size;
        return PATCHBAY_OK;
    }
    void on_finish(uint32_t, const Error*) override {}
    uint64_t bytes = 0;
};

void emit_token(benchmark::State& state) {
    const auto instance = make_instance("provider");
    Reader reader;
    on_a_lane([&](net::Lane& lane) {
        auto* const answer = *plugins::Answer::open(lane, instance, plugins::ChatCall{}, reader);
        const auto event = token();
        for (auto _ : state) {
            auto status = plugins::host_stream.emit(the_host, the_stream, &event, 1);
            benchmark::DoNotOptimize(status);
        }
        answer->cancel(PATCHBAY_REASON_CLIENT);
    });
    benchmark::DoNotOptimize(reader.bytes);
}
BENCHMARK(emit_token);

// One event after the other goes through a chain of these.
void filter_events(benchmark::State& state, const std::vector<plugins::InstanceRef>& instances) {
    on_a_lane([&](net::Lane& lane) {
        std::unique_ptr<engine::MiddlewareChain> chain;
        engine::MiddlewareChain::ask(lane, engine::MiddlewareChain::of({.content_json = "[]"}),
                                     instances, [&](auto asked) { chain = std::move(*asked); });
        const auto event = token();
        for (auto _ : state) {
            if (chain->sees_events()) {
                auto left = chain->filter({&event, 1});
                benchmark::DoNotOptimize(left);
            }
            benchmark::ClobberMemory();
        }
    });
}

// The argument: how many middleware plugins see the events.
void middleware_hops(benchmark::State& state) {
    std::vector<plugins::InstanceRef> instances;
    for (int64_t i = 0; i < state.range(0); ++i)
        instances.push_back(make_instance("middleware" + std::to_string(i)));
    filter_events(state, instances);
}
BENCHMARK(middleware_hops)->Arg(0)->Arg(1)->Arg(5);

// Middleware that takes each event and emits it again: the host copies it.
void middleware_hop_taken(benchmark::State& state) {
    filter_events(state, {make_instance("taker", taking_plugin)});
}
BENCHMARK(middleware_hop_taken);

}  // namespace
