"""The clients of the streaming API's guide, cut out of it. Of their text only the server's address,
the key and (through stubs/) the page that they write on are replaced."""

import os
import pathlib

SOURCE = pathlib.Path(os.environ.get("PATCHBAY_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
DOCUMENT = SOURCE.parent / "shared" / "seeds" / "003.md"


def client(heading, language):
    """The first block of code in this language below this heading."""
    below = DOCUMENT.read_text().split(f"\n### {heading}\n", 1)[1]
    return below.split(f"\n```{language}\n", 1)[1].split("\n```\n", 1)[0] + "\n"


def replaced(text, **values):
    """The text with server= and key= in place of the document's."""
    known = {
        "server": ['http://localhost:8000'],
        "key": ['your-jwt-token', 'token=None'],
    }
    for name, value in values.items():
        found = [old for old in known[name] if old in text]
        assert len(found) == 1 and text.count(found[0]) == 1, (name, found)
        new = f'token="{value}"' if found[0] == "token=None" else value
        text = text.replace(found[0], new)
    return text
