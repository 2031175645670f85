#!/usr/bin/env bash
# Holds the source tree against the arrows of docs/architecture.md: who may include whom, which
# foreign library lives behind which border, what files may be called and how long they may be.
#
#   tests/layering_test.sh [ROOT]        prints each offending line; exit code 1 when there is one
#   tests/layering_test.sh --self-test   plants one violation of each rule and expects it to be found
set -euo pipefail

longest_file=400       # lines of a .cpp or .hpp
longest_test_file=450  # cases side by side read more easily

sources() {  # ROOT
    local folder
    for folder in sdk db runtime plugins client tests bench examples; do
        if [[ -d $1/$folder ]]; then
            find "$1/$folder" -name node_modules -prune -o -type f \
                \( -name '*.h' -o -name '*.hpp' -o -name '*.c' -o -name '*.cpp' \) -print
        fi
    done | sort
}

check_includes() {  # ROOT, files on standard input
    awk -v root="$1/" '
    BEGIN {
        # part -> the parts that it may include; "sdk" is <patchbay/...>
        may["sdk"] = "sdk"
        may["db"] = "sdk db"
        may["runtime/config"] = "sdk runtime/config"
        may["runtime/net"] = "sdk runtime/net"
        may["runtime/observe"] = "sdk runtime/observe"
        may["runtime/plugins"] = "sdk db runtime/plugins runtime/net runtime/config runtime/observe"
        may["runtime/engine"] = may["runtime/plugins"] " runtime/engine"
        may["runtime/http"] = may["runtime/engine"] " runtime/http"
        may["runtime/validate"] = "sdk runtime/validate runtime/plugins runtime/config"
        may["runtime/cli"] = may["runtime/http"] " runtime/validate runtime/cli"
        may["runtime"] = may["runtime/cli"]  # main.cpp
        may["client"] = "sdk client"
    }
    function part_of(path,   steps) {  # "runtime/net/gate.hpp" -> "runtime/net"
        split(path, steps, "/")
        if (steps[1] == "runtime" && steps[3] != "") return steps[1] "/" steps[2]
        if (steps[1] == "patchbay") return "sdk"
        return steps[1]
    }
    function report(why) { print file ":" line ": " why ": " text; found = 1 }
    function is_in(list, part) { return index(" " list " ", " " part " ") > 0 }
    function exists(path,   ignored, there) {
        there = (getline ignored < path) >= 0
        close(path)
        return there
    }
    function check(target, quoted,   part, folder) {
        folder = file
        sub(/[^\/]*$/, "", folder)
        if (target ~ /^sqlite3/ && own != "tests" && file !~ /^db\/database\./)
            report("only db/database.* sees SQLite")
        if (target ~ /^Poco\/Net/ && own !~ /^(runtime\/net|runtime\/http|tests|bench)$/)
            report("only runtime/net and runtime/http see Poco/Net")
        if (target ~ /^openssl\/ssl/ && own !~ /^(runtime\/net|tests|bench)$/)
            report("only runtime/net sees TLS")
        if (target ~ /^boost\/dll/ && file !~ /^runtime\/plugins\/library\./)
            report("only runtime/plugins/library.* sees Boost.DLL")
        if (target ~ /^valijson\// && file != "runtime/config/valijson.hpp")
            report("runtime/config/valijson.hpp stands for valijson")
        if (own == "tests" || own == "bench") {
            if (target ~ /^plugins\// && file !~ /^tests\/plugins\//) report("nobody includes a plugin")
            return
        }
        if (file ~ /^sdk\/include\/patchbay\/abi\// && (target ~ /\// || target ~ /\.hpp$/)) {
            report("the ABI includes nothing but itself and C")
            return
        }
        if (target ~ /^(db|runtime|plugins|client|tests|bench|patchbay)\//) {
            part = part_of(target)
            if (own == "plugins" || own == "examples") {
                if (part != "sdk" && index(target, folder) != 1) report("a plugin sees the SDK only")
            } else if (!is_in(may[own], part)) {
                report(own " may not include " part)
            }
            return
        }
        if (quoted && target !~ /^embedded\// && !exists(root folder target))
            report("not a file beside this one, and not a path from the root")
    }
    {
        path = $0
        file = substr(path, length(root) + 1)
        own = part_of(file)
        line = 0
        while ((getline text < path) > 0) {
            ++line
            if (text !~ /^[ \t]*#[ \t]*include[ \t]*["<]/) continue
            target = text
            quoted = text ~ /include[ \t]*"/
            sub(/^[^"<]*["<]/, "", target)
            sub(/[">].*$/, "", target)
            check(target, quoted)
        }
        close(path)
    }
    END { exit found }'
}

check_names() {  # ROOT, files on standard input
    local path name status=0
    while read -r path; do
        name=${path##*/}
        if [[ ${name%.*} =~ (^|_)(utils?|common|helpers?|manager|types)$ ]]; then
            echo "${path#"$1/"}:1: a name that fits everything explains nothing"
            status=1
        fi
    done
    return $status
}

check_lengths() {  # ROOT, files on standard input
    local path lines limit status=0
    while read -r path; do
        [[ $path == *.cpp || $path == *.hpp ]] || continue
        lines=$(wc -l < "$path")
        limit=$longest_file
        [[ ${path#"$1/"} == tests/* ]] && limit=$longest_test_file
        if ((lines > limit)); then
            echo "${path#"$1/"}:$lines: longer than $limit lines"
            status=1
        fi
    done
    return $status
}

check_tree() {  # ROOT
    local list status=0
    list=$(sources "$1")
    [[ -n $list ]] || { echo "no sources below $1"; return 1; }
    check_includes "$1" <<< "$list" || status=1
    check_names "$1" <<< "$list" || status=1
    check_lengths "$1" <<< "$list" || status=1
    return $status
}

plant() {  # FILE LINE: a violation that must be found at that file
    mkdir -p "$(dirname "$scratch/$1")"
    printf '%s\n' "$2" > "$scratch/$1"
    if check_tree "$scratch" > "$scratch/report" 2>&1; then
        echo "not found: $2 in $1"
        planted=1
    elif ! grep -q "^$1:" "$scratch/report"; then
        echo "found, but not named: $2 in $1"
        cat "$scratch/report"
        planted=1
    fi
    rm "$scratch/$1"
}

self_test() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    planted=0
    mkdir -p "$scratch/db" "$scratch/runtime/net" "$scratch/plugins/providers/a"
    echo '#include <sqlite3.h>' > "$scratch/db/database.cpp"
    echo '#include "runtime/net/lane.hpp"' > "$scratch/runtime/net/gate.cpp"
    printf '#include <patchbay/error.hpp>\n#include "own.hpp"\n' > "$scratch/plugins/providers/a/a.cpp"
    touch "$scratch/plugins/providers/a/own.hpp"
    check_tree "$scratch" || { echo "found what is allowed"; planted=1; }

    plant db/event.cpp '#include "runtime/net/lane.hpp"'
    plant db/store.cpp '#include <sqlite3.h>'
    plant runtime/net/loop.cpp '#include "db/store.hpp"'
    plant runtime/net/spaced.cpp '  #  include "runtime/engine/run.hpp"'
    plant runtime/config/load.cpp '#include "runtime/net/gate.hpp"'
    plant runtime/engine/run.cpp '#include "runtime/http/router.hpp"'
    plant runtime/engine/net.cpp '#include <Poco/Net/HTTPRequest.h>'
    plant runtime/http/secure.cpp '#include <openssl/ssl.h>'
    plant runtime/plugins/load.cpp '#include <boost/dll.hpp>'
    plant runtime/plugins/schema.cpp '#include <valijson/schema.hpp>'
    plant runtime/http/lost.cpp '#include "lost.hpp"'
    plant runtime/cli/serve.cpp '#include "plugins/providers/a/own.hpp"'
    plant plugins/providers/b/b.cpp '#include "plugins/providers/a/own.hpp"'
    plant plugins/providers/b/b.cpp '#include "runtime/net/lane.hpp"'
    plant sdk/include/patchbay/abi/new.h '#include <patchbay/error.hpp>'
    plant sdk/include/patchbay/new.hpp '#include "db/id.hpp"'
    plant db/utils.hpp '// everything'
    plant runtime/net/socket_helpers.cpp '// everything'
    plant db/long.cpp "$(seq -f '// %g' 501)"
    return $planted
}

if [[ ${1:-} == --self-test ]]; then
    self_test
else
    root=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd)
    check_tree "$root"
fi
