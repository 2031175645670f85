#include "runtime/engine/answer_words.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace patchbay::engine {
namespace {

using nlohmann::json;

std::unexpected<Error> not_words(std::string_view what) {
    return std::unexpected(Error{.code = ErrorCode::unprocessable,
                                 .message = std::string(what) + ", as middleware left it.",
                                 .user_safe = true});
}

}  // namespace

std::string words_of(const plugins::Decision& decision) {
    json words;
    if (!decision.comment.empty()) words["comment"] = decision.comment;
    if (!decision.input_json.empty()) words["input"] = json::parse(decision.input_json);
    return words.is_null() ? "" : words.dump();
}

Result<plugins::Decision> with_words(plugins::Decision decision, std::string_view words_json) {
    const auto words = json::parse(words_json);
    const auto comment = words.value("comment", json(""));
    if (!comment.is_string()) return not_words("comment: must be text");
    decision.comment = comment.get<std::string>();
    if (decision.input_json.empty()) return decision;
    const auto input = words.value("input", json());
    if (!input.is_object()) return not_words("input: must be a JSON object");
    decision.input_json = input.dump();
    return decision;
}

}  // namespace patchbay::engine
