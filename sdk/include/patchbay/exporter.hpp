// An exporter sends spans, what was done when and for how long, to a tracing system.
#pragma once

#include <patchbay/plugin.hpp>

#include <string_view>

namespace patchbay {

// Life       one per instance.
// Limits     a batch holds at most 512 spans; one that failed is tried three times in all.
class Exporter {
public:
    virtual ~Exporter() = default;

    // Sends a batch, a JSON array as in abi/exporter.h, borrowed. May block, for 10 s at most. One
    // call at a time. What it throws is a failure. [worker]
    virtual Result<void> export_spans(std::string_view spans_json) = 0;
};

namespace detail {

template <class T>
struct ExporterTable {
    static patchbay_status export_spans(void* instance, patchbay_str spans_json) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded(
            [&]() -> patchbay_status {
                auto& exporter = static_cast<Exporter&>(*self->plugin);
                const auto sent = exporter.export_spans(text_of(spans_json));
                return sent ? PATCHBAY_OK : self->host.fail(view_of(sent.error()));
            },
            [&](std::string_view reason) {
                return self->host.fail(view_of(ErrorCode::internal, reason));
            });
    }

    static constexpr patchbay_exporter_1 table = {.export_spans = &export_spans};
};

}  // namespace detail
}  // namespace patchbay
