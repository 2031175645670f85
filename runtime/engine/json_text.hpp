// JSON text by hand, for the token path: a string literal costs an append, not a tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::engine {

// Appends `text` (valid UTF-8) as a JSON string with its quotes. Control characters, U+0085,
// U+2028 and U+2029 are always \uXXXX, since naive readers take them for line ends.
// `ascii_only`: everything beyond ASCII too, so that a reader may cut bytes anywhere.
void append_json_string(std::string& out, std::string_view text, bool ascii_only);

void append_number(std::string& out, uint64_t value);

// Milliseconds since the epoch as seconds with three decimals: 1234567890.123
void append_seconds(std::string& out, int64_t unix_ms);

}  // namespace patchbay::engine
