// Spans as exporters get them: see sdk/include/patchbay/abi/exporter.h.
#pragma once

#include "runtime/observe/span.hpp"

#include <memory>
#include <span>

namespace patchbay::observe {

// A JSON array. Times are decimal text: a reader's numbers may be doubles. Bytes that are no UTF-8
// are replaced.
std::string spans_json(std::span<const std::shared_ptr<const Span>> spans);

}  // namespace patchbay::observe
