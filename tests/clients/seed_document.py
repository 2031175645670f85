"""The clients of the streaming API's guide, cut out of it. Of their text only the server's address,
the key and (through stubs/) the page that they write on are replaced."""

import os
import pathlib
import re

SOURCE = pathlib.Path(os.environ.get("PATCHBAY_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
DOCUMENT = SOURCE.parent / "shared" / "seeds" / "003.md"


def client(heading, language):
    """The first block of code in this language below this heading."""
    fence = re.compile(rf"^### {re.escape(heading)}\n(?:(?!^#).*\n)*?```{language}\n(.*?)^```",
                       re.DOTALL | re.MULTILINE)
    return fence.search(DOCUMENT.read_text()).group(1)


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
