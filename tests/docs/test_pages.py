"""Every command and snippet of docs/plugins is run, and what the pages show is what comes. The pages
below reference/ have test_reference.py."""

import os
import pathlib
import tempfile
import unittest

from page import BUILD, SOURCE, Page, PageError, add_pages, blocks_of


class PagesTest(unittest.TestCase):
    """One test a page: test_first_plugin, …"""


add_pages(PagesTest, SOURCE / "docs" / "plugins")


class RunnerTest(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "page.md"
            path.write_text(text)
            page = Page(path, BUILD)
            try:
                page.read()
            finally:
                page.close()

    def refuse(self, text, why):
        with self.assertRaisesRegex(PageError, why):
            self.read(text)

    def test_files_commands_and_outputs_belong_together(self):
        self.read("```c file=a/b.c\nint x;\nint y;\n```\n"
                  "```sh run\ncd a\nexport COLOR=blue\n```\n"
                  "```sh run\ncat b.c; echo $COLOR\n```\n"
                  "```text output\nint x;\n…\nbl…\n```\n"
                  "```c in=b.c\nint y;\n```\n")

    def test_a_failing_command_fails_the_page_and_says_where(self):
        self.refuse("# Title\n\n```sh run\necho before; false; echo after\n```\n",
                    r"page.md:3: exit code 1(?s:.)*before")

    def test_a_command_that_should_fail_and_does_not_fails_the_page(self):
        self.read("```sh run=fails\nfalse\n```\n")
        self.refuse("```sh run=fails\ntrue\n```\n", "exit code 0")

    def test_another_output_than_shown_fails_the_page(self):
        self.refuse("```sh run\necho one; echo two\n```\n```text output\none\n```\n",
                    "what was printed is\none\ntwo")
        self.refuse("```text output\none\n```\n", "no block before")

    def test_lines_that_a_file_has_not_fail_the_page(self):
        self.refuse("```c file=b.c\nint y;\n```\n```c in=b.c\nint x;\n```\n", "no such lines")
        self.refuse("```c in=b.c\nint x;\n```\n", "there is no b.c")

    def test_a_plugin_is_compiled_and_validated_and_its_test_is_run(self):
        with self.assertRaisesRegex(PageError, r"page.md:1: exit code 1: .*\bcc (?s:.)*undeclared"):
            self.read("```c plugin=b\nint x = y;\n```\n")
        with self.assertRaisesRegex(PageError, "patchbay plugin validate(?s:.)*static.exports"):
            self.read("```c plugin=b\nextern int x;\nint x;\n```\n")
        self.refuse("```cpp test\nint main() {}\n```\n", "tests no plugin")

    def test_a_block_that_nobody_runs_is_refused(self):
        for fence in ("sh", "cpp", "json", "", "sh later", "c file", "python run", "cpp plugin",
                      "c test"):
            with self.assertRaisesRegex(PageError, "line 1: "):
                blocks_of(f"```{fence}\nx\n```\n")

    def test_what_runs_in_the_background_ends_with_the_page(self):
        with tempfile.TemporaryDirectory() as folder:
            mark = pathlib.Path(folder) / "pid"
            self.read(f"```sh background\necho $$ > {mark}; echo up; sleep 1000\n```\n"
                      "```text output\nup\n```\n")
            with self.assertRaises(ProcessLookupError):
                os.kill(int(mark.read_text()), 0)

    def test_the_shown_address_is_a_free_port(self):
        self.read("```sh run\n[ 127.0.0.1:8080 != 127.0.0.1:80\"80\" ] && echo http://127.0.0.1:8080/\n"
                  "```\n```text output\nhttp://127.0.0.1:8080/\n```\n")


if __name__ == "__main__":
    unittest.main()
