#!/usr/bin/env bash
# The C++ headers of the SDK, and plugins made of nothing else, as another compiler reads them.
# usage: clang_test.sh COMPILER ROOT
set -euo pipefail
check=("$1" -std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Werror
       -Wno-missing-designated-field-initializers "-I$2/sdk/include" -x c++)
(cd "$2/sdk/include" && printf '#include <%s>\n' patchbay/*.hpp patchbay/testing/*.hpp) |
    "${check[@]}" -
for source in "$2"/plugins/agents/{chat/chat,summarize/summarize}.cpp \
    "$2"/plugins/tools/clock/clock.cpp; do
    "${check[@]}" "$source"
done
