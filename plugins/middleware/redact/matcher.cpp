#include "matcher.hpp"

#include <algorithm>
#include <utility>

namespace {

constexpr size_t most_looks = 4;  // at a byte anew, on the average

bool is_word(std::optional<unsigned char> byte) {
    if (!byte) return false;
    const auto lower = *byte | 0x20;
    return (*byte >= '0' && *byte <= '9') || (lower >= 'a' && lower <= 'z') || *byte == '_';
}

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Of the UTF-8 character that begins with `lead`.
size_t character_size(unsigned char lead) {
    if (lead < 0xC0) return 1;
    if (lead < 0xE0) return 2;
    return lead < 0xF0 ? 3 : 4;
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
    show(text_end(), shown);
    forget_all();
}

void Matcher::cut(std::string& shown) {
    const auto first = oldest();
    step(std::nullopt);
    if (match_ && match_->start == first && !swallowing_) replace(first, match_->rule, shown);
    forget_all();
}

void Matcher::scan(std::string& shown) {
    while (position_ < text_end()) {
        const auto byte = byte_at(position_);
        if (threads_.empty() && !match_ && !program_.first.test(byte)) {
            ++position_;
            continue;
        }
        step(byte);
        ++position_;
        // Nothing that is still on its way begins as early: it is final.
        if (match_ && threads_.empty())
            settle(shown);
        else if (swallowing_)
            swallow();
        else
            keep_to_limits(shown);
    }
    show(oldest(), shown);
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
    const auto before = position_ > base_ ? std::optional(byte_at(position_ - 1)) : before_held_;
    return is_word(before) != is_word(next);
}

void Matcher::found(size_t start, uint32_t rule) {
    if (match_ && (start > match_->start || (start == match_->start && position_ <= match_->end)))
        return;
    match_ = {start, position_, rule};
}

// The match is what it is: what is behind it is looked at anew.
void Matcher::settle(std::string& shown) {
    const auto match = *std::exchange(match_, std::nullopt);
    if (!std::exchange(swallowing_, false)) replace(match.start, match.rule, shown);
    shown_ = match.end;
    may_look_again_ -= std::min(may_look_again_, position_ - match.end);
    position_ = match.end;
    threads_.clear();
}

void Matcher::keep_to_limits(std::string& shown) {
    const auto first = oldest();
    if (position_ - first > most_held_) {
        const bool is_match = match_ && match_->start == first;
        replace(first, is_match ? match_->rule : program_.rule_at(threads_.front().at), shown);
        shown_ = match_ ? match_->end : last_border();
        swallowing_ = true;
    } else if (match_ && position_ - match_->end > waits_for_longer()) {
        settle(shown);
    }
}

// The match goes on, or what may become one: without a replacement, there is one already.
void Matcher::swallow() {
    if (match_) {
        shown_ = match_->end;
        if (position_ - match_->end <= std::min(most_held_, waits_for_longer())) return;
        match_.reset();
    }
    swallowing_ = !threads_.empty() && threads_.front().start < shown_;
    if (swallowing_) shown_ = last_border();
}

// A match has been found: how far behind it a longer one may end. Never nothing, or what goes on
// byte by byte would be several; that costs a few looks for a match, which is a byte or more.
size_t Matcher::waits_for_longer() const { return std::max(may_look_again_, size_t{1}); }

void Matcher::replace(size_t start, uint32_t rule, std::string& shown) {
    show(start, shown);
    shown += replacements_[rule];
    ++replaced_;
}

void Matcher::show(size_t until, std::string& shown) {
    if (until <= shown_) return;
    shown.append(held_, shown_ - base_, until - shown_);
    shown_ = until;
}

// Where the character begins that was looked at in part, or position_: what goes on with a
// character's second half is no text.
size_t Matcher::last_border() const {
    auto lead = position_;
    do {
        if (lead == shown_) return position_;
        --lead;
    } while (is_continuation(byte_at(lead)));
    return position_ - lead < character_size(byte_at(lead)) ? lead : position_;
}

// Where what is undecided begins.
size_t Matcher::oldest() const {
    auto first = position_;
    if (!threads_.empty()) first = threads_.front().start;
    if (match_) first = std::min(first, match_->start);
    return first;
}

// Now and then, so that a byte is moved about once, however many matches there are.
void Matcher::forget_shown() {
    const auto size = shown_ - base_;
    if (size == 0 || size < held_.size() / 2) return;
    before_held_ = byte_at(shown_ - 1);
    held_.erase(0, size);
    base_ = shown_;
}

void Matcher::forget_all() {
    held_.clear();
    base_ = shown_ = position_ = 0;
    before_held_.reset();
    threads_.clear();
    match_.reset();
    swallowing_ = false;
}
