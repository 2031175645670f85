#include "matcher.hpp"

#include <algorithm>
#include <utility>

namespace {

constexpr size_t most_looks = 8;  // at a byte anew, on the average

bool is_word(std::optional<unsigned char> byte) {
    if (!byte) return false;
    const auto lower = *byte | 0x20;
    return (*byte >= '0' && *byte <= '9') || (lower >= 'a' && lower <= 'z') || *byte == '_';
}

}  // namespace

Matcher::Matcher(const Program& program, const std::vector<std::string>& replacements,
                 size_t most_held)
    : program_(program),
      replacements_(replacements),
      most_held_(most_held),
      seen_(program.instructions.size()) {}

void Matcher::add(std::string_view piece, std::string& shown) {
    held_ += piece;
    may_look_again_ = std::min(may_look_again_ + most_looks * piece.size(),
                               most_looks * std::max(most_held_, piece.size()));
    scan(shown);
    forget_shown();
}

void Matcher::end(std::string& shown) {
    while (true) {
        step(std::nullopt);
        threads_.clear();
        if (!match_) break;
        settle(shown);
        scan(shown);
    }
    show(held_.size(), shown);
    held_.clear();
    shown_ = position_ = 0;
    before_held_.reset();
}

void Matcher::scan(std::string& shown) {
    while (position_ < held_.size()) {
        const auto byte = static_cast<unsigned char>(held_[position_]);
        if (threads_.empty() && !match_ && !program_.first.test(byte)) {
            ++position_;
            continue;
        }
        step(byte);
        ++position_;
        // Nothing that is still on its way begins as early: it is final.
        if (match_ && threads_.empty()) settle(shown);
        keep_to_limits(shown);
    }
    auto keep = position_;
    if (!threads_.empty()) keep = threads_.front().start;
    if (match_) keep = std::min(keep, match_->start);
    show(keep, shown);
}

// Follows all threads over what consumes nothing, then over `byte`; nothing: the text is over.
void Matcher::step(std::optional<unsigned char> byte) {
    ++steps_;
    consuming_.clear();
    for (const auto& thread : threads_) follow(thread, byte);
    if (!match_ && byte)
        for (const auto start : program_.starts) follow({start, position_}, byte);
    threads_.clear();
    if (!byte) return;
    for (const auto& [at, start] : consuming_) {
        if (match_ && start > match_->start) continue;
        const auto& instruction = program_.instructions[at];
        if (program_.bytes[instruction.other].test(*byte))
            threads_.push_back({instruction.next, start});
    }
}

void Matcher::follow(Thread thread, std::optional<unsigned char> next) {
    open_.assign(1, thread.at);
    while (!open_.empty()) {
        const auto at = open_.back();
        open_.pop_back();
        if (std::exchange(seen_[at], steps_) == steps_) continue;  // by an earlier start
        const auto& instruction = program_.instructions[at];
        switch (instruction.kind) {
            case Instruction::Kind::consume: consuming_.push_back({at, thread.start}); break;
            case Instruction::Kind::split:
                open_.push_back(instruction.other);
                open_.push_back(instruction.next);
                break;
            case Instruction::Kind::word_border:
                if (at_word_border(next)) open_.push_back(instruction.next);
                break;
            case Instruction::Kind::match: found(thread.start, instruction.other); break;
        }
    }
}

bool Matcher::at_word_border(std::optional<unsigned char> next) const {
    const auto before = position_ > 0
                            ? std::optional(static_cast<unsigned char>(held_[position_ - 1]))
                            : before_held_;
    return is_word(before) != is_word(next);
}

void Matcher::found(size_t start, uint32_t rule) {
    if (match_ && (start > match_->start || (start == match_->start && position_ <= match_->end)))
        return;
    match_ = {start, position_, rule};
}

// Replaces the match; what is behind it is looked at anew.
void Matcher::settle(std::string& shown) {
    const auto match = *std::exchange(match_, std::nullopt);
    show(match.start, shown);
    shown += replacements_[match.rule];
    shown_ = match.end;
    may_look_again_ -= std::min(may_look_again_, position_ - match.end);
    position_ = match.end;
    threads_.clear();
    ++replaced_;
}

void Matcher::keep_to_limits(std::string& shown) {
    if (match_) {
        const bool long_enough = position_ - match_->start > most_held_;
        if (long_enough || position_ - match_->end > may_look_again_) settle(shown);
        return;
    }
    std::erase_if(threads_,
                  [&](const Thread& thread) { return position_ - thread.start > most_held_; });
}

void Matcher::show(size_t until, std::string& shown) {
    shown.append(held_, shown_, until - shown_);
    shown_ = until;
}

// Now and then, so that a byte is moved about once, however many matches there are.
void Matcher::forget_shown() {
    if (shown_ == 0 || shown_ < held_.size() / 2) return;
    before_held_ = static_cast<unsigned char>(held_[shown_ - 1]);
    held_.erase(0, shown_);
    position_ -= shown_;
    for (auto& thread : threads_) thread.start -= shown_;
    if (match_) {
        match_->start -= shown_;
        match_->end -= shown_;
    }
    shown_ = 0;
}
