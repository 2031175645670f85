# patchbay_add_plugin(NAME SOURCES...) builds one plugin: a library that sees the SDK and nothing
# else of ours, and that exports one symbol.
set(PATCHBAY_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(patchbay_add_plugin name)
    add_library(${name} MODULE ${ARGN})
    target_link_libraries(${name} PRIVATE patchbay_sdk)
    target_compile_options(${name} PRIVATE
        $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique> -fvisibility=hidden
        $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>)
    target_link_options(${name} PRIVATE -Wl,--version-script=${PATCHBAY_PLUGIN_MAP}
        -Wl,--exclude-libs,ALL)
    if(NOT PATCHBAY_SANITIZE)
        target_link_options(${name} PRIVATE -Wl,-z,defs)  # the sanitizers' runtime is the host's
    endif()
    set_target_properties(${name} PROPERTIES PREFIX ""
        LIBRARY_OUTPUT_DIRECTORY ${PATCHBAY_PLUGIN_DIR})
endfunction()
