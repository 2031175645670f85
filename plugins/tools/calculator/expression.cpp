#include "expression.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace {

using patchbay::ErrorCode;

constexpr size_t most_bytes = 500;
constexpr int deepest = 64;

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    NumberResult whole() {
        auto value = sum(0);
        if (!value) return value;
        space();
        if (at_ < text_.size()) return unexpected_here();
        return value;
    }

private:
    NumberResult sum(int depth) {
        auto left = product(depth);
        while (left) {
            const char sign = take_one_of("+-");
            if (!sign) break;
            const auto right = product(depth);
            if (!right) return right;
            left = sign == '+' ? add(*left, *right) : subtract(*left, *right);
        }
        return left;
    }

    NumberResult product(int depth) {
        auto left = sign(depth);
        while (left) {
            const char operation = take_one_of("*/%");
            if (!operation) break;
            const auto right = sign(depth);
            if (!right) return right;
            left = operation == '*'   ? multiply(*left, *right)
                   : operation == '/' ? divide(*left, *right)
                                      : remainder(*left, *right);
        }
        return left;
    }

    NumberResult sign(int depth) {
        if (depth > deepest) return refused("too deep");
        const char taken = take_one_of("+-");
        if (!taken) return power_of_atom(depth);
        auto value = sign(depth + 1);
        if (value && taken == '-') *value = -*value;
        return value;
    }

    NumberResult power_of_atom(int depth) {
        auto base = atom(depth);
        if (!base || !take_one_of("^")) return base;
        const auto exponent = sign(depth + 1);
        if (!exponent) return exponent;
        return power(*base, *exponent);
    }

    NumberResult atom(int depth) {
        if (take_one_of("(")) {
            auto value = sum(depth + 1);
            if (value && !take_one_of(")")) return unexpected_here();
            return value;
        }
        space();
        if (const auto name = take_all("abcdefghijklmnopqrstuvwxyz"); !name.empty())
            return function(name, depth);
        return number();
    }

    NumberResult function(std::string_view name, int depth) {
        if (!take_one_of("(")) return unexpected_here();
        std::vector<Number> values;
        do {
            auto value = sum(depth + 1);
            if (!value) return value;
            values.push_back(std::move(*value));
        } while (take_one_of(","));
        if (!take_one_of(")")) return unexpected_here();

        if (name == "min") return *std::ranges::min_element(values);
        if (name == "max") return *std::ranges::max_element(values);
        if (values.size() != 1) return refused(std::string(name) + " takes one number");
        const auto& value = values[0];
        if (name == "abs") return value < 0 ? Number(-value) : value;
        if (name == "floor") return floor_of(value);
        if (name == "ceil") return Number(-floor_of(-value));
        if (name == "round") return round_of(value);
        return refused("there is no function \"" + std::string(name) + "\"");
    }

    NumberResult number() {
        space();
        const auto start = at_;
        const auto digits = take_all("0123456789");
        std::string_view fraction;
        if (take_here('.')) fraction = take_all("0123456789");
        if (digits.empty() && fraction.empty()) {
            at_ = start;
            return unexpected_here();
        }
        int exponent = 0;
        if (take_here('e') || take_here('E')) {
            const bool negative = take_here('-');
            if (!negative) take_here('+');
            const auto power_digits = take_all("0123456789");
            if (power_digits.empty() || power_digits.size() > 6) return unexpected_here();
            exponent = std::stoi(std::string(power_digits));
            if (negative) exponent = -exponent;
        }
        return number_of(digits, fraction, exponent);
    }

    void space() { take_all(" \t\r\n"); }

    std::string_view take_all(std::string_view among) {
        const auto start = at_;
        at_ = std::min(text_.find_first_not_of(among, at_), text_.size());
        return text_.substr(start, at_ - start);
    }

    bool take_here(char wanted) {
        if (at_ == text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    // The next character, behind space, when it is one of these; else 0.
    char take_one_of(std::string_view wanted) {
        space();
        if (at_ == text_.size() || wanted.find(text_[at_]) == wanted.npos) return 0;
        return text_[at_++];
    }

    static std::unexpected<patchbay::Error> refused(std::string message) {
        return std::unexpected(patchbay::user_error(ErrorCode::bad_request, std::move(message)));
    }

    std::unexpected<patchbay::Error> unexpected_here() const {
        if (at_ == text_.size()) return refused("the expression ends too early");
        return refused("cannot read the expression from character " + std::to_string(at_ + 1) +
                       " on");
    }

    std::string_view text_;
    size_t at_ = 0;
};

}  // namespace

NumberResult compute(std::string_view expression) {
    if (expression.size() > most_bytes)
        return std::unexpected(
            patchbay::user_error(ErrorCode::too_large, "an expression of more than 500 bytes"));
    return Reader(expression).whole();
}
