"""`patchbay plugin new`: what it writes builds by both compilers, passes its own test, validates, and
runs in the real server, as it is."""

import json
import os
import re
import subprocess
import unittest

from harness import BINARY, Server, demo_config, tokens_of
from installed_sdk import InstalledSdk, has_compiler, run, validate


def listed(option, *arguments):
    """What `plugin new` offers for an option: it says so when it is given another value."""
    done = run(BINARY.resolve(), "plugin", "new", "any", *arguments, check=False)
    return re.search(rf"--{option} (.+)$", done.stdout.strip())[1].split(", ")


class TemplateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sdk = InstalledSdk()
        cls.addClassCleanup(cls.sdk.close)
        cls.kinds = listed("kind", "--kind", "?")

    def use(self, kind, name, library, printed):
        """What it does in the real server, by the config that was printed."""
        lines = json.loads("{" + printed.split("in patchbay.json:")[1] + "}")
        lines["plugins"][name] = {"library": str(library), "required": True}
        server = Server(demo_config(**lines))
        self.addCleanup(server.close)
        token = f"the token of {name}"
        server.start(env={f"{name.upper()}_TOKEN": token})

        key = token if kind == "auth" else server.key()
        answer = tokens_of(server.client(key).converse("hello").rest())
        if kind == "agent":
            self.assertEqual(lines["agents"]["default"], name)
        if kind == "provider":
            self.assertEqual(answer, f"Hello from {name}.")
        else:
            self.assertNotEqual(answer, "")
        states = server.client().get("/api/admin/plugins").json()["items"]
        self.assertEqual([item["state"] for item in states if item["name"] == name], ["on"])
        self.assertNotIn("does not list it", server.read_log())

    def make_each(self, compiler):
        if not has_compiler(compiler):
            self.skipTest(f"{compiler} of cmake/packages.txt is not installed")
        for kind in self.kinds:
            for language in listed("lang", "--kind", kind, "--lang", "?"):
                with self.subTest(kind=kind, language=language):
                    name = f"{kind}_in_{language}_by_{compiler}"
                    made = run(BINARY.resolve(), "plugin", "new", name, "--kind", kind, "--lang",
                               language, "--directory", self.sdk.scratch)
                    folder = self.sdk.build(self.sdk.scratch / name, compiler)
                    library = folder / f"{name}.so"
                    validate(library)
                    self.use(kind, name, library, made.stdout)

    def test_gcc_builds_what_is_written_and_the_server_runs_it(self):
        self.make_each("gcc")

    def test_clang_builds_what_is_written_and_the_server_runs_it(self):
        self.make_each("clang")

    def test_names_that_the_templates_might_use_build(self):
        for language, name in (("cpp", "answer"), ("cpp", "chat"), ("c", "view")):
            with self.subTest(name=name, language=language):
                run(BINARY.resolve(), "plugin", "new", name, "--kind", "provider", "--lang", language,
                    "--directory", self.sdk.scratch)
                self.sdk.build(self.sdk.scratch / name, "gcc")

    def test_the_printed_commands_do_what_they_say(self):
        done = run(BINARY.resolve(), "plugin", "new", "as_printed", "--kind", "provider",
                   "--directory", self.sdk.scratch / "a folder")
        commands = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
        self.assertEqual(len(commands), 5)

        path = f"{BINARY.resolve().parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-e"], input="\n".join(commands), text=True, timeout=600,
                              capture_output=True, env=dict(os.environ, PATH=path))

        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("100% tests passed", done.stdout)
        self.assertIn("org.example.as_printed 0.1.0: ", done.stdout)


if __name__ == "__main__":
    unittest.main()
