"""The layout gate: the headers are what is stored of them, and a change of what was released is refused."""

import contextlib
import io
import pathlib
import shutil
import tempfile
import unittest

import layout


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

    def test_a_changed_draft_is_named_and_can_be_accepted(self):
        self.run_gate("accept")
        self.change("stream.h", "uint32_t percent;", "uint64_t percent;")

        code, said = self.run_gate()

        self.assertEqual(code, 1)
        self.assertIn("struct patchbay_event changed", said)
        self.assertIn("./dev abi accept", said)
        self.assertEqual(self.run_gate("accept"), (0, ""))
        self.assertEqual(self.run_gate(), (0, ""))

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
        self.assertEqual(self.run_gate("release", "1.0"), (0, ""))
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
        self.run_gate("release", "1.0")
        self.change("timer.h", "#endif", "typedef struct patchbay_timer_2 { void* more; } "
                                         "patchbay_timer_2;\n#endif")
        self.change("error.h", "X(LIMIT, limit, -43, 500)",
                    "X(LIMIT, limit, -43, 500) X(LATE, late, -44, 500)")

        self.assertEqual(self.run_gate("accept"), (0, ""))
        self.assertEqual(self.run_gate(), (0, ""))

    def test_what_a_release_had_may_not_go(self):
        self.run_gate("release", "1.0")
        (self.include / "patchbay" / "abi" / "exporter.h").unlink()

        code, said = self.run_gate("accept")

        self.assertEqual(code, 1)
        self.assertIn("struct patchbay_exporter_1 of release 1.0 is gone", said)

    def test_a_release_is_stored_once(self):
        self.assertEqual(self.run_gate("release", "1.0"), (0, ""))
        self.assertEqual(self.run_gate("release", "1.0"),
                         (1, "release 1.0 has its layout already\n"))


if __name__ == "__main__":
    unittest.main()
