#include "runtime/validate/world.hpp"

namespace patchbay::validate {

testing::ChildAnswer ordinary_child(std::chrono::milliseconds delay) {
    return {.chunks = {"Hello", ", wörld", " of streams."},
            .usage = {.prompt_tokens = 5,
                      .completion_tokens = 4,
                      .cached_tokens = 0,
                      .cache_write_tokens = 0,
                      .reasoning_tokens = 0,
                      .estimated = 0,
                      .reserved = 0},
            .delay = delay};
}

testing::ChildAnswer child_with_tool_calls(std::chrono::milliseconds delay) {
    return {.chunks = {"Let me see."},
            .tool_calls = {{.id = "call-1", .name = "lookup", .arguments_json = R"({"word":"a"})"},
                           {.id = "call-2", .name = "lookup", .arguments_json = R"({"word":"ö"})"},
                           {.id = "call-3", .name = "note", .arguments_json = "{}"},
                           {.id = "call-4", .name = "unheard_of", .arguments_json = "{}"}},
            .delay = delay};
}

std::string ordinary_tools() {
    return R"([
        {"name": "lookup", "description": "Looks a word up.", "parameters": {"type": "object",
         "properties": {"word": {"type": "string"}}, "required": ["word"]}},
        {"name": "note", "description": "Notes it.", "parameters": {"type": "object"}}])";
}

std::string ordinary_history() {
    return R"([
        {"role": "user", "content": [{"type": "text", "text": "Good morning"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Good mörning."}]},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]}])";
}

}  // namespace patchbay::validate
