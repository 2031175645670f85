// Exact numbers: fractions of integers, of a bounded size.
//
// Errors     out_of_range when a result would have more digits than the limit: it is refused before
//            it is computed. bad_request for what has no result, such as a division by zero.
// Limits     1,024 bits, some 308 digits, of the numerator and of the denominator.
#pragma once

#include <patchbay/failed.hpp>

#include <boost/multiprecision/cpp_int.hpp>

#include <string>
#include <string_view>

using Number = boost::multiprecision::cpp_rational;
using Integer = boost::multiprecision::cpp_int;
using NumberResult = patchbay::Result<Number>;

NumberResult add(const Number& left, const Number& right);
NumberResult subtract(const Number& left, const Number& right);
NumberResult multiply(const Number& left, const Number& right);
NumberResult divide(const Number& left, const Number& right);

// What is left over: left - right * floor(left / right).
NumberResult remainder(const Number& left, const Number& right);

// Whole exponents only.
NumberResult power(const Number& base, const Number& exponent);

Number floor_of(const Number& value);
Number round_of(const Number& value);  // halves away from zero

// "12", "0.5", "1.5e-3": digits as they were checked by the caller.
NumberResult number_of(std::string_view digits, std::string_view fraction, int exponent);

// "12", "-0.125", or "1/3" for what has no end as a decimal.
std::string written(const Number& value);

// The first 20 digits behind the point, cut off.
std::string decimal(const Number& value);
