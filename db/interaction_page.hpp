// Where a list of interactions goes on: InteractionPage::next, opaque to clients.
#pragma once

#include "db/records.hpp"

#include <patchbay/error.hpp>

#include <limits>

namespace patchbay {

struct PagePosition {  // the last interaction of the page before
    int64_t created_at_ms = std::numeric_limits<int64_t>::max();
    InteractionId id;
};

std::string page_after(const InteractionRecord& last);
Result<PagePosition> parse_page(const std::string& page);  // "" is the first; bad_request

}  // namespace patchbay
