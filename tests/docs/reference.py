"""Holds docs/plugins/reference against the headers: a page for each, each function in its table, the
same errors.

A row of a table is  | `patchbay_stream_1.emit` | `[lane]` | what it does |
The errors of an interface of the host's side are those that a header's first comment and the comments of its
functions name, and those that stand in code below "## Errors".
"""

import re

import thread_tags

ROW = re.compile(r"^\| `(?P<slot>patchbay_\w+(?:\.\w+)?)` \| `\[(?P<tag>[a-z-]+)\]` \| (?P<what>.+) \|$",
                 re.M)
ID = re.compile(r'^#define PATCHBAY_\w+_\d+ "(patchbay\.[a-z_.]+/\d+)"', re.M)
LINK = re.compile(r"\]\(([^)#]+\.md)")
INDEX = "README.md"
HOSTS = re.compile(r"^#define PATCHBAY_\w+_\d+ .*/\* host's side \*/", re.M)
CODE = re.compile(r"^    X\((?P<name>[A-Z_]+),", re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
ERRORS = re.compile(r"^## Errors\n(?P<text>.*?)(?=^## |\Z)", re.M | re.S)


def problems_of(headers, pages):
    """What a folder of headers has and a folder of pages does not say, or says otherwise."""
    problems = []
    slots = thread_tags.all_slots(headers)
    index = read(pages / INDEX)
    codes = set(CODE.findall(read(headers / "error.h")))
    for header in sorted(headers.glob("*.h")):
        own = {slot: tags for slot, (name, tags) in slots.items() if name == header.name}
        ids = ID.findall(header.read_text())
        page = pages / (header.stem + ".md")
        if own or ids:
            problems += problems_of_page(page, own, ids)
            problems += problems_of_errors(header, page, codes)
            problems += [f"{INDEX} does not name {id}" for id in ids if f"`{id}`" not in index]
    for page in sorted(pages.glob("*.md")):
        if page.name != INDEX and page.name not in LINK.findall(index):
            problems.append(f"{INDEX} does not link to {page.name}")
        if page.name != INDEX and not (headers / (page.stem + ".h")).exists():
            problems.append(f"{page.name} is about no header")
    return problems


def problems_of_errors(header, page, codes):
    text = header.read_text()
    if not HOSTS.search(text):
        return []  # a plugin may fail with any code
    comments = COMMENT.findall(text)
    spoken = comments[:1] + [comment for comment in comments if thread_tags.TAG.search(comment)]
    said = codes & set(re.findall(r"\b[A-Z_]+\b", " ".join(spoken)))
    section = ERRORS.search(read(page))
    shown = codes & set(re.findall(r"`([A-Z_]+)`", section["text"] if section else ""))
    return ([f"{page.name} does not name the error {name} of its header" for name in sorted(said - shown)] +
            [f"{header.name} does not name the error {name} of its page" for name in sorted(shown - said)])


def problems_of_page(page, slots, ids):
    text = read(page)
    if not text:
        return [f"there is no {page.name}"]
    problems = [f"{page.name} does not name {id}" for id in ids if f"`{id}`" not in text]
    rows = [(row["slot"], row["tag"]) for row in ROW.finditer(text)]
    named = [slot for slot, _ in rows]
    for slot, tags in slots.items():
        if named.count(slot) != 1:
            problems.append(f"{page.name} has {named.count(slot)} rows for {slot}")
    for slot, tag in rows:
        if slot not in slots:
            problems.append(f"{page.name} has a row for {slot}, which its header has not")
        elif [tag] != slots[slot]:
            problems.append(f"{page.name} says [{tag}] of {slot}, its header {slots[slot]}")
    if "```cpp plugin=" not in text and "```c plugin=" not in text:
        problems.append(f"{page.name} shows no plugin")
    return problems


def read(page):
    return page.read_text() if page.exists() else ""
