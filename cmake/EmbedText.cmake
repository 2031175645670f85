# patchbay_embed_text(TARGET NAME FILE) gives TARGET the header "embedded/NAME.hpp", where
# patchbay::embedded::NAME is the content of FILE as it was when the build was configured; a change
# of FILE configures again.
function(patchbay_embed_text target name file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} content)
    set(header ${CMAKE_CURRENT_BINARY_DIR}/embedded_${target}/embedded/${name}.hpp)
    file(CONFIGURE OUTPUT ${header} @ONLY CONTENT [=[
#pragma once
#include <string_view>
namespace patchbay::embedded {
inline constexpr std::string_view @name@ = R"embedded(@content@)embedded";
}
]=])
    target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded_${target})
endfunction()
