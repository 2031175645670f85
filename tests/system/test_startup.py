"""What keeps the server from starting is said in a sentence that tells what to do."""

import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import unittest

from harness import BINARY, WAIT, Server, demo_config

SOURCE = pathlib.Path(os.environ.get("PATCHBAY_SOURCE_DIR",
                                     pathlib.Path(__file__).resolve().parents[2]))
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\S+Z ")

PLUGIN = """
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
%s
static patchbay_status create(const patchbay_host *host, patchbay_str config, void **instance) {
    (void)config; (void)instance; (void)host;
    %s
}
static void destroy(void *instance) { (void)instance; }
static patchbay_status open(void *instance, const patchbay_chat_request *request,
                            patchbay_stream stream, void **chat) {
    (void)instance; (void)request; (void)stream; (void)chat;
    return PATCHBAY_E_UNAVAILABLE;
}
static void resume(void *chat) { (void)chat; }
static void cancel(void *chat, patchbay_reason reason) { (void)chat; (void)reason; }
static const patchbay_provider_1 table = {open, resume, cancel, resume, 0};
static const void *get_interface(patchbay_str id) {
    return id.size == sizeof PATCHBAY_PROVIDER_1 - 1 ? &table : 0;
}
EXPORT const patchbay_plugin patchbay_plugin_entry = {
    %s, "org.example.broken", "1.0.0", "", create, destroy, get_interface};
"""
C = '#define EXPORT __attribute__((visibility("default")))'
CXX = ('#include <stdexcept>\n'
       'extern "C" __attribute__((visibility("default"))) const patchbay_plugin '
       'patchbay_plugin_entry;\n#define EXPORT extern "C"')
FAILS = """
    static const char why[] = "the moon is not full";
    patchbay_error error = {0};
    error.code = PATCHBAY_E_UNAVAILABLE;
    error.message.data = why;
    error.message.size = sizeof why - 1;
    host->set_error(host, &error);
    return PATCHBAY_E_UNAVAILABLE;
"""


