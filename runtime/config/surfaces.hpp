// The ways in which turns come in: the names that a turn bears and that "applies_to" takes. Here is
// the one list of them.
#pragma once

#include <array>
#include <string_view>

namespace patchbay::config {

inline constexpr std::string_view native_surface = "native";
inline constexpr std::string_view stream_conversation_surface = "stream-conversation";
inline constexpr std::string_view stream_simple_surface = "stream-simple";

inline constexpr std::array surfaces{native_surface, stream_conversation_surface,
                                     stream_simple_surface};

}  // namespace patchbay::config
