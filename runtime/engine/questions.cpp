#include "runtime/engine/questions.hpp"

#include "runtime/engine/payload.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/plugins/json_schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::engine {
namespace {

using nlohmann::json;

constexpr size_t open_limit = 16;

constexpr std::pair<uint32_t, std::string_view> names[] = {{PATCHBAY_DECISION_APPROVED, "approved"},
                                                           {PATCHBAY_DECISION_DENIED, "denied"},
                                                           {PATCHBAY_DECISION_EDITED, "edited"},
                                                           {PATCHBAY_DECISION_EXPIRED, "expired"}};

std::string dump(const json& value) {
    return value.is_null() ? "" : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json parsed(const std::string& text) {
    return text.empty() ? json(nullptr) : json::parse(text, nullptr, false);
}

Question question_of(const json& payload) {
    const auto call = payload.value("tool_call", json::object());
    return {.text = payload.value("text", ""),
            .input_json = dump(payload.value("input", json())),
            .schema_json = dump(payload.value("schema", json())),
            .tool_name = call.value("name", ""),
            .call_id = call.value("id", ""),
            .extra_json = dump(payload.value("extra", json())),
            .expires_at_ms = payload.value("expires_at_ms", int64_t{0})};
}

json waiting_json(const std::string& request_id, const Question& question) {
    json payload = {{"request_id", request_id},
                    {"kind", question.call_id.empty() ? "input" : "approval"},
                    {"text", question.text},
                    {"expires_at_ms", question.expires_at_ms}};
    if (!question.call_id.empty())
        payload["tool_call"] = {{"id", question.call_id}, {"name", question.tool_name}};
    if (!question.input_json.empty()) payload["input"] = parsed(question.input_json);
    if (!question.schema_json.empty()) payload["schema"] = parsed(question.schema_json);
    if (!question.extra_json.empty()) payload["extra"] = parsed(question.extra_json);
    return payload;
}

std::string resumed_payload(const std::string& request_id, const plugins::Decision& decision) {
    json payload = {{"request_id", request_id},
                    {"decision", decision_name(decision.decision)},
                    {"by", decision.by}};
    if (!decision.input_json.empty()) payload["input"] = parsed(decision.input_json);
    if (!decision.comment.empty()) payload["comment"] = decision.comment;
    return dump(payload);
}

// Who approves a call approves the arguments that were shown.
plugins::Decision with_input(plugins::Decision decision, const Question& question) {
    if (decision.decision == PATCHBAY_DECISION_APPROVED && !question.call_id.empty())
        decision.input_json = question.input_json;
    return decision;
}

bool same_answer(const plugins::Decision& left, const plugins::Decision& right) {
    if (left.decision != right.decision) return false;
    return left.decision != PATCHBAY_DECISION_EDITED ||
           parsed(left.input_json) == parsed(right.input_json);
}

// An approval is known by its tool call, another question by its words.
bool same(const Question& left, const Question& right) {
    if (!left.call_id.empty() || !right.call_id.empty()) return left.call_id == right.call_id;
    return left.text == right.text && parsed(left.input_json) == parsed(right.input_json);
}

std::unexpected<Error> refusal(ErrorCode code, std::string message) {
    return std::unexpected(Error{.code = code, .message = std::move(message), .user_safe = true});
}

Result<void> check_input(const Question& question, const std::string& input_json) {
    const auto input = parsed(input_json);
    if (!input.is_object())
        return refusal(ErrorCode::unprocessable, "input: must be a JSON object.");
    if (question.schema_json.empty()) return {};
    const auto schema = plugins::JsonSchema::parse(parsed(question.schema_json));
    if (!schema) return {};  // the asker's own fault: it gets what came
    const auto fits = (*schema)->check(input);
    if (fits) return {};
    return refusal(ErrorCode::unprocessable, "input: " + fits.error().message);
}

}  // namespace

std::string_view decision_name(uint32_t decision) {
    for (const auto& [value, name] : names) {
        if (value == decision) return name;
    }
    return "cancelled";
}

std::optional<uint32_t> decision_named(std::string_view name) {
    for (const auto& [value, known] : names) {
        if (known == name) return value;
    }
    return std::nullopt;
}

struct Questions::Open final : plugins::Pending {
    Open(Questions& questions, std::string id, Question asked)
        : all(questions), request_id(std::move(id)), question(std::move(asked)) {}
    ~Open() override = default;
    void drop() override { all.withdraw(*this); }

