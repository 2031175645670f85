// Names and values of headers, compared and cut.
#pragma once

#include <string_view>

namespace patchbay::net {

bool same_name(std::string_view left, std::string_view right);  // whatever their case
// RFC 9110: what methods and header names are made of.
bool is_token(std::string_view text);
std::string_view trimmed(std::string_view text);  // without spaces and tabs around it

}  // namespace patchbay::net
