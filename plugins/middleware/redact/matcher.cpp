#include "matcher.hpp"

#include <algorithm>
#include <utility>

namespace {

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
    scan(shown);
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
        keep_to_limit(shown);
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
    shown.append(held_, 0, match.start);
    shown += replacements_[match.rule];
    before_held_ = static_cast<unsigned char>(held_[match.end - 1]);
    held_.erase(0, match.end);
    position_ = 0;
    threads_.clear();
    ++replaced_;
}

void Matcher::keep_to_limit(std::string& shown) {
    if (match_ && position_ - match_->start > most_held_) return settle(shown);
    std::erase_if(threads_, [&](const Thread& thread) {
        return !match_ && position_ - thread.start > most_held_;
    });
}

void Matcher::show(size_t count, std::string& shown) {
    if (count == 0) return;
    shown.append(held_, 0, count);
    before_held_ = static_cast<unsigned char>(held_[count - 1]);
    held_.erase(0, count);
    position_ -= count;
    for (auto& thread : threads_) thread.start -= count;
    if (match_) {
        match_->start -= count;
        match_->end -= count;
    }
}
