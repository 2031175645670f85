// Reads a chat.completion.chunk: the hot path, once per token.
#pragma once

#include <patchbay/stream.hpp>

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

namespace openai {

// What a chunk brings; what it does not is empty. The views are borrowed until the next read().
struct Chunk {
    std::string_view content;
    std::string_view reasoning;
    std::string_view refusal;
    std::string_view finish_reason;
    bool has_choice = false;   // it has a part of the answer, if an empty one
    bool owes_reason = false;  // its finish_reason is null: one is to come
    std::optional<patchbay::Usage> usage;
    std::string tool_calls_json;  // an array of deltas
    std::string error_json;       // the value of "error"
};

// One per answer: it keeps its buffers. A completion that was not streamed reads as one chunk.
class ChunkReader {
public:
    ChunkReader();

    // Nothing when it is no JSON object, no valid UTF-8, or a member that holds a part of the
    // answer has another type than it must have: what cannot be read is not left out in silence.
    // Only the first choice is read.
    std::optional<Chunk> read(std::string_view json);

private:
    void allocate();

    simdjson::dom::parser parser_;
    std::string padded_;
};

}  // namespace openai
