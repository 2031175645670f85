#!/bin/sh
# exports_test.sh NM LIBRARY: a plugin exports patchbay_plugin_entry and nothing else.
set -eu

exported=$("$1" -D --defined-only "$2" | awk '{print $NF}')
if [ "$exported" != patchbay_plugin_entry ]; then
    echo "$2 exports:"
    echo "$exported"
    exit 1
fi
