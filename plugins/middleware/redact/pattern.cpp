#include "pattern.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace {

using patchbay::ErrorCode;
using patchbay::Result;

constexpr size_t most_instructions = 4'000;
constexpr unsigned most_repetitions = 256;
constexpr int deepest = 50;

struct Node {
    enum class Kind { nothing, bytes, join, either, repeat, word_border };
    Kind kind = Kind::nothing;
    Bytes bytes = {};
    std::vector<Node> parts = {};
    unsigned least = 0;
    std::optional<unsigned> most = {};  // of repeat; nothing: any number
};

Bytes range(unsigned first, unsigned last) {
    Bytes bytes;
    for (unsigned byte = first; byte <= last; ++byte) bytes.set(byte);
    return bytes;
}

Node of_bytes(Bytes bytes) { return {.kind = Node::Kind::bytes, .bytes = bytes}; }

Node join(std::vector<Node> parts) { return {.kind = Node::Kind::join, .parts = std::move(parts)}; }

// One character: one of these ASCII ones, or any beyond ASCII.
Node with_all_beyond(Bytes ascii) {
    const auto next = of_bytes(range(0x80, 0xBF));
    return {.kind = Node::Kind::either,
            .parts = {of_bytes(ascii), join({of_bytes(range(0xC2, 0xDF)), next}),
                      join({of_bytes(range(0xE0, 0xEF)), next, next}),
                      join({of_bytes(range(0xF0, 0xF4)), next, next, next})}};
}

std::optional<Bytes> named(char name) {
    switch (name) {
        case 'd': return range('0', '9');
        case 'w': return range('0', '9') | range('a', 'z') | range('A', 'Z') | Bytes().set('_');
        case 's': return range('\t', '\r') | Bytes().set(' ');
        default: return std::nullopt;
    }
}

std::optional<char> control(char name) {
    switch (name) {
        case 'n': return '\n';
        case 't': return '\t';
        case 'r': return '\r';
        default: return std::nullopt;
    }
}

bool is_sign(char c) {
    const bool word = named('w')->test(static_cast<unsigned char>(c));
    return !word && static_cast<unsigned char>(c) < 0x80;
}

class Parser {
public:
    Parser(std::string_view text, bool ignore_case) : text_(text), ignore_case_(ignore_case) {}

    Result<Node> whole() {
        auto node = either(0);
        if (node && at_ < text_.size()) return refused("a \")\" without its \"(\"");
        return node;
    }

private:
    Result<Node> either(int depth) {
        if (depth > deepest) return refused("too many parentheses inside each other");
        Node node = {.kind = Node::Kind::either};
        do {
            auto part = sequence(depth);
            if (!part) return part;
            node.parts.push_back(std::move(*part));
        } while (take('|'));
        return node;
    }

