#include "db/interaction_page.hpp"

#include <charconv>

namespace patchbay {

std::string page_after(const InteractionRecord& last) {
    return last.id.str() + "." + std::to_string(last.created_at_ms);
}

Result<PagePosition> parse_page(const std::string& page) {
    constexpr size_t id_size = 36;
    if (page.empty()) return PagePosition{};
    PagePosition position;
    const auto id = InteractionId::parse(page.substr(0, id_size));
    const char* end = page.data() + page.size();
    if (!id || page.size() < id_size + 2 || page[id_size] != '.') {
        return failure(ErrorCode::bad_request, "`page` is not one that a list gave out");
    }
    const auto parsed = std::from_chars(page.data() + id_size + 1, end, position.created_at_ms);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return failure(ErrorCode::bad_request, "`page` is not one that a list gave out");
    }
    position.id = *id;
    return position;
}

}  // namespace patchbay
