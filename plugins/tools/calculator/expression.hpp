// Reads an expression and computes it.
//
//   sum     = product (("+" | "-") product)*
//   product = sign (("*" | "/" | "%") sign)*
//   sign    = ("-" | "+") sign | power
//   power   = atom ("^" sign)?                       2^3^2 is 2^(3^2), -2^2 is -(2^2)
//   atom    = number | "(" sum ")" | name "(" sum ("," sum)* ")"
//   name    = abs | floor | ceil | round | min | max
#pragma once

#include "number.hpp"

#include <string_view>

// Errors: bad_request where it is no expression, with the position; those of number.hpp.
// Limits: 500 bytes; 64 levels of parentheses, signs and powers.
NumberResult compute(std::string_view expression);
