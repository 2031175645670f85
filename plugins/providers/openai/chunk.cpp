#include "chunk.hpp"

namespace openai {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

void read_text(const element& value, std::string_view& text) {
    if (value.is_string()) text = value.get_string().value_unsafe();
}

// Of a streamed choice the "delta", of a whole one the "message".
void read_delta(const object& delta, Chunk& chunk) {
    for (const auto [key, value] : delta) {
        if (key == "content")
            read_text(value, chunk.content);
        else if (key == "reasoning_content" || key == "reasoning")
            read_text(value, chunk.reasoning);
        else if (key == "refusal")
            read_text(value, chunk.refusal);
        else if (key == "tool_calls" && value.is_array())
            chunk.tool_calls_json = simdjson::minify(value);
    }
}

void read_choice(const object& choice, Chunk& chunk) {
    for (const auto [key, value] : choice) {
        if ((key == "delta" || key == "message") && value.is_object())
            read_delta(value.get_object().value_unsafe(), chunk);
        else if (key == "finish_reason")
            read_text(value, chunk.finish_reason);
    }
}

uint64_t count_in(const object& counts, std::string_view key) {
    uint64_t count = 0;
    return counts[key].get(count) ? 0 : count;
}

patchbay::Usage read_usage(const object& counts) {
    patchbay::Usage usage = {};
    usage.prompt_tokens = count_in(counts, "prompt_tokens");
    usage.completion_tokens = count_in(counts, "completion_tokens");
    object details;
    if (!counts["prompt_tokens_details"].get(details)) {
        usage.cached_tokens = count_in(details, "cached_tokens");
        usage.cache_write_tokens = count_in(details, "cache_write_tokens");
    }
    if (!counts["completion_tokens_details"].get(details))
        usage.reasoning_tokens = count_in(details, "reasoning_tokens");
    return usage;
}

void read_choices(const element& choices, Chunk& chunk) {
    object first;
    if (!choices.at(0).get(first)) read_choice(first, chunk);
}

// Each open answer has a parser: simdjson's usual depth of 1,024 would cost 9 KiB of its 15.
constexpr size_t usual_bytes = 512;
constexpr size_t max_depth = 64;
constexpr size_t kept_bytes = 16 * 1024;  // buffers for more are given back with the next chunk

}  // namespace

ChunkReader::ChunkReader() { allocate(); }

void ChunkReader::allocate() {
    padded_ = {};
    parser_ = simdjson::dom::parser();
    // When there is no memory for it, read() says so.
    [[maybe_unused]] const auto allocated = parser_.allocate(usual_bytes, max_depth);
}

std::optional<Chunk> ChunkReader::read(std::string_view json) {
    if (parser_.capacity() > kept_bytes && json.size() <= kept_bytes) allocate();
    padded_.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    padded_.assign(json);
    object root;
    if (parser_.parse(padded_.data(), padded_.size(), false).get(root)) return std::nullopt;

    Chunk chunk;
    for (const auto [key, value] : root) {
        if (key == "choices" && value.is_array())
            read_choices(value, chunk);
        else if (key == "usage" && value.is_object())
            chunk.usage = read_usage(value.get_object().value_unsafe());
        else if (key == "error" && !value.is_null())
            chunk.error_json = simdjson::minify(value);
    }
    return chunk;
}

}  // namespace openai
