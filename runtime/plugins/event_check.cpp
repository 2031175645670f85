#include "runtime/plugins/event_check.hpp"

#include "runtime/plugins/abi_text.hpp"

namespace patchbay::plugins {
namespace {

constexpr uint64_t text_limit = 65536;

// Whether the fields that only this kind reads are valid.
const char* problem_of_kind(const patchbay_event& event) {
    const auto text = view(event.text);
    switch (event.kind) {
        case PATCHBAY_EVENT_DELTA:
            if (event.channel > PATCHBAY_CHANNEL_REASONING) return "an unknown channel";
            return is_utf8(text) ? nullptr : "a text that is not UTF-8";
        case PATCHBAY_EVENT_STATUS: return is_utf8(text) ? nullptr : "a text that is not UTF-8";
        case PATCHBAY_EVENT_PROGRESS:
            return event.percent <= 100 ? nullptr : "more than 100 percent";
        case PATCHBAY_EVENT_TOOL_CALL:
        case PATCHBAY_EVENT_TOOL_RESULT:
        case PATCHBAY_EVENT_CUSTOM: return is_json(text) ? nullptr : "a text that is not JSON";
        case PATCHBAY_EVENT_METADATA:
            return is_json_object(text) ? nullptr : "metadata that is no JSON object";
        case PATCHBAY_EVENT_USAGE: return event.usage ? nullptr : "a usage without figures";
        default: return nullptr;
    }
}

}  // namespace

bool is_known_kind(uint32_t kind) {
    return kind >= PATCHBAY_EVENT_DELTA && kind <= PATCHBAY_EVENT_CUSTOM;
}

uint64_t text_bytes(const patchbay_event& event) {
    return event.text.size + event.name.size + event.id.size + event.extra_json.size;
}

const char* problem_of(const patchbay_event& event) {
    for (const auto* text : {&event.text, &event.name, &event.id, &event.extra_json}) {
        if (!is_readable(*text)) return "a NULL text with a size";
        if (text->size > text_limit) return "texts of more than 64 KiB";  // also: no overflow below
    }
    if (text_bytes(event) > text_limit) return "texts of more than 64 KiB";
    if (event.name.size && !is_utf8(view(event.name))) return "a name that is not UTF-8";
    if (event.id.size && !is_utf8(view(event.id))) return "an id that is not UTF-8";
    if (event.extra_json.size && !is_json_object(view(event.extra_json)))
        return "an extra_json that is no JSON object";
    return problem_of_kind(event);
}

}  // namespace patchbay::plugins