    Result<Node> sequence(int depth) {
        Node node = join({});
        while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
            auto part = repeated(depth);
            if (!part) return part;
            node.parts.push_back(std::move(*part));
        }
        return node;
    }

    Result<Node> repeated(int depth) {
        auto node = atom(depth);
        while (node && at_ < text_.size()) {
            unsigned least = 0;
            std::optional<unsigned> most;
            if (take('?')) {
                most = 1;
            } else if (take('+')) {
                least = 1;
            } else if (take('{')) {
                if (!counts(least, most))
                    return refused("a repetition that is not {n}, {n,} or {n,m}, up to 256");
            } else if (!take('*')) {
                break;
            }
            Node outer = {.kind = Node::Kind::repeat, .least = least, .most = most};
            outer.parts.push_back(std::move(*node));
            node = std::move(outer);
        }
        return node;
    }

    bool counts(unsigned& least, std::optional<unsigned>& most) {
        const auto first = number();
        if (!first) return false;
        least = *first;
        most = least;
        if (take(',')) {
            most = number();
            if (!most && (at_ == text_.size() || text_[at_] != '}')) return false;
        }
        return take('}') && (!most || *most >= least);
    }

    std::optional<unsigned> number() {
        unsigned value = 0;
        const auto start = at_;
        for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
            value = value * 10 + static_cast<unsigned>(text_[at_] - '0');
            if (value > most_repetitions) return std::nullopt;
        }
        return at_ == start ? std::nullopt : std::optional(value);
    }

    Result<Node> atom(int depth) {
        const char c = text_[at_++];
        switch (c) {
            case '(': {
                if (take('?') && !take(':')) return refused("\"(?\" begins what is not offered");
                auto node = either(depth + 1);
                if (node && !take(')')) return refused("a \"(\" without its \")\"");
                return node;
            }
            case '[': return set();
            case '.': return with_all_beyond(range(0, 0x7F) & ~Bytes().set('\n'));
            case '\\': return escape();
            case '^':
            case '$': return refused("anchors are not offered; write \\^ or \\$ for the signs");
            case '?':
            case '*':
            case '+':
            case '{': return refused("a repetition of nothing");
            default: return character(c);
        }
    }

    // A character as it is, with the rest of its bytes.
    Node character(char lead) {
        std::vector<Node> parts = {of_bytes(folded(lead))};
        while (at_ < text_.size() && (text_[at_] & 0xC0) == 0x80)
            parts.push_back(of_bytes(Bytes().set(static_cast<unsigned char>(text_[at_++]))));
        return parts.size() == 1 ? std::move(parts[0]) : join(std::move(parts));
    }

    Bytes folded(char c) const { return folded(Bytes().set(static_cast<unsigned char>(c))); }
    Bytes folded(Bytes bytes) const {
        if (!ignore_case_) return bytes;
        for (unsigned lower = 'a'; lower <= 'z'; ++lower) {
            const bool either_case = bytes.test(lower) || bytes.test(lower - 32);
            bytes.set(lower, either_case).set(lower - 32, either_case);
        }
        return bytes;
    }

    Result<Node> escape() {
        if (at_ == text_.size()) return refused("a \"\\\" at the end");
        const char c = text_[at_++];
        if (c == 'b') return Node{.kind = Node::Kind::word_border};
        if (const auto bytes = named(c)) return of_bytes(*bytes);
        if (const auto bytes = named(static_cast<char>(c | 0x20)); bytes && c < 'a')
            return with_all_beyond(range(0, 0x7F) & ~*bytes);
        if (const auto byte = control(c)) return of_bytes(folded(*byte));
        if (is_sign(c)) return of_bytes(folded(c));
        return refused(std::string("\"\\") + c + "\" is not offered");
    }

    Result<Node> set() {
        const bool negated = take('^');
        Bytes bytes;
        for (bool first = true; first || !take(']'); first = false) {
            auto low = member(bytes);
            if (!low) return std::unexpected(low.error());
            if (!*low || at_ + 1 >= text_.size() || text_[at_] != '-' || text_[at_ + 1] == ']')
                continue;
            ++at_;
            auto high = member(bytes);
            if (!high) return std::unexpected(high.error());
            if (!*high || **high < **low) return refused("a range that is none, in \"[]\"");
            bytes |= range(**low, **high);
        }
        bytes = folded(bytes);
        if (negated) return with_all_beyond(range(0, 0x7F) & ~bytes);
        return of_bytes(bytes);
    }

    // Adds a member to `bytes`; gives the byte, or nothing for a named set.
    Result<std::optional<unsigned>> member(Bytes& bytes) {
        if (at_ == text_.size()) return refused("a \"[\" without its \"]\"");
        char c = text_[at_++];
        if (static_cast<unsigned char>(c) >= 0x80)
            return refused("characters beyond ASCII in \"[]\": write them as (ä|ö)");
        if (c == '\\') {
            if (at_ == text_.size()) return refused("a \"\\\" at the end");
            c = text_[at_++];
            if (const auto some = named(c)) {
                bytes |= *some;
                return std::optional<unsigned>();
            }
            if (const auto byte = control(c))
                c = *byte;
            else if (!is_sign(c))
                return refused(std::string("\"\\") + c + "\" is not offered in \"[]\"");
        }
        bytes.set(static_cast<unsigned char>(c));
        return std::optional<unsigned>(static_cast<unsigned char>(c));
    }

    bool take(char wanted) {
        if (at_ == text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    std::unexpected<patchbay::Error> refused(std::string why) const {
        return patchbay::failure(ErrorCode::bad_request,
                                 why + " (at byte " + std::to_string(at_) + ")");
    }

    std::string_view text_;
    bool ignore_case_;
    size_t at_ = 0;
};

bool may_be_empty(const Node& node) {
    switch (node.kind) {
        case Node::Kind::bytes: return false;
        case Node::Kind::repeat: return node.least == 0 || may_be_empty(node.parts[0]);
        case Node::Kind::either:
            for (const auto& part : node.parts)
                if (may_be_empty(part)) return true;
            return false;
        case Node::Kind::join:
            for (const auto& part : node.parts)
                if (!may_be_empty(part)) return false;
            return true;
        default: return true;
    }
}

// Writes instructions from the end to the beginning: each knows what follows it.
class Writer {
public:
    explicit Writer(Program& program) : program_(program) {}

    bool full() const { return program_.instructions.size() > most_instructions; }

    uint32_t put(Instruction instruction) {
        if (full()) return 0;
        program_.instructions.push_back(instruction);
        return static_cast<uint32_t>(program_.instructions.size() - 1);
    }

    uint32_t before(const Node& node, uint32_t next) {
        if (full()) return 0;
        switch (node.kind) {
            case Node::Kind::nothing: return next;
            case Node::Kind::word_border:
                return put({.kind = Instruction::Kind::word_border, .next = next});
            case Node::Kind::bytes:
                return put({.kind = Instruction::Kind::consume,
                            .next = next,
                            .other = index_of(node.bytes)});
            case Node::Kind::join:
                for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part)
                    next = before(*part, next);
                return next;
            case Node::Kind::either: {
                auto start = before(node.parts.back(), next);
                for (auto part = node.parts.rbegin() + 1; part != node.parts.rend(); ++part)
                    start = put({.kind = Instruction::Kind::split,
                                 .next = before(*part, next),
                                 .other = start});
                return start;
            }
            case Node::Kind::repeat: return before_repeat(node, next);
        }
        return next;
    }

private:
    // Each set is kept once: repetitions have the same ones, and what is small stays at hand.
    uint32_t index_of(const Bytes& bytes) {
        const auto found = std::ranges::find(program_.bytes, bytes);
        const auto index = found - program_.bytes.begin();
        if (found == program_.bytes.end()) program_.bytes.push_back(bytes);
        return static_cast<uint32_t>(index);
    }

    uint32_t before_repeat(const Node& node, uint32_t next) {
        const auto& part = node.parts[0];
        const auto after = next;
        if (!node.most) {
            const auto loop = put({.kind = Instruction::Kind::split, .other = next});
            const auto body = before(part, loop);
            if (!full()) program_.instructions[loop].next = body;
            next = loop;
        }
        for (unsigned i = node.least; node.most && i < *node.most; ++i)
            next =
                put({.kind = Instruction::Kind::split, .next = before(part, next), .other = after});
        for (unsigned i = 0; i < node.least; ++i) next = before(part, next);
        return next;
    }

    Program& program_;
};

}  // namespace

