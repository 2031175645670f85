// What a person says in answering a question, as middleware looks at it: the input of a turn.
#pragma once

#include "runtime/plugins/run_scope.hpp"

#include <patchbay/error.hpp>

#include <string>
#include <string_view>

namespace patchbay::engine {

// The method that such a turn asks for. No agent has one of that name.
constexpr std::string_view answer_method = "run.resume";

// {"comment"?, "input"?}; "" when nothing is said but yes or no.
std::string words_of(const plugins::Decision& decision);

// With what is left of these words. unprocessable: they are none any more.
Result<plugins::Decision> with_words(plugins::Decision decision, std::string_view words_json);

}  // namespace patchbay::engine
