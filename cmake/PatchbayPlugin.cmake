# For plugins, ours and everybody's: find_package(Patchbay) brings this file.
#
# patchbay_add_plugin(NAME SOURCES...) builds one plugin, NAME.so: a library that sees the SDK and
# nothing else of ours, and that exports one symbol. C++ is C++23, or what CMAKE_CXX_STANDARD says if that is more.
#
# patchbay_add_plugin_test(NAME PLUGIN SOURCES...) builds a C++ program that runs against the fake host
# of patchbay/testing, and has ctest run it. PLUGIN_FILE in it is the path of the plugin.
set(PATCHBAY_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(patchbay_use_sdk name)
    target_link_libraries(${name} PRIVATE Patchbay::sdk)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if("CXX" IN_LIST languages)
        target_compile_features(${name} PRIVATE cxx_std_23)
        if(NOT DEFINED CMAKE_CXX_EXTENSIONS)
            set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
        endif()
    endif()
    target_compile_options(${name} PRIVATE
        $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
endfunction()

function(patchbay_add_plugin name)
    add_library(${name} MODULE ${ARGN})
    patchbay_use_sdk(${name})
    target_compile_options(${name} PRIVATE -fvisibility=hidden
        $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>)
    target_link_options(${name} PRIVATE -Wl,--version-script=${PATCHBAY_PLUGIN_MAP}
        -Wl,--exclude-libs,ALL)
    # The sanitizers' runtime is the program's; else everything that is missing is found now.
    if(NOT PATCHBAY_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize")
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    set_target_properties(${name} PROPERTIES PREFIX "" LINK_DEPENDS ${PATCHBAY_PLUGIN_MAP})
    if(PATCHBAY_PLUGIN_DIR)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PATCHBAY_PLUGIN_DIR})
    endif()
endfunction()

function(patchbay_add_plugin_test name plugin)
    find_package(Threads REQUIRED)
    add_executable(${name} ${ARGN})
    patchbay_use_sdk(${name})
    target_link_libraries(${name} PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
    target_compile_definitions(${name} PRIVATE PLUGIN_FILE="$<TARGET_FILE:${plugin}>")
    add_dependencies(${name} ${plugin})
    add_test(NAME ${name} COMMAND ${name})
endfunction()
