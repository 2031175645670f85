// Clients' JSON: what is accepted is UTF-8, not deep, and the same when it is written and read
// again.
#include "fuzz.hpp"

#include "runtime/http/json_input.hpp"

using patchbay::http::Fields;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = text_of(data, size);
    if (const auto value = patchbay::http::parse_json(text)) {
        const auto written = value->dump();
        expect(patchbay::http::is_utf8(written), "what is accepted is UTF-8");
        const auto again = patchbay::http::parse_json(written);
        expect(again && *again == *value, "what was written reads as the same");
    }
    auto fields = Fields::of(text, true);
    if (!fields) return 0;
    (void)fields->text("message");
    (void)fields->number("max_tokens", 1, 1000);
    (void)fields->flag("background");
    (void)fields->object("options");
    if (const auto content = fields->any("content")) {
        const auto parts = patchbay::http::content_parts(*content, *fields);
        expect(parts.is_array(), "content becomes a list of parts");
    }
    (void)fields->error();
    return 0;
}
