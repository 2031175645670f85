"""The clients of the streaming API's guide, cut out of it. Of their text only the server's address,
the key and (through stubs/) the page that they write on are replaced."""

import os
import pathlib

HERE = pathlib.Path(__file__).resolve()
SOURCE = pathlib.Path(os.environ.get("PATCHBAY_SOURCE_DIR", HERE.parents[2]))
NAME = "shared/seeds/003.md"
DOCUMENT = SOURCE.parent / NAME


def client(heading, language):
    """The first block of code in this language below this heading."""
    below = DOCUMENT.read_text().split(f"\n### {heading}\n", 1)[1]
    return below.split(f"\n```{language}\n", 1)[1].split("\n```\n", 1)[0] + "\n"


def replaced(text, server, key=None):
    """The text with this server and key in place of the document's; without a key, as it is."""
    swaps = {"http://localhost:8000": server}
    if key is not None:
        swaps |= {"your-jwt-token": key, "token=None": f'token="{key}"'}
    there = {old: new for old, new in swaps.items() if old in text}
    assert len(there) == (1 if key is None else 2), there
    for old, new in there.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
