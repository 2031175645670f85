"""Each C header compiles alone, and twice, as every language that it promises to be, by both compilers,
without a hole between members and without a warning."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "sdk" / "include"
LAYOUT = pathlib.Path(__file__).resolve().parents[1] / "sdk" / "layout.c"
LANGUAGES = {"c11": "c", "c17": "c", "c++17": "c++", "c++23": "c++"}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wpadded", "-Wconversion", "-Werror"]


class HeadersTest(unittest.TestCase):
    def compile(self, compiler, standard, source, *arguments):
        done = subprocess.run([compiler, f"-std={standard}", f"-x{LANGUAGES[standard]}", *WARNINGS,
                               "-fsyntax-only", f"-I{INCLUDE}", *arguments, source], text=True,
                              capture_output=True)
        return done.returncode, done.stderr

    def check(self, c, cxx):
        if not (shutil.which(c) and shutil.which(cxx)):
            self.skipTest(f"{c} and {cxx} of cmake/packages.txt are not installed")
        headers = sorted((INCLUDE / "patchbay" / "abi").glob("*.h"))
        self.assertGreater(len(headers), 20)
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "source"
            for standard, language in LANGUAGES.items():
                compiler = c if language == "c" else cxx
                for header in headers:
                    include = f"#include <patchbay/abi/{header.name}>\n"
                    source.write_text(include + include + "extern int compiled;\n")
                    self.assertEqual(self.compile(compiler, standard, source), (0, ""),
                                     f"{header.name} as {standard} by {compiler}")
                self.assertEqual(self.compile(compiler, standard, LAYOUT), (0, ""),
                                 f"layout.c as {standard} by {compiler}")

    def test_gcc(self):
        self.check("gcc-12", "g++-12")

    def test_clang(self):
        self.check("clang-19", "clang++-19")

    def test_a_hole_between_members_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "source"
            source.write_text("struct holey { char small; long large; };\n"
                              "extern struct holey holey;\n")

            self.assertNotEqual(self.compile("gcc-12", "c11", source)[0], 0)


if __name__ == "__main__":
    unittest.main()
