#!/usr/bin/env python3
"""The thread tag of every function of the C interface, read from its header's comments.

  thread_tags.py           prints the table
  thread_tags.py --write   keeps it in docs/plugins/threads-of-slots.md
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = ROOT / "sdk" / "include" / "patchbay"
TABLE = ROOT / "docs" / "plugins" / "threads-of-slots.md"
TAGS = ("control", "lane", "worker", "any-thread")

TAG = re.compile(r"\[(" + "|".join(TAGS) + r")\]")
TOKEN = re.compile(r"/\*(?P<comment>.*?)\*/|(?P<struct>typedef struct (?P<name>\w+) \{)"
                   r"|\(\*(?P<function>patchbay_\w+|\w+)\)\(|(?P<end>^\} \w+;)", re.S | re.M)


def slots_in(header):
    """(table, slot, [tags]) of each function pointer: of structs, and of callback types.

    A function's comment is the one before it, with no other member between; a type of callback may
    have its comment behind it, on the same line.
    """
    text = re.sub(r"^#.*(?:\\\n.*)*$", ";", header.read_text(), flags=re.M)
    found = []
    struct, comment, comment_end = None, "", 0
    for token in TOKEN.finditer(text):
        if token["comment"] is not None:
            line = text.rfind("\n", 0, token.start()) + 1
            behind = text[line:token.start()].strip()
            if behind and found and found[-1][0] is None and f"*{found[-1][1]})" in behind:
                found[-1][2].extend(TAG.findall(token["comment"]))
            else:
                comment, comment_end = token["comment"], token.end()
        elif token["struct"]:
            struct = token["name"]
        elif token["end"]:
            struct = None
        elif token["function"]:
            between = text[comment_end:token.start()]
            own = comment if ";" not in between and "{" not in between else ""
            found.append((struct, token["function"], TAG.findall(own)))
    return found


def all_slots(folder=HEADERS / "abi"):
    """{"patchbay_provider_1.open": ("provider.h", ["lane"]), …}, in the order of the headers."""
    slots = {}
    for header in sorted(folder.glob("*.h")):
        for struct, function, tags in slots_in(header):
            slots[f"{struct}.{function}" if struct else function] = (header.name, tags)
    return slots


def table():
    lines = ["# Threads of every function", "",
             "Read from the headers by `tests/abi/thread_tags.py --write`; a test holds it against them. What a tag "
             "means stands in", "[threads.md](threads.md).", ""]
    last = None
    for slot, (header, tags) in all_slots().items():
        if header != last:
            lines += ["" if last else None, f"## {header}", "", "| function | thread |", "|---|---|"]
            last = header
        lines.append(f"| `{slot}` | {' '.join(f'`[{tag}]`' for tag in tags)} |")
    return "\n".join(line for line in lines if line is not None) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(table())
    else:
        print(table(), end="")
