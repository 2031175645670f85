// What the blobs of journal and segments have in common: a checksum and the format's number, then
// the content. A blob that fails the check is never used.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

void begin_payload(std::string& payload);  // empties it, leaves room for the checksum
void seal_payload(std::string& payload);   // writes the checksum of what follows it

// The content; nothing when the checksum or the format is wrong.
std::optional<std::string_view> open_payload(std::string_view payload);

// The content of one that need not be sealed yet.
std::string_view payload_content(std::string_view payload);

}  // namespace patchbay
