"""Holds docs/plugins/reference against the headers: a page for each, each function in its table.

A row of a table is  | `patchbay_stream_1.emit` | `[lane]` | what it does |
"""

import re

import thread_tags

ROW = re.compile(r"^\| `(?P<slot>patchbay_\w+(?:\.\w+)?)` \| `\[(?P<tag>[a-z-]+)\]` \| (?P<what>.+) \|$",
                 re.M)
ID = re.compile(r'^#define PATCHBAY_\w+_\d+ "(patchbay\.[a-z_.]+/\d+)"', re.M)
LINK = re.compile(r"\]\(([^)#]+\.md)")
INDEX = "README.md"


def problems_of(headers, pages):
    """What a folder of headers has and a folder of pages does not say, or says otherwise."""
    problems = []
    slots = thread_tags.all_slots(headers)
    index = read(pages / INDEX)
    for header in sorted(headers.glob("*.h")):
        own = {slot: tags for slot, (name, tags) in slots.items() if name == header.name}
        ids = ID.findall(header.read_text())
        page = pages / (header.stem + ".md")
        if own or ids:
            problems += problems_of_page(page, own, ids)
            problems += [f"{INDEX} does not name {id}" for id in ids if f"`{id}`" not in index]
    for page in sorted(pages.glob("*.md")):
        if page.name != INDEX and page.name not in LINK.findall(index):
            problems.append(f"{INDEX} does not link to {page.name}")
        if page.name != INDEX and not (headers / (page.stem + ".h")).exists():
            problems.append(f"{page.name} is about no header")
    return problems


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
