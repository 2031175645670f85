// People who decide by script.
#pragma once

#include <patchbay/abi/approval.h>
#include <patchbay/testing/fake_pending.hpp>
#include <patchbay/testing/json_check.hpp>
#include <patchbay/testing/lent_text.hpp>
#include <patchbay/testing/utf8.hpp>

#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace patchbay::testing {

// As patchbay_decision, owned.
struct FakeDecision {
    uint32_t decision = PATCHBAY_DECISION_APPROVED;
    std::string input_json = {};
    std::string by = "user:person";
    std::string comment = {};
};

// As patchbay_question, owned.
struct RecordedQuestion {
    std::string text;
    std::string input_json;
    std::string schema_json;
    int64_t expires_in_ms = 0;
};

class FakeApproval {
public:
    explicit FakeApproval(FakePending& pending) : pending_(pending) {}

    // Answers the oldest question that waits, or the next one that is asked.
    void decide(FakeDecision decision) {
        decisions_.push_back(std::move(decision));
        match();
    }

    const std::deque<RecordedQuestion>& questions() const { return questions_; }

    // --- for the fake host ----------------------------------------------------------------------
    static bool is_valid(const patchbay_question& question) {
        constexpr int64_t thirty_days_ms = 30LL * 24 * 60 * 60 * 1000;
        return question.text.size > 0 && is_utf8(text_of(question.text)) &&
               is_object_or_empty(question.input_json) &&
               is_object_or_empty(question.schema_json) &&
               is_object_or_empty(question.extra_json) && question.expires_in_ms >= 0 &&
               question.expires_in_ms <= thirty_days_ms;
    }

    patchbay_status ask(FakeOwner& owner, const patchbay_question& question, patchbay_decided done,
                        void* user) {
        if (pending_.count(owner, kind) >= 16) return PATCHBAY_E_LIMIT;
        auto decision = std::make_shared<FakeDecision>();
        const auto id = pending_.add(owner, kind, std::nullopt, [=](bool cancelled) {
            end(*decision, cancelled, done, user);
        });
        if (id == 0) return PATCHBAY_E_STALE;
        questions_.push_back({.text = std::string(text_of(question.text)),
                              .input_json = std::string(text_of(question.input_json)),
                              .schema_json = std::string(text_of(question.schema_json)),
                              .expires_in_ms = question.expires_in_ms});
        waiting_.emplace_back(id, std::move(decision));
        match();
        return PATCHBAY_OK;
    }

    static constexpr const char* kind = "question";

private:
    void match() {
        while (!waiting_.empty() && !decisions_.empty()) {
            auto [id, decision] = std::move(waiting_.front());
            waiting_.pop_front();
            if (!pending_.running(id)) continue;
            *decision = std::move(decisions_.front());
            decisions_.pop_front();
            pending_.complete(id);
        }
    }

    static void end(const FakeDecision& decision, bool cancelled, patchbay_decided done,
                    void* user) {
        LentText lent;
        if (cancelled) {
            const auto error =
                lent.lend(Error{.code = ErrorCode::cancelled, .message = "cancelled"});
            return done(user, nullptr, &error);
        }
        patchbay_decision view = {};
        view.decision = decision.decision;
        view.input_json = lent.lend(decision.input_json);
        view.by = lent.lend(decision.by);
        view.comment = lent.lend(decision.comment);
        done(user, &view, nullptr);
    }

    FakePending& pending_;
    std::deque<FakeDecision> decisions_;
    std::deque<RecordedQuestion> questions_;
    std::deque<std::pair<uint64_t, std::shared_ptr<FakeDecision>>> waiting_;
};

}  // namespace patchbay::testing
