"""Fossils: compiled plugins that are kept, in the real server. Those of a release run on every later one;
those of before 1.0 run on today's headers or are refused, with a reason that says what to do."""

import hashlib
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import BINARY, Server, demo_config, tokens_of

FOSSILS = pathlib.Path(__file__).resolve().parent / "fossils"
ANSWER = "At once, in time, posted."

# Each file that is kept, and why it is refused; None = it runs.
KEPT = {
    "draft-0-c.so": "was built for draft 0 of ABI 0, this host speaks draft ",
    "draft-0-cpp.so": "was built for draft 0 of ABI 0, this host speaks draft ",
    "draft-c.so": None,
    "draft-cpp.so": None,
    "foreign-c.so": "was built for ABI 4096, this host speaks ABI 0: rebuild it",
}


class FossilsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Copies: what is in a source tree may be written by everybody, and is refused for that.
        cls.folder = folder = pathlib.Path(tempfile.mkdtemp(prefix="patchbay-fossils-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        for name in KEPT:
            shutil.copy(FOSSILS / name, folder / name)
            (folder / name).chmod(0o644)
        plugins = {name.removesuffix(".so"): {"library": str(folder / name)} for name in KEPT}
        cls.server = Server(demo_config(plugins=plugins)).start()
        cls.addClassCleanup(cls.server.close)
        cls.client = cls.server.client(cls.server.key())

    def answer(self, fossil, model):
        return self.client.converse("hello", model=f"{fossil}/{model}").rest()

    def test_every_file_is_tested(self):
        self.assertEqual({path.name for path in FOSSILS.glob("*.so")}, set(KEPT))

    def test_each_runs_or_is_refused_with_its_reason(self):
        items = self.server.client().get("/api/admin/plugins").json()["items"]
        states = {item["name"]: item for item in items}
        for name, reason in KEPT.items():
            with self.subTest(name):
                fossil = name.removesuffix(".so")
                if reason:
                    self.assertEqual(states[fossil]["state"], "off")
                    self.assertIn(reason, states[fossil]["reason"])
                else:
                    self.assertEqual(states[fossil]["reason"], None)
                    self.assertEqual(tokens_of(self.answer(fossil, "any")), ANSWER)

    def test_plugin_list_says_why_one_is_off(self):
        listed = self.server.run("plugin", "list", "--config", str(self.server.config)).stdout
        lines = {line.split()[0]: line for line in listed.splitlines() if line.split()}
        for name, reason in KEPT.items():
            with self.subTest(name):
                line = lines[name.removesuffix(".so")]
                self.assertIn(" off " if reason else " on ", line)
                self.assertIn(reason or "", line)

    def test_validate_says_why_one_is_refused(self):
        for name, reason in KEPT.items():
            with self.subTest(name):
                done = subprocess.run([BINARY, "plugin", "validate", self.folder / name, "--only",
                                       "load.loads"], text=True, capture_output=True)
                self.assertEqual(done.returncode, 1 if reason else 0, done.stdout)
                self.assertIn(reason or "passed", done.stdout)

    def test_their_failures_are_understood(self):
        for fossil in ("draft-c", "draft-cpp"):
            last = self.answer(fossil, "none")[-1].data
            self.assertEqual((last["type"], last["code"]), ("error", "model_not_found"), fossil)
        self.assertEqual(self.answer("draft-cpp", "throws")[-1].data["code"], "internal")

    def test_those_of_the_draft_were_made_from_todays_headers(self):
        layout = (FOSSILS.parent / "layouts" / "draft.txt").read_bytes()

        self.assertEqual((FOSSILS / "draft.layout").read_text().strip(),
                         hashlib.sha256(layout).hexdigest(), "run ./dev abi accept")

    def test_they_are_small_and_export_one_symbol(self):
        for name in KEPT:
            self.assertLess((FOSSILS / name).stat().st_size, 32 * 1024, name)
            symbols = subprocess.run(["nm", "-D", "--defined-only", FOSSILS / name], text=True,
                                     capture_output=True, check=True).stdout.split()
            self.assertEqual(symbols[2:], ["patchbay_plugin_entry"], name)

    @unittest.skipUnless(shutil.which("gcc-12"), "gcc 12 is not installed")
    def test_making_them_twice_gives_the_same_bytes(self):
        made = []
        for _ in range(2):
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run([FOSSILS / "make", "draft", folder], check=True)
                made.append({path.name: path.read_bytes()
                             for path in pathlib.Path(folder).iterdir()})

        self.assertEqual(made[0], made[1])


if __name__ == "__main__":
    unittest.main()