    Questions& all;
    std::string request_id;
    Question question;
    plugins::OnAnswered<plugins::Decision> done;  // empty: after a restart, nobody has asked again
    net::TimerId timer = 0;
    bool answered_before = false;  // it only waits for the turn on which its answer comes
};

Questions::Questions(Run& run) : run_(run) {}

Questions::~Questions() { close(); }

void Questions::close() {
    for (const auto& open : open_) run_.shard().loop().cancel(open->timer);
    open_.clear();
    answered_.clear();
}

Result<plugins::Pending*> Questions::ask(Question question,
                                         plugins::OnAnswered<plugins::Decision> done) {
    if (Open* const before = find_same(question); before && !before->done) {
        before->done = std::move(done);
        return before;
    }
    auto answer = take_answer(question);
    if (!answer && open_.size() >= open_limit)
        return failure(ErrorCode::limit, "Too many questions of this run are open.");
    const auto id = MessageId::make().str();
    auto& open = *open_.emplace_back(std::make_unique<Open>(*this, id, std::move(question)));
    open.done = std::move(done);
    if (!answer) {
        run_.say(EventKind::run_waiting, dump(waiting_json(open.request_id, open.question)));
        run_.questions_changed();
        arm(open);
        return &open;
    }
    open.answered_before = true;
    open.timer = run_.shard().loop().after(
        std::chrono::milliseconds(0),
        [this, &open, answer = std::move(*answer)] { settle(open, answer); });
    return &open;
}

Questions::Open* Questions::find_same(const Question& question) {
    const auto found = std::ranges::find_if(open_, [&](const auto& open) {
        return !open->answered_before && same(open->question, question);
    });
    return found == open_.end() ? nullptr : found->get();
}

std::optional<plugins::Decision> Questions::take_answer(const Question& question) {
    const auto found = std::ranges::find_if(
        answered_, [&](const Answered& each) { return same(each.question, question); });
    if (found == answered_.end()) return std::nullopt;
    auto decision = std::move(found->decision);
    answered_.erase(found);
    return decision;
}

void Questions::arm(Open& open) {
    auto& shard = run_.shard();
    const auto left = std::max<int64_t>(0, open.question.expires_at_ms - shard.unix_ms());
    open.timer = shard.loop().after(std::chrono::milliseconds(left), [this, &open] {
        open.timer = 0;
        expire(open);
    });
}

void Questions::expire(Open& open) {
    const plugins::Decision expired{};
    run_.say(EventKind::run_resumed, resumed_payload(open.request_id, expired));
    settle(open, expired);
}

Result<void> Questions::answer(const std::string& request_id, plugins::Decision decision) {
    const auto found = std::ranges::find_if(open_, [&](const auto& open) {
        return !open->answered_before && open->request_id == request_id;
    });
    if (found == open_.end()) return check_repeated(request_id, decision);
    Open& open = **found;
    if (open.question.expires_at_ms <= run_.shard().unix_ms()) {  // its timer was not heard yet
        expire(open);
        return refusal(ErrorCode::conflict, "This question has expired.");
    }
    if (decision.decision == PATCHBAY_DECISION_EDITED) {
        if (auto fits = check_input(open.question, decision.input_json); !fits) return fits;
    }
    run_.say(EventKind::run_resumed, resumed_payload(request_id, decision));
    settle(open, std::move(decision));
    return {};
}

Result<void> Questions::check_repeated(const std::string& request_id,
                                       const plugins::Decision& decision) const {
    const auto answered = decisions_.find(request_id);
    if (answered == decisions_.end())
        return refusal(ErrorCode::not_found, "No such question of this run is open.");
    if (same_answer(answered->second, decision)) return {};
    const std::string before(decision_name(answered->second.decision));
    return refusal(ErrorCode::conflict, "This question was answered before: " + before + ".");
}

// Who asked hears of it; when a restart came between, the answer is kept until it asks again.
void Questions::settle(Open& open, plugins::Decision decision) {
    const bool waited = !open.answered_before;
    decisions_[open.request_id] = decision;
    const auto last = remove(open);
    decision = with_input(std::move(decision), last->question);
    if (!last->done) answered_.push_back({std::move(last->question), decision});
    if (waited) run_.questions_changed();
    if (last->done) last->done(std::move(decision));
    if (waited) run_.question_answered();
}

void Questions::withdraw(Open& open) {
    const bool waited = !open.answered_before;
    const auto last = remove(open);
    if (!waited || !run_.is_running()) return;
    plugins::Decision withdrawn;
    withdrawn.decision = 0;
    run_.say(EventKind::run_resumed, resumed_payload(last->request_id, withdrawn));
    run_.questions_changed();
}

void Questions::withdraw_about(std::string_view call_id) {
    const auto found = std::ranges::find(
        open_, call_id, [](const auto& open) { return std::string_view(open->question.call_id); });
    if (found != open_.end()) withdraw(**found);
}

std::unique_ptr<Questions::Open> Questions::remove(const Open& open) {
    const auto found = std::ranges::find(open_, &open, [](const auto& each) { return each.get(); });
    auto removed = std::move(*found);
    open_.erase(found);
    run_.shard().loop().cancel(removed->timer);
    return removed;
}

// ---- after a restart ----

void Questions::restore_open(const json& payload) {
    auto& open = *open_.emplace_back(
        std::make_unique<Open>(*this, payload.value("request_id", ""), question_of(payload)));
    open.timer = 0;
}

void Questions::restore_answer(const json& payload) {
    const auto id = payload.value("request_id", "");
    const auto found =
        std::ranges::find(open_, id, [](const auto& open) { return open->request_id; });
    if (found == open_.end()) return;
    plugins::Decision decision{
        .decision = decision_named(payload.value("decision", "")).value_or(0),
        .input_json = dump(payload.value("input", json())),
        .by = payload.value("by", ""),
        .comment = payload.value("comment", "")};
    decisions_[id] = decision;
    decision = with_input(std::move(decision), (*found)->question);
    if (decision.decision != 0) answered_.push_back({(*found)->question, std::move(decision)});
    open_.erase(found);
}

json Questions::open_json() const {
    auto all = json::array();
    for (const auto& open : open_) {
        if (!open->answered_before) all.push_back(waiting_json(open->request_id, open->question));
    }
    return all;
}

void Questions::arm_restored() {
    for (const auto& open : open_) arm(*open);
}

bool Questions::is_open_for(std::string_view call_id) const {
    return std::ranges::any_of(open_,
                               [&](const auto& open) { return open->question.call_id == call_id; });
}

bool Questions::was_asked_for(std::string_view call_id) const {
    return std::ranges::any_of(answered_,
                               [&](const auto& each) { return each.question.call_id == call_id; });
}

}  // namespace patchbay::engine
