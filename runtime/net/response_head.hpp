// The head of an answer: its status, its headers, and what they say about its body.
#pragma once

#include "runtime/net/http_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::net {

struct ResponseHead {
    int status = 0;
    bool is_old = false;  // HTTP/1.0
    HeaderViews headers;  // into the text that was parsed
    std::optional<uint64_t> length;
    bool chunked = false;
    bool is_doubtful = false;       // others may find the body's end elsewhere
    bool keeps_connection = false;  // it may be used again, if the body has an end of its own
};

// Whether `text`, the beginning of what has come, can be the beginning of a head.
bool may_be_head(std::string_view text);

// Parses a whole head, with its blank line. Folded lines are joined in place. Returns what is wrong
// with it, in a few words; nullptr = nothing.
//
// Strict     in what decides about the body: one length, and no transfer coding but "chunked". A
//            name that is no token is refused, and a NUL.
// Lenient    in what does not: a line may end with LF alone, a status need no reason.
const char* parse_head(std::string& text, ResponseHead& head);

}  // namespace patchbay::net
