// What came, as text: which content types are texts, and their bytes as UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// "text/html; charset=…" is, "image/png" is not.
bool is_textual(std::string_view content_type);

// The charset that a content type names, in small letters; "" = none.
std::string charset_of(std::string_view content_type);

// Whether page_text() makes sense of it: not of UTF-16 and UTF-32.
bool is_readable(std::string_view charset);

// `bytes` as UTF-8. Latin-1 is read as browsers do, as Windows-1252; all else as UTF-8, and what is
// none, or NUL, becomes U+FFFD. A byte order mark is left out.
std::string page_text(std::string_view bytes, std::string_view charset);

// The length of the longest beginning of `text`, UTF-8, that has at most `bytes` bytes, and at most
// `json_bytes` once it is escaped as JSON. No character is cut.
size_t length_that_fits(std::string_view text, size_t bytes, size_t json_bytes);
