#include "runtime/validate/lent_abi.hpp"

#include <vector>

namespace patchbay::validate {

const patchbay_header* lend_headers(LentMemory& lent, const patchbay_header* headers,
                                    uint32_t count) {
    std::vector<patchbay_header> views;
    for (uint32_t i = 0; i < count; ++i)
        views.push_back({lent.text(headers[i].name, "header.name"),
                         lent.text(headers[i].value, "header.value")});
    return lent.array(views, "headers");
}

const patchbay_error* lend_error(LentMemory& lent, const patchbay_error* error) {
    if (!error) return nullptr;
    auto views = *error;
    views.message = lent.text(error->message, "error.message");
    views.detail_json = lent.text(error->detail_json, "error.detail_json");
    views.extra_json = lent.text(error->extra_json, "error.extra_json");
    return lent.object(views, "error");
}

const patchbay_event* lend_events(LentMemory& lent, const patchbay_event* events, uint32_t count) {
    std::vector<patchbay_event> views(events, events + count);
    for (auto& view : views) {
        view.text = lent.text(view.text, "event.text");
        view.name = lent.text(view.name, "event.name");
        view.id = lent.text(view.id, "event.id");
        view.extra_json = lent.text(view.extra_json, "event.extra_json");
        if (view.usage) view.usage = lent.object(*view.usage, "event.usage");
    }
    return lent.array(views, "events");
}

}  // namespace patchbay::validate
