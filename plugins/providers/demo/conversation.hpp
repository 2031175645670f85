// Reads a conversation as strictly as the strictest vendor: a history that is in order here is in
// order everywhere.
#pragma once

#include <patchbay/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace demo {

struct Conversation {
    std::string question;  // the texts of the last user message
    uint64_t messages = 0;
    uint64_t words = 0;  // in all of them
};

// `messages_json` as abi/provider.h has it. bad_request, naming the message, unless: system
// messages come first; then user and assistant take turns, the user begins and ends; every message
// has a text that is not empty (or, instead, an image, a file or a tool call); the tool calls of an
// assistant's message are answered, each once, by the next messages. Such results may also be the
// end.
patchbay::Result<Conversation> read_conversation(std::string_view messages_json);

}  // namespace demo
