# Language level, warnings, sanitizers, ccache: the same for every target.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(PATCHBAY_PLUGIN_DIR ${CMAKE_BINARY_DIR}/lib/patchbay/plugins)

# Release keeps asserts: a broken invariant must stop the server, not corrupt the log.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1 -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_SANITIZE "-O1 -g1 -fno-omit-frame-pointer")

set(PATCHBAY_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize wants them")
if(PATCHBAY_SANITIZE)
    add_compile_options(-fsanitize=${PATCHBAY_SANITIZE})
    add_link_options(-fsanitize=${PATCHBAY_SANITIZE})
endif()

set(PATCHBAY_FUZZ OFF CACHE BOOL "Builds the fuzzers of tests/fuzz; with clang")
if(PATCHBAY_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# g++ is the compiler that the sources are held against; clang builds the fuzzers, and warns otherwise.
# Boost 1.74 has system headers; g++ 12 warns inside them all the same.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
                        -fdiagnostics-color=auto)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds>
                        $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overread>
                        $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>
                        $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>
                        $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
endif()
if(PATCHBAY_SANITIZE MATCHES "thread")
    add_compile_options(-Wno-tsan)  # atomic_thread_fence in Boost's headers
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
    endif()
endif()

# Loaded is what is used, not what a package's pkg-config names beside it. As Debian's own packages.
add_link_options(-Wl,--as-needed)
