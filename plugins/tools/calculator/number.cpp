#include "number.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using boost::multiprecision::abs;
using boost::multiprecision::denominator;
using boost::multiprecision::numerator;
using patchbay::ErrorCode;

constexpr size_t most_bits = 1024;

std::unexpected<patchbay::Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(patchbay::user_error(code, std::move(message)));
}

// Of what is large, and as well of what is small or between and takes a long denominator.
std::unexpected<patchbay::Error> too_long() {
    return refused(ErrorCode::out_of_range,
                   "a number of this calculation has too many digits: written as a fraction, more "
                   "than 308 above or below the line");
}

std::unexpected<patchbay::Error> by_zero() {
    return refused(ErrorCode::bad_request, "a division by zero");
}

size_t bits_of(const Integer& value) { return value == 0 ? 0 : msb(abs(value)) + 1; }

size_t bits_of(const Number& value) {
    return std::max(bits_of(numerator(value)), bits_of(denominator(value)));
}

NumberResult bounded(Number value) {
    if (bits_of(value) > most_bits) return too_long();
    return value;
}

Integer power_of(const Integer& base, unsigned exponent) {
    return boost::multiprecision::pow(base, exponent);
}

// How often `factor` divides `value`, which becomes what is left.
unsigned take_out(Integer& value, unsigned factor) {
    unsigned count = 0;
    for (; value % factor == 0; value /= factor) ++count;
    return count;
}

// `value` scaled by 10 ^ `places`, with the point put in.
std::string with_point(const Integer& scaled, unsigned places) {
    auto text = Integer(abs(scaled)).str();
    if (places > 0) {
        if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
        text.insert(text.size() - places, ".");
    }
    return scaled < 0 ? "-" + text : text;
}

}  // namespace

// Sums and products of two bounded numbers have at most twice the bits: they may be computed before
// they are measured.
NumberResult add(const Number& left, const Number& right) { return bounded(left + right); }
NumberResult subtract(const Number& left, const Number& right) { return bounded(left - right); }
NumberResult multiply(const Number& left, const Number& right) { return bounded(left * right); }

NumberResult divide(const Number& left, const Number& right) {
    if (right == 0) return by_zero();
    return bounded(left / right);
}

NumberResult remainder(const Number& left, const Number& right) {
    if (right == 0) return by_zero();
    return bounded(left - right * floor_of(left / right));
}

NumberResult power(const Number& base, const Number& exponent) {
    if (denominator(exponent) != 1)
        return refused(ErrorCode::bad_request, "an exponent that is not a whole number");
    if (base == 0) {
        if (exponent < 0) return by_zero();
        return exponent == 0 ? Number(1) : Number(0);
    }
    if (base == 1) return Number(1);
    if (base == -1) return Number(numerator(exponent) % 2 == 0 ? 1 : -1);
    if (abs(exponent) > most_bits) return too_long();
    const auto times = static_cast<unsigned>(abs(numerator(exponent)));
    // A number of b bits is at least 2 ^ (b - 1).
    if ((bits_of(base) - 1) * times > most_bits) return too_long();
    const Number positive(power_of(numerator(base), times), power_of(denominator(base), times));
    return bounded(exponent < 0 ? Number(1 / positive) : positive);
}

Number floor_of(const Number& value) {
    const Integer top = numerator(value), bottom = denominator(value);
    Integer whole = top / bottom;  // towards zero
    if (top < 0 && whole * bottom != top) --whole;
    return Number(whole);
}

Number round_of(const Number& value) {
    const Number half(1, 2);
    return value < 0 ? Number(-floor_of(half - value)) : floor_of(value + half);
}

NumberResult number_of(std::string_view digits, std::string_view fraction, int exponent) {
    const auto is_zero = [](std::string_view text) {
        return text.find_first_not_of('0') == text.npos;
    };
    if (is_zero(digits) && is_zero(fraction)) return Number(0);
    const int shift = exponent - static_cast<int>(fraction.size());
    if (digits.size() + fraction.size() > most_bits / 3 ||
        static_cast<size_t>(std::abs(shift)) > most_bits / 3)
        return too_long();
    // With zeros in front it would be read as an octal one.
    auto text = std::string(digits) + std::string(fraction);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    const Number whole{Integer(text)};
    const Number scale{power_of(10, static_cast<unsigned>(std::abs(shift)))};
    return bounded(shift < 0 ? Number(whole / scale) : Number(whole * scale));
}

std::string written(const Number& value) {
    Integer rest = denominator(value);
    const auto twos = take_out(rest, 2), fives = take_out(rest, 5);
    if (rest != 1) return numerator(value).str() + "/" + denominator(value).str();
    const auto places = std::max(twos, fives);
    const Number scaled = value * Number(power_of(10, places));
    return with_point(numerator(scaled), places);
}

std::string decimal(const Number& value) {
    constexpr unsigned places = 20;
    const Number scaled = value * Number(power_of(10, places));
    const Integer cut = numerator(scaled) / denominator(scaled);
    const auto text = with_point(cut, places);
    return value < 0 && cut == 0 ? "-" + text : text;
}
