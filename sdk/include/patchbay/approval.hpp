// Asking a person in the middle of a run.
//
// The run waits, on no thread and no lane, also over restarts, until somebody answers or the
// question expires. After a crash a later attempt that asks the same gets the answer that was
// given.
//
// Threads    [lane].
// Ending     a question that was asked is heard exactly once; cancelled with its owner.
// Errors     stale, cancelled, bad_request, limit (16 questions of one run at a time),
//            wrong_thread, unsupported.
#pragma once

#include <patchbay/completion.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay {

// The texts are borrowed until the call that takes them has returned: see ChatAsk.
struct Question {
    std::string_view text;                   // what is to be decided, for a person
    std::string_view input_json = {};        // "" or an object: what is proposed, may be edited
    std::string_view schema_json = {};       // "" or the JSON Schema of an edited input
    std::chrono::milliseconds expires_in{};  // 0 = 24 hours; at most 30 days
};

struct Approval {
    enum class Outcome : uint32_t {
        approved = PATCHBAY_DECISION_APPROVED,
        denied = PATCHBAY_DECISION_DENIED,
        edited = PATCHBAY_DECISION_EDITED,  // approved, with another input
        expired = PATCHBAY_DECISION_EXPIRED,
    };

    Outcome outcome = Outcome::denied;
    std::string input_json = {};  // edited: the new one
    std::string by = {};          // whose credential decided; "" when it expired
    std::string comment = {};     // "" or what they said

    bool granted() const noexcept {
        return outcome == Outcome::approved || outcome == Outcome::edited;
    }
};

namespace detail {

inline void decided(void* user, const patchbay_decision* decision,
                    const patchbay_error* error) noexcept {
    Completion<Approval>::deliver(user, [&]() -> Result<Approval> {
        if (error) return std::unexpected(error_of(*error));
        return Approval{.outcome = static_cast<Approval::Outcome>(decision->decision),
                        .input_json = std::string(text_of(decision->input_json)),
                        .by = std::string(text_of(decision->by)),
                        .comment = std::string(text_of(decision->comment))};
    });
}

}  // namespace detail

// Asks for `owner`, an agent's or a tool's stream.
[[nodiscard]] inline Result<void> ask_person(const Owner& owner, const Question& question,
                                             Done<Approval> done) {
    const auto* table = owner.host().interfaces().approval;
    if (!table) return detail::no_interface("approval");
    patchbay_question raw = {};
    raw.text = view_of(question.text);
    raw.input_json = view_of(question.input_json);
    raw.schema_json = view_of(question.schema_json);
    raw.expires_in_ms = question.expires_in.count();
    return detail::start_completion<Approval>(
        owner, std::move(done), "a question", [&](void* user) {
            return table->ask(owner.host().raw(), owner.handle(), &raw, &detail::decided, user);
        });
}

}  // namespace patchbay
