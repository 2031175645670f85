// What the blobs of journal and segments have in common: a checksum and the format's number, then
// the content. A blob that fails the check is never used.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

void begin_payload(std::string& payload);  // empties it, leaves room for the checksum
void seal_payload(std::string& payload);   // writes the checksum of what follows it

// Deflates the content of one that is not sealed yet, where that makes it smaller: for what is
// read seldom. At zlib's fastest level, since the log's writer may be waiting meanwhile.
void pack_payload(std::string& payload);

// The content; nothing when the checksum is wrong, or the format (a packed one is wrong here).
std::optional<std::string_view> open_payload(std::string_view payload);

// The same of one that may be packed: then `unpacked` holds the content.
std::optional<std::string_view> open_packable(std::string_view payload, std::string& unpacked);

// The content of one that need not be sealed yet.
std::string_view payload_content(std::string_view payload);

}  // namespace patchbay
