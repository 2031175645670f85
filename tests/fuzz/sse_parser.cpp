// Upstreams' event streams: however the bytes are cut, the same events come out.
#include "fuzz.hpp"

#include "runtime/net/sse_parser.hpp"

#include <string>
#include <vector>

namespace {

struct Outcome {
    bool fits = true;
    std::vector<std::string> events;

    bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view bytes, size_t step) {
    Outcome outcome;
    patchbay::net::SseParser parser(4096);
    patchbay::net::SseParser::OnEvent keep = [&](auto name, auto id, auto data) {
        outcome.events.push_back(std::string(name) + "\n" + std::string(id) + "\n" +
                                 std::string(data));
    };
    while (outcome.fits && !bytes.empty()) {
        outcome.fits = parser.feed(bytes.substr(0, step), keep);
        bytes.remove_prefix(std::min(step, bytes.size()));
    }
    outcome.fits = outcome.fits && parser.finish(keep);
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    const auto bytes = text_of(data + 1, size - 1);
    const auto whole = parse(bytes, SIZE_MAX);
    const auto cut = parse(bytes, 1 + data[0] % 16);
    // Past the limit, which events came before it may depend on the cut.
    expect(whole.fits == cut.fits, "the limit does not depend on how the bytes are cut");
    if (whole.fits) expect(whole == cut, "the events do not depend on how the bytes are cut");
    return 0;
}
