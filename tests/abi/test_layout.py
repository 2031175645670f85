"""The layout gate: the headers are what is stored of them, and a change of what was released is refused."""

import contextlib
import io
import pathlib
import re
import shutil
import tempfile
import unittest

import layout

SOURCE = layout.HERE.parents[1]


@unittest.skipUnless(shutil.which(layout.CLANG), "clang-19 of cmake/packages.txt is not installed")
class LayoutTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.include = pathlib.Path(folder.name) / "include"
        self.layouts = pathlib.Path(folder.name) / "layouts"
        shutil.copytree(layout.INCLUDE / "patchbay" / "abi", self.include / "patchbay" / "abi")
        self.layouts.mkdir()

    def run_gate(self, *arguments):
        """The exit code and what was printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = layout.main(*(arguments or ("check",)), folder=self.layouts,
                               include=self.include)
        return code, out.getvalue()

    def change(self, header, before, after):
        path = self.include / "patchbay" / "abi" / header
        text = path.read_text()
        self.assertIn(before, text)
        path.write_text(text.replace(before, after, 1))

    def test_the_headers_are_what_is_stored_of_them(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = layout.main("check")

        self.assertEqual((code, out.getvalue()), (0, ""))

    def number(self, name):
        text = (self.include / "patchbay" / "abi" / "base.h").read_text()
        return int(re.search(rf"#define PATCHBAY_ABI_{name} (\d+)u", text)[1])

    def renumber(self, name, value):
        self.change("base.h", f"#define PATCHBAY_ABI_{name} {self.number(name)}u",
                    f"#define PATCHBAY_ABI_{name} {value}u")

    def release(self, name):
        """As on the day of release 1.0: no draft any more."""
        self.renumber("MAJOR", 1)
        self.renumber("DRAFT", 0)
        self.assertEqual(self.run_gate("release", name), (0, ""))

    def test_a_changed_draft_is_named_and_can_be_accepted_with_another_number(self):
        self.run_gate("accept")
        self.change("stream.h", "uint32_t percent;", "uint64_t percent;")
        self.renumber("DRAFT", self.number("DRAFT") + 1)

        code, said = self.run_gate()

        self.assertEqual(code, 1)
        self.assertIn("struct patchbay_event changed", said)
        self.assertIn("./dev abi accept", said)
        self.assertEqual(self.run_gate("accept"), (0, ""))
        self.assertEqual(self.run_gate(), (0, ""))

    def test_a_changed_draft_of_the_same_number_is_refused_also_when_accepted(self):
        self.run_gate("accept")
        self.change("stream.h", "uint32_t percent;", "uint64_t percent;")
        draft = self.number("DRAFT")

        for value in (draft, draft - 1):
            self.renumber("DRAFT", value)
            for command in ("check", "accept"):
                code, said = self.run_gate(command)
                self.assertEqual(code, 1, command)
                self.assertIn(f"make it {draft + 1}", said)
                self.assertIn("struct patchbay_event changed", said)

    def test_another_number_is_for_another_layout(self):
        self.run_gate("accept")
        self.renumber("DRAFT", self.number("DRAFT") + 1)

        self.assertEqual(self.run_gate("accept")[0], 1)

    def test_a_draft_is_no_release_and_a_release_no_draft(self):
        code, said = self.run_gate("release", "1.0")
        self.assertEqual(code, 1)
        self.assertIn("A draft is no release", said)

        self.renumber("MAJOR", 1)
        self.assertEqual(self.run_gate("release", "1.0")[0], 1)

    def test_every_kind_of_change_of_a_release_is_refused_also_when_accepted(self):
        changes = {
            "a member's type": ("stream.h", "uint32_t percent;", "int32_t percent;"),
            "a new member": ("timer.h", "} patchbay_timer_1;",
                             "void (*more)(void); } patchbay_timer_1;"),
            "the order of members": ("base.h", "const char* data;\n    uint64_t size;",
                                     "uint64_t size;\n    const char* data;"),
            "a function's argument": ("exporter.h", "void* instance, patchbay_str",
                                      "patchbay_str"),
            "a constant": ("base.h", "#define PATCHBAY_PAUSE 1 ", "#define PATCHBAY_PAUSE 9 "),
            "an id": ("stream.h", '"patchbay.stream/1"', '"patchbay.streams/1"'),
            "a callback's arguments": ("worker.h", "(*patchbay_job)(void* user)",
                                       "(*patchbay_job)(void)"),
            "a type's name": ("base.h", "typedef uint32_t patchbay_reason",
                              "typedef int32_t patchbay_reason"),
            "an error's number": ("error.h", "X(STALE, stale, -40, 500)",
                                  "X(STALE, stale, -50, 500)"),
        }
        self.release("1.0")
        for what, (header, before, after) in changes.items():
            with self.subTest(what):
                path = self.include / "patchbay" / "abi" / header
                original = path.read_text()
                self.change(header, before, after)
                for command in ("check", "accept"):
                    code, said = self.run_gate(command)
                    self.assertEqual(code, 1, command)
                    self.assertIn("A released interface never changes", said)
                path.write_text(original)

    def test_a_release_may_be_added_to(self):
        self.release("1.0")
        self.change("timer.h", "#endif", "typedef struct patchbay_timer_2 { void* more; } "
                                         "patchbay_timer_2;\n#endif")
        self.change("error.h", "X(LIMIT, limit, -43, 500)",
                    "X(LIMIT, limit, -43, 500) X(LATE, late, -44, 500)")

        self.assertEqual(self.run_gate("accept"), (0, ""))
        self.assertEqual(self.run_gate(), (0, ""))

    def test_what_a_release_had_may_not_go(self):
        self.release("1.0")
        (self.include / "patchbay" / "abi" / "exporter.h").unlink()

        code, said = self.run_gate("accept")

        self.assertEqual(code, 1)
        self.assertIn("struct patchbay_exporter_1 of release 1.0 is gone", said)

    def test_a_release_is_stored_once(self):
        self.release("1.0")
        self.assertEqual(self.run_gate("release", "1.0"),
                         (1, "release 1.0 has its layout already\n"))

    def test_each_release_has_its_layout_and_its_fossils(self):
        self.assertEqual(layout.unkept(SOURCE / "CHANGELOG.md", layout.HERE / "layouts",
                                       layout.HERE / "fossils"), [])

    def test_a_release_of_which_nothing_was_kept_is_named(self):
        changelog = self.include.parent / "CHANGELOG.md"
        changelog.write_text("# Changelog\n\n## Unreleased\n\n## 1.0.1 (2027-01-02)\n\n## 1.0.0\n\n"
                             "## 0.9.0\n")
        for name in ("1.0.0.txt", "1.0.0-c.so", "1.0.0-cpp.so"):
            (self.layouts / name).touch()

        said = layout.unkept(changelog, self.layouts, self.layouts)

        self.assertEqual(said, [f"{name} is missing: ./dev abi release 1.0.1"
                                for name in ("1.0.1.txt", "1.0.1-c.so", "1.0.1-cpp.so")])


if __name__ == "__main__":
    unittest.main()
