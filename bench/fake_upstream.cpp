// fake_upstream: an OpenAI-compatible server that answers at a given pace, to measure what lies
// between it and a client.
#include "bench/fake_server.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

int main(int argc, char** argv) {
    std::string listen = "127.0.0.1:0";
    bench::AnswerPlan plan;
    CLI::App app{"An OpenAI-compatible upstream that streams made-up tokens at a given pace"};
    app.add_option("--listen", listen, "IPv4 address and port; port 0 picks one")
        ->capture_default_str();
    app.add_option("--tokens", plan.tokens, "tokens per answer (X-Fake-Tokens)")
        ->capture_default_str();
    app.add_option("--delay-ms", plan.delay_ms, "time between tokens (X-Fake-Delay-Ms)")
        ->capture_default_str();
    app.add_option("--first-ms", plan.first_ms, "time to the first token (X-Fake-First-Ms)")
        ->capture_default_str();
    app.add_option("--token-bytes", plan.token_bytes, "text of a token (X-Fake-Token-Bytes)")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--fault", [&plan](const std::string& name) { plan.fault = *bench::fault_named(name); },
           "what goes wrong: 500, 429, cut, reset, stall, truncate, garbage, error (X-Fake-Fault)")
        ->check([](const std::string& name) {
            return bench::fault_named(name) ? std::string() : "no such fault: " + name;
        });
    app.add_option("--fault-after", plan.fault_after, "tokens before it (X-Fake-Fault-After)")
        ->capture_default_str();
    app.add_option("--fault-percent", plan.fault_percent, "of the answers that go wrong")
        ->check(CLI::Range(0, 100))
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    try {
        bench::raise_open_file_limit();
        const bench::Address address = bench::parse_address(listen);
        bench::Socket listener = bench::listen_on(address);
        std::printf("fake_upstream listening on http://%s:%u\n", address.host.c_str(),
                    static_cast<unsigned>(bench::port_of(listener)));
        std::fflush(stdout);
        bench::FakeServer(std::move(listener), plan).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fake_upstream: %s\n", error.what());
        return 1;
    }
}