Result<void> Program::add(std::string_view pattern, bool ignore_case, uint32_t rule) {
    const auto node = Parser(pattern, ignore_case).whole();
    if (!node) return std::unexpected(node.error());
    if (may_be_empty(*node))
        return patchbay::failure(ErrorCode::bad_request, "it matches the empty text");

    Writer writer(*this);
    const auto end = writer.put({.kind = Instruction::Kind::match, .other = rule});
    starts.push_back(writer.before(*node, end));
    if (writer.full())
        return patchbay::failure(ErrorCode::bad_request, "the patterns are too large together");

    // What can be consumed first, from the start over all that consumes nothing.
    std::vector<bool> seen(instructions.size());
    std::vector<uint32_t> open = {starts.back()};
    while (!open.empty()) {
        const auto at = open.back();
        open.pop_back();
        if (seen[at]) continue;
        seen[at] = true;
        const auto& instruction = instructions[at];
        if (instruction.kind == Instruction::Kind::consume) {
            first |= bytes[instruction.other];
            continue;
        }
        open.push_back(instruction.next);
        if (instruction.kind == Instruction::Kind::split) open.push_back(instruction.other);
    }
    return {};
}

// A pattern is written from its match on.
uint32_t Program::rule_at(uint32_t at) const {
    while (instructions[at].kind != Instruction::Kind::match) --at;
    return instructions[at].other;
}
