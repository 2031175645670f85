"""A page for every interface: complete, with the thread tags of the headers, its plugin compiled and run."""

import pathlib
import sys
import tempfile
import unittest

from page import SOURCE, add_pages

sys.path.insert(0, str(SOURCE / "tests" / "abi"))

from reference import problems_of, problems_of_errors  # noqa: E402: it needs thread_tags

HEADERS = SOURCE / "sdk" / "include" / "patchbay" / "abi"
PAGES = SOURCE / "docs" / "plugins" / "reference"

HEADER = """#define PATCHBAY_PLANTED_1 "patchbay.planted/1"
typedef struct patchbay_planted_1 {
    /* Grows. [lane] */
    void (*grow)(void);
} patchbay_planted_1;
"""
INDEX = "[planted](planted.md): `patchbay.planted/1`\n"
PAGE = """`patchbay.planted/1`

| function | thread | |
|---|---|---|
| `patchbay_planted_1.grow` | `[lane]` | grows |

```c plugin=planted
```
"""


class ReferenceTest(unittest.TestCase):
    """And one test a page: test_agent, …"""

    def test_every_interface_has_its_page_and_every_function_its_row(self):
        self.assertEqual(problems_of(HEADERS, PAGES), [])


add_pages(ReferenceTest, PAGES)


class ProblemsTest(unittest.TestCase):
    def problems(self, header=HEADER, page=PAGE, index=INDEX, **others):
        with tempfile.TemporaryDirectory() as folder:
            headers, pages = pathlib.Path(folder) / "headers", pathlib.Path(folder) / "pages"
            headers.mkdir()
            pages.mkdir()
            (headers / "planted.h").write_text(header)
            for name, text in {"planted": page, "README": index, **others}.items():
                if text is not None:
                    (pages / f"{name}.md").write_text(text)
            return problems_of(headers, pages)

    def test_a_page_that_fits_its_header_has_none(self):
        self.assertEqual(self.problems(), [])
        self.assertEqual(self.problems(header="#define OTHER 1\n", page=None, index="x"), [])

    def test_a_missing_page_is_one(self):
        self.assertEqual(self.problems(page=None), ["there is no planted.md"])

    def test_a_function_without_a_row_is_one_and_so_is_a_row_without_a_function(self):
        grown = HEADER.replace("grow)", "shrink)")

        self.assertEqual(self.problems(header=grown),
                         ["planted.md has 0 rows for patchbay_planted_1.shrink",
                          "planted.md has a row for patchbay_planted_1.grow, which its header has not"])

    def test_another_thread_than_the_headers_is_one(self):
        self.assertEqual(self.problems(page=PAGE.replace("[lane]", "[worker]")),
                         ["planted.md says [worker] of patchbay_planted_1.grow, its header ['lane']"])

    def test_an_error_that_only_one_of_the_two_names_is_one(self):
        header = HEADER.replace("/1\"\n", "/1\" /* host's side */\n").replace("Grows.", "Grows, or STALE, LIMIT.")
        page = PAGE.replace("```c", "## Errors\n`STALE`, `BAD_STATE`.\n\n## Limits\n`LIMIT`\n\n```c")
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "planted.h").write_text(header)
            (folder / "planted.md").write_text(page)

            said = problems_of_errors(folder / "planted.h", folder / "planted.md",
                                      {"STALE", "LIMIT", "BAD_STATE"})

        self.assertEqual(said, ["planted.md does not name the error LIMIT of its header",
                                "planted.h does not name the error BAD_STATE of its page"])

    def test_an_interface_that_is_not_named_is_one(self):
        self.assertEqual(self.problems(header=HEADER.replace("planted/1", "planted/2")),
                         ["planted.md does not name patchbay.planted/2",
                          "README.md does not name patchbay.planted/2"])

    def test_a_page_without_a_plugin_or_without_a_link_or_a_header_is_one(self):
        self.assertEqual(self.problems(page=PAGE.replace("plugin=planted", "file=planted.c")),
                         ["planted.md shows no plugin"])
        self.assertEqual(self.problems(index="`patchbay.planted/1`"),
                         ["README.md does not link to planted.md"])
        self.assertEqual(self.problems(index=INDEX + "[more](more.md)", more="more"),
                         ["more.md is about no header"])


if __name__ == "__main__":
    unittest.main()
