"""Every link from one page of this project to another leads somewhere, also to the heading that it names."""

import re
import unittest

from page import SOURCE

LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```[ ]*$", re.M | re.S)
CODE = re.compile(r"`[^`\n]*`")


def prose_of(page):
    return FENCE.sub("", page.read_text())


def anchors_of(page):
    """As GitHub makes them of headings: "A run's end" is #a-runs-end."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links_of(page):
    broken = []
    for link in LINK.findall(CODE.sub("", prose_of(page))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(f"{page.relative_to(SOURCE)}: {link}")
    return broken


class LinksTest(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        pages = [*SOURCE.glob("*.md"), *(SOURCE / "docs").rglob("*.md"),
                 *(SOURCE / "packaging").glob("*.md"), *(SOURCE / "examples").rglob("*.md"),
                 *(SOURCE / "plugins").rglob("*.md")]
        self.assertGreater(len(pages), 40)

        self.assertEqual([link for page in pages for link in broken_links_of(page)], [])


if __name__ == "__main__":
    unittest.main()
