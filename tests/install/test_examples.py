"""Every example is a project that stands alone: built against the installed SDK by both compilers, it
passes its own tests, and the real server gets an answer from it."""

import json
import re
import shutil
import unittest

from fake_upstream import FakeUpstream, says
from fake_upstream import config as upstream_config
from harness import Server, demo_config, tokens_of
from installed_sdk import BUILD, SOURCE, InstalledSdk, has_compiler, run, validate

EXAMPLES = SOURCE / "examples"
KEY = "open sesame, please"


def provider_config(name, library, model, config=None):
    plugin = {"library": str(library), "required": True, "config": config or {}}
    return demo_config(plugins={name: plugin}, models={"default": f"{name}/{model}"})


class ExampleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sdk = InstalledSdk()
        cls.addClassCleanup(cls.sdk.close)

    def serve(self, config, env=None):
        server = Server(config)
        self.addCleanup(server.close)
        return server.start(env=env)

    def answer(self, config, message):
        server = self.serve(config)
        events = server.client(server.key()).converse(message).rest()
        return tokens_of(events)

    # ---- one function an example: its plugin in the real server ----

    def check_c_provider(self, library):
        text = self.answer(provider_config("countdown", library, "3"), "count")
        self.assertEqual(text, "3 2 1 0")

    def check_cpp_provider(self, library):
        config = provider_config("echo", library, "any", {"before": "You said: "})
        self.assertEqual(self.answer(config, "a plug fits"), "You said: a plug fits")

    def check_auth(self, library):
        plugin = {"library": str(library), "required": True,
                  "config": {"key": "${HOUSE_KEY}", "owner": "user:house"}}
        server = self.serve(demo_config(plugins={"house": plugin}, auth=["house", "keys"]),
                            env={"HOUSE_KEY": KEY})
        self.assertEqual(server.client(KEY).post("/api/interactions").status, 201)
        self.assertEqual(server.client(KEY + "!").post("/api/interactions").status, 403)
        self.assertEqual(server.client(server.key()).post("/api/interactions").status, 201)

    def check_rust_provider(self, library):
        text = self.answer(provider_config("fibonacci", library, "10"), "count")
        self.assertEqual(text, "0 1 1 2 3 5 8 13 21 34")

    def serve_with_model(self, answer, **overrides):
        upstream = FakeUpstream(answer)
        self.addCleanup(upstream.close)
        server = self.serve(upstream_config(upstream, **overrides))
        return upstream, server.client(server.key())

    def check_cpp_agent(self, library):
        def model(connection):
            asks_for_facts = "List the facts" in json.dumps(connection.body)
            says("Plugs fit; sockets wait." if asks_for_facts else "They meet.")(connection)

        plugin = {"library": str(library), "required": True}
        upstream, client = self.serve_with_model(model, plugins={"summarize": plugin})
        events = client.converse("a long story", agent="summarize").rest()

        self.assertEqual(tokens_of(events).strip(), "They meet.")  # and nothing of the facts
        self.assertEqual(events[-1].data["type"], "complete")
        asked = [json.dumps(request["messages"]) for request in upstream.requests]
        self.assertIn("List the facts in: a long story", asked[0])
        self.assertIn("One sentence from: Plugs fit; sockets wait.", asked[1])

    def check_middleware(self, library):
        plugin = {"library": str(library), "required": True}
        upstream, client = self.serve_with_model(says("Dear reader."), plugins={"signature": plugin},
                                                 middleware=["signature"])
        events = client.converse("write to me").rest()

        self.assertEqual(tokens_of(events), "Dear reader. \n\nYours, the model")
        self.assertIn("Write as in a letter.", json.dumps(upstream.requests[0]["messages"]))

    # ---- the tests ----

    LIBRARIES = {"c_provider": "countdown", "cpp_provider": "echo", "auth": "house_key",
                 "cpp_agent": "summarize", "middleware": "signature"}

    def build_and_ask(self, compiler):
        if not has_compiler(compiler):
            self.skipTest(f"{compiler} of cmake/packages.txt is not installed")
        for name, library in self.LIBRARIES.items():
            with self.subTest(name):
                # A copy: nothing may be found by a path that leads out of the project.
                project = self.sdk.scratch / name
                shutil.copytree(EXAMPLES / name, project, dirs_exist_ok=True)
                folder = self.sdk.build(project, compiler)
                validate(folder / f"{library}.so")
                getattr(self, f"check_{name}")(folder / f"{library}.so")

    def test_gcc_builds_each_and_the_server_gets_an_answer(self):
        self.build_and_ask("gcc")

    def test_clang_builds_each_and_the_server_gets_an_answer(self):
        self.build_and_ask("clang")

    def test_a_project_of_an_older_standard_builds(self):
        project = self.sdk.scratch / "older"
        shutil.copytree(EXAMPLES / "cpp_provider", project)
        self.sdk.build(project, "gcc", "-DCMAKE_CXX_STANDARD=20")

    def test_rustc_builds_the_rust_provider_and_the_server_gets_an_answer(self):
        if not shutil.which("rustc"):
            self.skipTest("rustc of cmake/packages.txt is not installed")
        folder = self.sdk.build(EXAMPLES / "rust_provider", "gcc")

        validate(folder / "fibonacci.so")
        self.check_rust_provider(folder / "fibonacci.so")

    def test_one_line_of_cc_builds_the_c_provider(self):
        library = self.sdk.scratch / "countdown.so"
        run("cc", "-std=c11", *self.sdk.pkg_config("--cflags"),
            *self.sdk.pkg_config("--variable=plugin_flags"), "-o", library,
            EXAMPLES / "c_provider" / "countdown.c")

        self.check_c_provider(library)
        exported = run("nm", "-D", "--defined-only", library).stdout.split()
        self.assertEqual(exported[2:], ["patchbay_plugin_entry"])

    def test_every_example_is_built(self):
        folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}

        self.assertEqual(folders - {"rust_provider"}, set(self.LIBRARIES))
        for folder in folders:
            self.assertTrue((EXAMPLES / folder / "README.md").exists(), folder)

    def test_the_samples_are_short(self):
        limits = {"c_provider/countdown.c": 150, "cpp_provider/echo.cpp": 60,
                  "cpp_agent/summarize.cpp": 30}
        for path, limit in limits.items():
            lines = len((EXAMPLES / path).read_text().splitlines())
            self.assertLessEqual(lines, limit, path)


class InstalledFilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sdk = InstalledSdk()
        cls.addClassCleanup(cls.sdk.close)

    def files(self):
        return [path for path in self.sdk.prefix.rglob("*") if path.is_file()]

    def test_all_headers_are_there(self):
        source = SOURCE / "sdk" / "include"
        headers = {path.relative_to(source) for path in source.rglob("*.h*")}

        include = self.sdk.prefix / "include"
        self.assertEqual({path.relative_to(include) for path in include.rglob("*.h*")}, headers)

    def test_nothing_points_into_the_source_tree_or_the_build(self):
        for path in self.files():
            text = path.read_text()
            self.assertNotIn(str(SOURCE), text, path)
            self.assertNotIn(str(BUILD), text, path)
            self.assertNotIn(str(self.sdk.folder), text, path)  # it may be moved

    def test_both_package_files_say_the_version_of_the_project(self):
        version = re.search(r"project\(patchbay VERSION (\S+)",
                            (SOURCE / "CMakeLists.txt").read_text())[1]

        self.assertEqual(self.sdk.pkg_config("--modversion"), [version])
        package = self.sdk.prefix / "share" / "cmake" / "Patchbay" / "PatchbayConfigVersion.cmake"
        self.assertIn(f'set(PACKAGE_VERSION "{version}")', package.read_text())

    def test_another_version_is_not_found(self):
        project = self.sdk.scratch / "asks"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(asks LANGUAGES NONE)\n"
            "find_package(Patchbay 7.3 REQUIRED)\n")

        done = run("cmake", "-S", project, "-B", project / "build",
                   f"-DCMAKE_PREFIX_PATH={self.sdk.prefix}", check=False)

        self.assertNotEqual(done.returncode, 0)
        self.assertIn('requested version "7.3"', " ".join(done.stdout.split()))


if __name__ == "__main__":
    unittest.main()
