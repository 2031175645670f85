#include "runtime/engine/payload.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

using nlohmann::json;

patchbay_str borrowed(std::string_view text) { return {text.data(), text.size()}; }

// The event as the native wire shows it.
std::string wire_of(const patchbay_event& given) {
    auto event = event_of(given);
    EXPECT_TRUE(event);
    std::string out;
    append_native_data(out, *event);
    return out;
}

TEST(PayloadTest, PrettyPrintedJsonOfAPluginStaysOnOneLineOfTheWire) {
    constexpr auto pretty = "{\n  \"a\": 1,\r\n  \"b\": [\n1, 2]\n}\n";
    for (const uint32_t kind :
         {PATCHBAY_EVENT_METADATA, PATCHBAY_EVENT_CUSTOM, PATCHBAY_EVENT_TOOL_RESULT}) {
        patchbay_event event{};
        event.kind = kind;
        event.name = borrowed("org.example.x");
        event.id = borrowed("call-1");
        event.text = borrowed(pretty);
        event.extra_json = borrowed(pretty);

        const auto wire = wire_of(event);

        EXPECT_EQ(wire.find_first_of("\r\n"), std::string::npos) << wire;
        const auto read = json::parse(wire);
        EXPECT_EQ(read["extra"], json::parse(pretty)) << wire;
    }
}

TEST(PayloadTest, TheExtraOfADeltaStaysOnOneLineToo) {
    patchbay_event event{};
    event.kind = PATCHBAY_EVENT_DELTA;
    event.text = borrowed("two\nlines");
    event.extra_json = borrowed("{\n\"signature\": \"x\"\n}");

    const auto wire = wire_of(event);

    EXPECT_EQ(wire.find('\n'), std::string::npos) << wire;
    EXPECT_EQ(json::parse(wire)["text"], "two\nlines");
    EXPECT_EQ(json::parse(wire)["extra"], json::parse("{\"signature\": \"x\"}"));
}

TEST(PayloadTest, WhatAnEndUserReadsOfAnErrorIsNotTheUpstreamsOwnWords) {
    const Error upstream{.code = ErrorCode::upstream,
                         .message = "10.0.0.7: key sk-123 was refused"};
    const Error ours{.code = ErrorCode::bad_request, .message = "Say more.", .user_safe = true};

    EXPECT_EQ(public_message(upstream), "The model's provider failed.");
    EXPECT_EQ(public_message(ours), "Say more.");
}

}  // namespace
}  // namespace patchbay::engine
