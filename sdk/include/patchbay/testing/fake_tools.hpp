// Tools that answer an agent under test by script.
#pragma once

#include <patchbay/abi/tools.h>
#include <patchbay/error.hpp>
#include <patchbay/testing/fake_pending.hpp>
#include <patchbay/testing/lent_text.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace patchbay::testing {

// As patchbay_tool_start, owned.
struct ToolRecord {
    std::string name;
    std::string arguments_json;
    std::string call_id;  // as it was asked for
    std::string extra_json;
    bool cancelled = false;
    bool over = false;
};

class FakeTools {
public:
    explicit FakeTools(FakePending& pending) : pending_(pending) {}

    // What list() says.
    void offer(std::string tools_json) { list_ = std::move(tools_json); }

    // The next call of the tool gets this output, after `delay`; several are given in order. A call
    // without one ends with not_found.
    void answer(const std::string& name, std::string output_json,
                std::chrono::milliseconds delay = {}) {
        answers_[name].push_back({std::move(output_json), {}, delay});
    }
    void fail(const std::string& name, Error error, std::chrono::milliseconds delay = {}) {
        answers_[name].push_back({{}, std::move(error), delay});
    }

    const std::deque<ToolRecord>& calls() const { return records_; }
    size_t most_at_a_time() const { return most_; }

    // --- for the fake host ----------------------------------------------------------------------
    const std::string& list() const { return list_; }

    patchbay_status call(FakeOwner& owner, const patchbay_tool_start& request,
                         patchbay_tool_done done, void* user, patchbay_handle* call) {
        if (pending_.count(owner, kind) >= 16) return PATCHBAY_E_LIMIT;
        auto& record = records_.emplace_back(
            ToolRecord{.name = std::string(text_of(request.name)),
                       .arguments_json = std::string(text_of(request.arguments_json)),
                       .call_id = std::string(text_of(request.call_id)),
                       .extra_json = std::string(text_of(request.extra_json))});
        Answer answer = {.error = user_missing(record.name)};
        if (auto& answers = answers_[record.name]; !answers.empty()) {
            answer = std::move(answers.front());
            answers.pop_front();
        }
        auto call_id = record.call_id;
        if (call_id.empty()) call_id = "host-" + std::to_string(records_.size());
        const auto delay = answer.delay;
        const auto id = pending_.add(owner, kind, delay,
                                     [&record, call_id, answer, done, user](bool cancelled) {
                                         record.over = true;
                                         record.cancelled = cancelled;
                                         end(call_id, answer, cancelled, done, user);
                                     });
        if (id == 0) return PATCHBAY_E_STALE;
        most_ = std::max(most_, pending_.count(owner, kind));
        *call = {id};
        return PATCHBAY_OK;
    }

    static constexpr const char* kind = "tool";

private:
    struct Answer {
        std::string output_json = {};
        std::optional<Error> error = {};
        std::chrono::milliseconds delay{0};
    };

    static Error user_missing(const std::string& name) {
        return {.code = ErrorCode::not_found,
                .message = "there is no tool \"" + name + "\"",
                .user_safe = true};
    }

    static void end(const std::string& call_id, const Answer& answer, bool cancelled,
                    patchbay_tool_done done, void* user) {
        LentText lent;
        patchbay_error error = {};
        patchbay_tool_end view = {};
        view.call_id = lent.lend(call_id);
        if (cancelled)
            error = lent.lend(Error{.code = ErrorCode::cancelled, .message = "cancelled"});
        else if (answer.error)
            error = lent.lend(*answer.error);
        else
            view.output_json = lent.lend(answer.output_json);
        if (cancelled || answer.error) view.error = &error;
        done(user, &view);
    }

    FakePending& pending_;
    std::string list_ = "[]";
    std::map<std::string, std::deque<Answer>> answers_;
    std::deque<ToolRecord> records_;
    size_t most_ = 0;
};

}  // namespace patchbay::testing