class StartupTest(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def serve(self, *wrapper, listen="127.0.0.1:0"):
        """Runs a server that is to give up; its exit code and what it said, without logs."""
        command = [*wrapper, BINARY, "serve", "--config", self.server.config, "--listen", listen,
                   "--data-dir", self.server.data]
        done = subprocess.run(command, cwd=self.server.folder, capture_output=True, text=True,
                              timeout=WAIT)
        self.assertEqual(done.stdout, "")
        said = [line for line in done.stderr.splitlines() if not LOG_LINE.match(line)]
        return done.returncode, said

    def assert_gives_up(self, pattern, *wrapper, code=1, **options):
        """One sentence that matches, and an exit code that is not 0."""
        exit_code, said = self.serve(*wrapper, **options)
        self.assertEqual(exit_code, code, said)
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0], pattern)

    # ---- config ----

    def test_all_mistakes_of_a_config_are_named_at_once(self):
        config = demo_config(server={"heartbeat_ms": "soon", "colour": "red"},
                             runs={"on_crash": "panic"})
        config["auth"] = "keys"
        self.server.write_config(config)

        code, said = self.serve()

        self.assertEqual(code, 2)
        self.assertEqual(len(said), 4, said)
        for pointer in ("/server/heartbeat_ms", "/server/colour", "/runs/on_crash", "/auth"):
            self.assertEqual(sum(line.startswith(pointer + ":") for line in said), 1, said)
        self.assertTrue(all("found" in line and "expected" in line for line in said), said)

    def test_config_check_names_the_same_mistakes(self):
        self.server.write_config(demo_config(server={"heartbeat_ms": "soon"},
                                             runs={"on_crash": "panic"}))
        _, said = self.serve()

        checked = subprocess.run([BINARY, "config", "check", "--config", self.server.config],
                                 capture_output=True, text=True, timeout=WAIT)
        as_json = subprocess.run([BINARY, "config", "check", "--json", "--config",
                                  self.server.config], capture_output=True, text=True, timeout=WAIT)

        self.assertEqual(checked.returncode, 2)
        self.assertEqual(checked.stderr.splitlines(), said)
        pointers = [error["pointer"] for error in json.loads(as_json.stdout)["errors"]]
        self.assertCountEqual(pointers, ["/server/heartbeat_ms", "/runs/on_crash"])

    def test_config_check_of_a_good_config_is_0(self):
        done = self.server.run("config", "check", "--config", str(self.server.config))

        self.assertIn("in order", done.stdout)

    def test_a_config_that_is_no_json_is_a_sentence_with_the_place(self):
        self.server.config.write_text('{"plugins": {},\n oops}')

        self.assert_gives_up(r"line 2", code=2)

    def test_a_config_that_is_not_there_is_a_sentence(self):
        self.server.config.unlink()

        self.assert_gives_up(r"patchbay\.json", code=2)

    def test_a_default_model_that_no_plugin_offers_is_a_sentence(self):
        self.server.write_config(demo_config(models={"default": "nobody/none"}))

        code, said = self.serve()

        self.assertNotEqual(code, 0)
        self.assertEqual(len(said), 1, said)
        self.assertIn("/models/default", said[0])

    # ---- plugins ----

    def configure(self, library, required):
        config = demo_config()
        config["plugins"]["broken"] = {"library": str(library), "required": required}
        self.server.write_config(config)

    def compile(self, language="c", prologue=C, create="return PATCHBAY_OK;",
                abi="PATCHBAY_ABI_MAJOR, PATCHBAY_ABI_DRAFT"):
        source = self.server.folder / f"broken.{language}"
        library = self.server.folder / "broken.so"
        source.write_text(PLUGIN % (prologue, create, abi))
        compiler = {"c": ["cc"], "cpp": ["c++", "-std=c++17"]}[language]
        subprocess.run([*compiler, "-shared", "-fPIC", "-I", SOURCE / "sdk/include", "-o", library,
                        source], check=True, timeout=WAIT)
        return library

    def assert_off(self, library, pattern):
        """The server gives up when the plugin is required, else it starts without it."""
        self.configure(library, required=True)
        self.assert_gives_up(pattern)

        self.configure(library, required=False)
        self.server.start()
        items = self.server.client().get("/api/admin/plugins").json()["items"]
        broken = next(item for item in items if item["name"] == "broken")
        self.assertEqual(broken["state"], "off")
        self.assertRegex(broken["reason"], pattern)
        answered = self.server.client().converse("hello").rest()
        self.assertEqual(answered[-1].data["type"], "complete")

    def test_a_plugin_that_is_not_there(self):
        self.assert_off("patchbay_no_such_plugin", r"patchbay_no_such_plugin")

    def test_a_file_that_is_no_library(self):
        library = self.server.folder / "broken.so"
        library.write_text("hello")
        self.assert_off(library, r"broken\.so")

    def test_a_plugin_of_another_abi(self):
        self.assert_off(self.compile(abi="99, 0"), r"ABI 99.*rebuild")

    def test_a_plugin_of_another_draft(self):
        self.assert_off(self.compile(abi="PATCHBAY_ABI_MAJOR, 99"),
                        r"draft 99 of ABI 0, this host speaks draft \d+: rebuild")

    def test_a_plugin_whose_create_fails(self):
        self.assert_off(self.compile(create=FAILS), r"the moon is not full")

    def test_a_plugin_that_throws_in_create(self):
        library = self.compile("cpp", CXX, 'throw std::runtime_error("out of luck");')
        self.assert_off(library, r"out of luck")

    def test_plugin_list_says_what_is_on_and_why_not(self):
        self.configure("patchbay_no_such_plugin", required=False)
        without = self.server.run("plugin", "list", "--config", str(self.server.config))
        self.server.start()
        running = self.server.run("plugin", "list", "--config", str(self.server.config))
        as_json = self.server.run("plugin", "list", "--json", "--config", str(self.server.config))

        for done in (without, running):
            lines = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()[1:]}
            self.assertEqual(lines, {"demo": "on", "keys": "on", "broken": "off", "chat": "on"})
            self.assertIn("patchbay_no_such_plugin", done.stdout)
        items = {item["name"]: item for item in json.loads(as_json.stdout)["items"]}
        self.assertEqual(items["demo"]["models"], ["demo"])
        self.assertEqual(items["demo"]["id"], "patchbay.providers.demo")

    # ---- data folder and port ----

    def test_a_database_of_a_newer_version_is_left_alone(self):
        self.server.start()
        self.server.stop()
        database = sqlite3.connect(self.server.data / "patchbay.db")
        database.execute("PRAGMA user_version=9999")
        database.commit()
        database.close()

        self.assert_gives_up(r"version 9999.*(newer|install|update)")

        database = sqlite3.connect(self.server.data / "patchbay.db")
        self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (9999,))
        database.close()

    def test_a_database_that_is_none(self):
        self.server.data.mkdir()
        (self.server.data / "patchbay.db").write_bytes(b"This is no database at all. " * 1000)

        self.assert_gives_up(r"patchbay\.db")

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]

            self.assert_gives_up(rf"127\.0\.0\.1:{port}.*in use.*choose another",
                                 listen=f"127.0.0.1:{port}")

    def test_an_address_that_is_none(self):
        code, said = self.serve(listen="nonsense")

        self.assertNotEqual(code, 0)
        self.assertEqual(len(said), 1, said)
        self.assertIn("127.0.0.1:8080", said[0])

    def test_a_data_folder_in_use_by_another_server(self):
        self.server.start()

        self.assert_gives_up(rf"in use.*process {self.server.process.pid}.*stop it")

        self.assertEqual(self.server.client().get("/livez").status, 200)

    def test_a_data_folder_that_cannot_be_written(self):
        self.server.folder.chmod(0o755)
        self.server.data.mkdir(mode=0o755)
        wrapper = []
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                self.skipTest("as root everything can be written, and there is no setpriv")
            wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        else:
            self.server.data.chmod(0o555)

        self.assert_gives_up(rf"{self.server.data} cannot be used.*make it writable", *wrapper)

    def test_a_data_folder_that_is_a_file(self):
        self.server.data.write_text("not a folder")

        self.assert_gives_up(rf"{self.server.data}.*choose another")

    # ---- the first start ----

    def test_the_first_start_makes_secrets_that_only_the_owner_may_read(self):
        self.server.start()

        for name in ("admin.key", "control.sock"):
            mode = stat.S_IMODE((self.server.data / name).stat().st_mode)
            self.assertEqual(mode, 0o600, name)
        self.assertEqual(self.server.client().get("/api/metrics").status, 200)

    def test_the_admin_key_is_not_in_the_log(self):
        self.server.start()

        self.assertNotIn(self.server.admin_key(), self.server.read_log())
        self.assertIn("admin.key", self.server.read_log())

    def test_a_second_start_makes_no_new_admin_key(self):
        self.server.start()
        key = self.server.admin_key()
        self.server.stop()

        self.server.start()

        self.assertEqual(self.server.admin_key(), key)
        self.assertEqual(self.server.client(key).get("/api/metrics").status, 200)

    def test_a_start_after_a_kill_needs_no_cleaning(self):
        self.server.start()
        self.server.kill()

        self.server.start()

        self.assertEqual(self.server.run("key", "list").returncode, 0)

    def test_it_says_its_version(self):
        done = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=WAIT)

        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^patchbay \d+\.\d+\.\d+")

    def test_a_command_that_does_not_exist_is_2(self):
        done = subprocess.run([BINARY, "explode"], capture_output=True, text=True, timeout=WAIT)

        self.assertEqual(done.returncode, 2)
        self.assertNotEqual(done.stderr, "")

    def test_plugins_that_nobody_asks_are_named(self):
        idle = {"prompt": {"library": "patchbay_middleware_system_prompt", "config": {"text": "Hi."}},
                "more_keys": {"library": "patchbay_auth_api_key"}}
        server = Server(demo_config(plugins=idle))
        self.addCleanup(server.close)
        said = ("'prompt' is middleware, and sees nothing: \"middleware\" does not list it.",
                "'more_keys' checks credentials, and is not asked: \"auth\" does not list it.")

        check = server.run("config", "check", "--config", str(server.config))
        server.start()

        for sentence in said:
            self.assertIn(sentence, check.stderr)
            self.assertIn(sentence, server.read_log())
        self.assertEqual(server.read_log().count("does not list it"), 2)


if __name__ == "__main__":
    unittest.main()
