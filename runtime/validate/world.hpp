// What is around a plugin under test: upstreams, models and agents, tools, people.
//
// A scene sets what it is about; where nothing is set, the answer is the ordinary one.
#pragma once

#include <patchbay/abi/chat.h>
#include <patchbay/abi/http.h>
#include <patchbay/testing/fake_approval.hpp>
#include <patchbay/testing/fake_children.hpp>
#include <patchbay/testing/fake_http.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace patchbay::validate {

struct ToolAnswer {
    std::string output_json = R"({"found":"wörld"})";
    std::optional<Error> error = {};
    std::chrono::milliseconds delay{0};
};

struct World {
    std::function<testing::HttpAnswer(const patchbay_http_start&)> upstream;

    // `nth` child of its owner: 0, 1, …
    std::function<testing::ChildAnswer(const patchbay_chat_start&, size_t nth)> child;
    std::function<ToolAnswer()> tool;
    std::function<testing::FakeDecision()> person;

    bool odd_events = false;  // children's come with events of kinds that nobody knows
};

// A short text, in three pieces.
testing::ChildAnswer ordinary_child(std::chrono::milliseconds delay = {});

// Asks for two of the tools that list() has, one of them twice, and for one that it has not.
testing::ChildAnswer child_with_tool_calls(std::chrono::milliseconds delay = {});

// What tools.list() and history.read() give unless a scene says otherwise.
std::string ordinary_tools();
std::string ordinary_history();

}  // namespace patchbay::validate
