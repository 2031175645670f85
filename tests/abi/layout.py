#!/usr/bin/env python3
"""The layout of the C interface as clang sees it: records, function types and constants, as text.

  layout.py check           compares the headers with what is stored; exit code 1 when they differ
  layout.py accept          stores today's draft; refused while a released layout is broken, or when
                            the draft changed and PATCHBAY_ABI_DRAFT did not
  layout.py release NAME    stores today's layout as that of release NAME, for ever; refused while it
                            is a draft

layouts/draft.txt is what the headers are today, and changes with them. layouts/NAME.txt is what
release NAME promised: everything in it must still be there, and be the same.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "sdk" / "include"
CLANG = "clang-19"
DRAFT = "draft"
DRAFT_NUMBER = "constant PATCHBAY_ABI_DRAFT"


def clang(include, *arguments):
    headers = sorted((include / "patchbay" / "abi").glob("*.h"))
    source = "".join(f"#include <patchbay/abi/{header.name}>\n" for header in headers)
    done = subprocess.run([CLANG, "-std=c11", "-xc", f"-I{include}", *arguments, "-"], text=True,
                          input=source, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"{CLANG} cannot read the headers:\n{done.stderr}")
    return done.stdout


def records(include):
    """One entry a struct: its lines as clang prints them, with offsets, types and sizes."""
    text = clang(include, "-fsyntax-only", "-Xclang", "-fdump-record-layouts-complete")
    entries = {}
    for block in text.split("*** Dumping AST Record Layout\n")[1:]:
        lines = [line.rstrip() for line in block.strip("\n").splitlines()]
        name = re.match(r"\s*0 \| (?:struct )?(\w+)", lines[0])[1]
        if not name.startswith("patchbay_"):
            continue
        # Members of members are in entries of their own: their indentation is deeper.
        own = [line for line in lines if not re.match(r"\s*\d+ \| {5,}", line)]
        entries[f"struct {name}"] = "\n".join(own)
    return entries


def typedefs(include):
    text = re.sub(r"\s+", " ", clang(include, "-E", "-P"))
    text = re.sub(r"\{[^{}]*\}", "{}", text)
    entries = {}
    for declaration in re.findall(r"typedef [^;{}]+;", text):
        name = re.search(r"\(\*(\w+)\)|(\w+);$", declaration)
        name = name[1] or name[2]
        if name.startswith("patchbay_"):
            entries[f"typedef {name}"] = declaration
    return entries


def constants(include):
    entries = {}
    for line in clang(include, "-E", "-dM").splitlines():
        match = re.match(r"#define (PATCHBAY_\w+)(\(.*?\))? (.+)", line)
        if match and (not match[1].startswith("PATCHBAY_ABI_") or
                      match[1] in ("PATCHBAY_ABI_MAJOR", "PATCHBAY_ABI_DRAFT")):
            entries[f"constant {match[1]}"] = f"{match[1]}{match[2] or ''} = {match[3]}"
    return entries


def layout(include=INCLUDE):
    """Every promise of the headers: what it is called, and what it says."""
    return {**constants(include), **typedefs(include), **records(include)}


def stored(folder, name):
    text = (folder / f"{name}.txt").read_text()
    return {block.split("\n", 1)[0][1:-1]: block.split("\n", 1)[1]
            for block in text.strip().split("\n\n")}


def store(folder, name, entries):
    text = "\n".join(f"[{key}]\n{value}\n" for key, value in sorted(entries.items()))
    (folder / f"{name}.txt").write_text(text)


def releases(folder):
    return sorted(path.stem for path in folder.glob("*.txt") if path.stem != DRAFT)


# What grows by design: a list of codes, to which lines are added at its end, and the number itself.
GROWS = {"constant PATCHBAY_ERROR_CODES"}


def broken(folder, today):
    """What a release promised and the headers do not keep: sentences."""
    problems = []
    for release in releases(folder):
        for key, value in stored(folder, release).items():
            now = today.get(key)
            grown = key in GROWS and now is not None and now.startswith(value)
            if now is None:
                problems.append(f"{key} of release {release} is gone")
            elif now != value and not grown:
                problems.append(f"{key} is not what release {release} promised:\n"
                                f"--- {release}\n{value}\n+++ today\n{now}")
    return problems


def stored_draft(folder):
    return stored(folder, DRAFT) if (folder / f"{DRAFT}.txt").exists() else {}


def number(entries, key):
    """The value of a constant such as "PATCHBAY_ABI_DRAFT = 3u"; 0 where there is none."""
    return int(entries.get(key, "= 0").split("= ")[1].rstrip("u"))


def is_draft(today):
    return number(today, "constant PATCHBAY_ABI_MAJOR") == 0


def misnumbered(folder, today):
    """Why a plugin could not tell this draft from another: sentences."""
    draft, before = number(today, DRAFT_NUMBER), stored_draft(folder)
    if not is_draft(today):
        return [f"PATCHBAY_ABI_DRAFT is {draft}; from 1.0 on it is 0"] if draft else []
    last = number(before, DRAFT_NUMBER)
    same = {**before, DRAFT_NUMBER: ""} == {**today, DRAFT_NUMBER: ""}
    if before and draft != last and same:
        return [f"PATCHBAY_ABI_DRAFT is {draft}, and was {last}, yet nothing else changed"]
    if draft <= last and not same or draft == 0:
        return [f"PATCHBAY_ABI_DRAFT (abi/base.h) is {draft}: make it {last + 1}, so that plugins of "
                "the draft before are refused"]
    return []


def changed(folder, today):
    """Where the headers are not the stored draft: sentences."""
    before = stored_draft(folder)
    problems = [f"{key} is new" for key in sorted(today.keys() - before.keys())]
    problems += [f"{key} is gone" for key in sorted(before.keys() - today.keys())]
    for key in sorted(today.keys() & before.keys()):
        if today[key] != before[key]:
            problems.append(f"{key} changed:\n--- stored\n{before[key]}\n+++ today\n{today[key]}")
    return problems


def unkept(changelog, layouts, fossils):
    """Releases from 1.0 on of which the layout or a compiled plugin was not kept: sentences."""
    problems = []
    for release in re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog.read_text(), re.M):
        kept = [layouts / f"{release}.txt", fossils / f"{release}-c.so", fossils / f"{release}-cpp.so"]
        if not release.startswith("0."):
            problems += [f"{path.name} is missing: ./dev abi release {release}"
                         for path in kept if not path.exists()]
    return problems


def main(command=None, name=None, folder=HERE / "layouts", include=INCLUDE):
    if command not in ("check", "accept", "release") or (command == "release") != bool(name):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    today = layout(include)
    problems = broken(folder, today)
    if problems:
        print("A released interface never changes; give the change a new id, as in /2.\n")
        print("\n".join(problems))
        return 1
    problems, wrong = changed(folder, today), misnumbered(folder, today)
    if wrong or problems and command == "check":
        print("\n".join(wrong) or "The draft changed. If that is meant: ./dev abi accept")
        print("\n".join(["", *problems]))
        return 1
    if command == "check":
        return 0
    if command == "release" and is_draft(today):
        print("A draft is no release: PATCHBAY_ABI_MAJOR is 1, and PATCHBAY_ABI_DRAFT 0, from 1.0 on")
        return 1
    if command == "release" and (folder / f"{name}.txt").exists():
        print(f"release {name} has its layout already")
        return 1
    store(folder, DRAFT if command == "accept" else name, today)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
