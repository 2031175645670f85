// What was said and done since the message that is answered: text, tool calls and their results, in
// their order. It becomes the content of the answer's message, and the end of what a model is told
// when the conversation so far is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::engine {

class Transcript {
public:
    void add_text(std::string_view text) { text_ += text; }
    void add_tool_call(std::string_view payload_json);    // as tool.call has it
    void add_tool_result(std::string_view payload_json);  // as tool.result has it

    bool empty() const { return text_.empty() && steps_.empty(); }
    bool has_call(std::string_view id) const;
    const std::string& text() const { return text_; }  // all of it

    // The text behind the last tool call or result: what a crash may have cut.
    std::string_view tail() const { return std::string_view(text_).substr(tail_from()); }
    void cut_tail() { text_.resize(tail_from()); }
    void clear();

    // What was said is taken back; what was done stays.
    void drop_text();

    // A call is made with other arguments than it was asked for.
    void edit_call(std::string_view id, std::string_view arguments_json);

    // The calls and results as the log has them, in their order: payload, and whether it is a call.
    std::vector<std::pair<std::string, bool>> step_payloads() const;

    // An array of parts: text, tool_call, tool_result.
    std::string content_json() const;

private:
    struct Step {
        size_t text_before;  // bytes of text_ that stand before it
        bool is_call;
        std::string id;  // of the tool call
        std::string part_json;
    };

    size_t tail_from() const { return steps_.empty() ? 0 : steps_.back().text_before; }
    void add_step(std::string_view payload_json, bool is_call);

    std::string text_;
    std::vector<Step> steps_;
};

}  // namespace patchbay::engine
