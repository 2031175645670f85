#include "chunk.hpp"

namespace openai {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// The readers say whether the value has the type that it must have; null stands for nothing.

bool read_text(const element& value, std::string_view& text) {
    if (value.is_null()) return true;
    return !value.get(text);
}

bool read_tool_calls(const element& value, Chunk& chunk) {
    if (value.is_null()) return true;
    if (!value.is_array()) return false;
    chunk.tool_calls_json = simdjson::minify(value);
    return true;
}

// Of a streamed choice the "delta", of a whole one the "message".
bool read_delta(const element& delta, Chunk& chunk) {
    if (delta.is_null()) return true;
    object members;
    if (delta.get(members)) return false;
    for (const auto [key, value] : members) {
        bool good = true;
        if (key == "content")
            good = read_text(value, chunk.content);
        else if (key == "reasoning_content" || key == "reasoning")
            (void)read_text(value, chunk.reasoning);  // not standard: servers differ
        else if (key == "refusal")
            good = read_text(value, chunk.refusal);
        else if (key == "tool_calls")
            good = read_tool_calls(value, chunk);
        if (!good) return false;
    }
    return true;
}

bool read_choice(const element& choice, Chunk& chunk) {
    object members;
    if (choice.get(members)) return false;
    chunk.has_choice = true;
    for (const auto [key, value] : members) {
        bool good = true;
        if (key == "delta" || key == "message") {
            good = read_delta(value, chunk);
        } else if (key == "finish_reason") {
            good = read_text(value, chunk.finish_reason);
            chunk.owes_reason = value.is_null();
        }
        if (!good) return false;
    }
    return true;
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

bool read_choices(const element& value, Chunk& chunk) {
    if (value.is_null()) return true;
    simdjson::dom::array choices;
    if (value.get(choices)) return false;
    return choices.size() == 0 || read_choice(*choices.begin(), chunk);
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
        if (key == "choices") {
            if (!read_choices(value, chunk)) return std::nullopt;
        } else if (key == "usage" && value.is_object()) {
            chunk.usage = read_usage(value.get_object().value_unsafe());
        } else if (key == "error" && !value.is_null()) {
            chunk.error_json = simdjson::minify(value);
        }
    }
    return chunk;
}

}  // namespace openai
