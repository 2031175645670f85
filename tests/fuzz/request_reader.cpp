// Clients' requests: however the bytes are cut, the same request comes out, or the same refusal;
// and what is taken for a request has one length.
#include "fuzz.hpp"

#include "runtime/net/request_reader.hpp"

#include <string>

namespace {

using patchbay::net::RequestReader;

struct Outcome {
    RequestReader::Stage stage = RequestReader::Stage::head;
    bool too_large = false;
    std::string request;
    std::string rest;

    bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, size_t step) {
    RequestReader reader(1024, 4096);
    std::string waiting;
    const auto open = [&] {
        return reader.stage() == RequestReader::Stage::head ||
               reader.stage() == RequestReader::Stage::body;
    };
    while (!bytes.empty() && open()) {
        waiting.append(bytes.substr(0, step));
        bytes.remove_prefix(std::min(step, bytes.size()));
        const auto used = reader.feed(waiting);
        expect(used <= waiting.size(), "no more is taken than was given");
        waiting.erase(0, used);
    }
    Outcome outcome{.stage = reader.stage()};
    if (outcome.stage == RequestReader::Stage::failed) {
        outcome.too_large = reader.error().message.find("too large") != std::string::npos;
        (void)reader.origin();
    }
    if (outcome.stage != RequestReader::Stage::done) return outcome;
    outcome.rest = waiting + std::string(bytes);
    const bool keep_alive = reader.keep_alive();
    const auto request = reader.take_request();
    outcome.request = request->getMethod() + " " + request->getURI() + (keep_alive ? " +" : " -");
    for (const auto& [name, value] : *request) outcome.request += "\n" + name + ": " + value;
    const auto body = reader.take_body();
    expect(body.size() <= 4096, "the body keeps its limit");
    outcome.request += "\n\n" + body;
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    const auto bytes = text_of(data + 1, size - 1);
    const auto whole = read(bytes, SIZE_MAX);
    const auto cut = read(bytes, 1 + data[0] % 16);
    // Trailers and chunk heads are limited by what has to wait for their end: what comes at once
    // does not wait.
    if (whole.too_large || cut.too_large) return 0;
    expect((whole.stage == RequestReader::Stage::done) == (cut.stage == RequestReader::Stage::done),
           "whether it is a request does not depend on how the bytes are cut");
    if (whole.stage == RequestReader::Stage::done)
        expect(whole == cut, "the request does not depend on how the bytes are cut");
    return 0;
}
