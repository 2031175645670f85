"""Administrators see, switch and configure plugins of a running server; the file stays the truth."""

import json
import stat
import threading
import unittest

from harness import eventually, text_of
from paced import PacedTest, install

HIDDEN = "********"


class PluginAdminTest(PacedTest):
    def answer(self, **fields):
        return text_of(self.begin(**fields).rest()).split()

    def values(self):
        """Setting -> (value, origin)."""
        settings = self.plugin()["settings"]["config"]
        return {name: (each["value"], each["origin"]) for name, each in settings.items()}

    def overrides(self):
        return self.server.data / "overrides.json"

    def check_refused(self, reply, *pointers):
        self.assertEqual(reply.status, 422, reply.body)
        self.assertEqual(reply.json()["code"], "unprocessable")
        self.assertEqual([problem["pointer"] for problem in reply.json()["problems"]],
                         list(pointers))

    # ---- seeing ----

    def test_an_instance_is_shown_with_all_that_is_known_of_it(self):
        plugin = self.plugin()

        self.assertEqual((plugin["name"], plugin["id"], plugin["version"], plugin["title"]),
                         ("paced", "org.example.paced", "1.0.0", "Paced"))
        self.assertEqual((plugin["state"], plugin["reason"], plugin["draining"], plugin["faults"]),
                         ("on", None, 0, 0))
        self.assertEqual(plugin["interfaces"], ["patchbay.provider/1", "patchbay.auth/1"])
        self.assertEqual(plugin["path"], str(self.library.resolve()))
        self.assertRegex(plugin["sha256"], "^[0-9a-f]{64}$")
        self.assertEqual(plugin["settings"]["library"],
                         {"value": str(self.library), "origin": "file"})
        self.assertEqual(plugin["settings"]["enabled"], {"value": True, "origin": "default"})
        listed = self.client.get("/api/admin/plugins").json()["items"]
        self.assertEqual([item["name"] for item in listed], ["paced", "keys", "chat"])
        self.assertEqual(listed[0], plugin)

    def test_each_value_has_its_origin(self):
        self.patch({"note": "passing"})
        self.patch({"delay_us": 2000}, persist=True)

        self.assertEqual(self.values(), {"words": (3, "file"), "delay_us": (2000, "overrides"),
                                         "note": ("passing", "api")})

        self.patch({"words": None})
        self.assertEqual(self.values()["words"], (3, "api"), "the plugin's own default")

    def test_the_agent_that_the_file_implies_is_an_instance_as_any_other(self):
        shown = self.client.get("/api/admin/plugins/chat").json()
        self.assertEqual(shown["settings"]["library"],
                         {"value": "patchbay_agent_chat", "origin": "default"})

        changed = self.change("enable", {"persist": True}, name="chat")

        self.assertEqual(changed.status, 200, changed.body)
        shown = self.client.get("/api/admin/plugins/chat").json()
        self.assertEqual(shown["settings"]["enabled"], {"value": True, "origin": "overrides"})
        self.server.stop()
        self.server.start()
        self.client = self.server.client(self.client.key)
        self.assertEqual(self.answer(), ["one"] * 3)

    def test_secrets_are_never_shown(self):
        plain = {"secret": "in-the-file", "note": "x ${PACED_SECRET}",
                 "list": [{"key": "first-key", "name": "open"}]}
        self.server.write_config(self.config({**plain, "words": 3}))
        self.assertEqual(self.reload().status, 200)

        self.assertEqual(self.values()["secret"], (HIDDEN, "file"))
        self.assertEqual(self.values()["note"], (HIDDEN, "file"))
        self.assertEqual(self.values()["list"], ([{"key": HIDDEN, "name": "open"}], "file"))

        self.change("disable")  # would pull the default model away
        self.assertEqual(self.patch({"secret": "by-the-api"}, persist=True).status, 200)
        shown = self.client.get("/api/admin/plugins").body + self.server.run(
            "plugin", "list", "--json").stdout.encode() + self.server.read_log().encode()
        for secret in (b"in-the-file", b"s3cr3t", b"first-key", b"by-the-api"):
            self.assertNotIn(secret, shown)

    # ---- changing ----

    def test_new_settings_answer_at_once_and_what_runs_keeps_the_old_ones(self):
        self.patch({"words": 200, "delay_us": 5000})
        stream = self.begin()
        begun = stream.take(4)

        reply = self.patch({"words": 2, "delay_us": 1000})

        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual((reply.json()["state"], reply.json()["draining"]), ("on", 1))
        self.assertEqual(self.answer(), ["one", "one"])
        self.assertEqual(len(text_of(begun + stream.rest()).split()), 200)
        eventually(lambda: self.plugin()["draining"] == 0, "the old one is gone")

    def test_a_change_lasts_until_the_next_reload(self):
        self.patch({"words": 5})
        self.assertEqual(len(self.answer()), 5)

        self.reload()

        self.assertEqual(len(self.answer()), 3)
        self.assertEqual(self.values()["words"], (3, "file"))
        self.assertFalse(self.overrides().exists())

    def test_a_change_that_persists_lasts_over_reloads_and_restarts_until_it_is_forgotten(self):
        self.assertEqual(self.patch({"words": 5}, persist=True).status, 200)
        self.reload()
        self.restart()

        self.assertEqual(len(self.answer()), 5)
        self.assertEqual(self.values()["words"], (5, "overrides"))
        self.assertEqual(json.loads(self.overrides().read_text()),
                         {"plugins": {"paced": {"library": str(self.library),
                                                "config": {"words": 5}}}})
        self.assertEqual(stat.S_IMODE(self.overrides().stat().st_mode), 0o600)

        self.assertEqual(self.forget().status, 200)
        self.assertEqual(len(self.answer()), 3)
        self.restart()
        self.assertEqual(len(self.answer()), 3)

    def test_an_instance_is_switched_off_and_on(self):
        extra = {**self.config()["plugins"], "other": {"library": str(self.library)}}
        self.server.write_config(self.config(plugins=extra))
        self.reload()

        off = self.change("disable", {"persist": True}, "other")
        refused = self.begin(model="other/paced")
        self.restart()

        self.assertEqual((off.json()["state"], off.json()["reason"]), ("off", "disabled"))
        self.assertEqual(off.json()["settings"]["enabled"], {"value": False, "origin": "overrides"})
        self.assertEqual(refused.status, 503)
        self.assertIn(b"other", refused.body())
        eventually(lambda: self.plugin("other")["state"] == "off", "it has drained")
        self.assertEqual(self.change("enable", name="other").json()["state"], "on")
        self.assertEqual(self.answer(model="other/paced"), ["one"] * 3)

    def test_an_instance_that_is_switched_off_under_a_stream_drains(self):
        extra = {**self.config()["plugins"],
                 "other": {"library": str(self.library), "config": {"words": 100, "delay_us": 5000}}}
        self.server.write_config(self.config(plugins=extra))
        self.reload()
        stream = self.begin(model="other/paced")
        begun = stream.take(4)

        reply = self.change("disable", name="other")

        self.assertEqual((reply.json()["state"], reply.json()["draining"]), ("draining", 1))
        self.assertEqual(len(text_of(begun + stream.rest()).split()), 100)
        self.assertEqual(self.plugin("other")["state"], "off")

    def test_a_new_build_of_the_library_is_taken_by_a_reload_and_by_its_own_change_alone(self):
        before = self.plugin()["sha256"]
        install("fixture_paced_next", self.library)

        self.assertEqual(self.change("enable", name="keys").status, 200)
        self.assertEqual(self.answer(), ["one"] * 3, "that was another plugin's change")
        self.assertEqual(self.reload().json()["plugins"]["replaced"], ["paced"])

        self.assertEqual(self.answer(), ["two"] * 3)
        self.assertEqual(self.plugin()["version"], "2.0.0")
        self.assertNotEqual(self.plugin()["sha256"], before)
        self.assertEqual(self.reload().json()["plugins"]["unchanged"], ["paced", "keys", "chat"])

    def test_a_change_of_one_plugin_leaves_what_others_refer_to_alone(self):
        secret = self.server.folder / "secret"
        secret.write_text("first")
        extra = {**self.config()["plugins"],
                 "other": {"library": str(self.library), "config": {"note": f"${{file:{secret}}}"}}}
        self.server.write_config(self.config(plugins=extra))
        self.reload()
        created = self.journal.read_text().count("+")

        secret.write_text("second")
        self.assertEqual(self.patch({"words": 4}).status, 200)
        secret.unlink()
        self.assertEqual(self.patch({"words": 5}).status, 200)

        self.assertEqual(self.journal.read_text().count("+"), created + 2, "other was not made anew")
        self.check_refused(self.patch({"words": 5}, "other"), "/plugins/other/config/note")
        self.check_refused(self.reload(), "/plugins/other/config/note")

    # ---- what is refused ----

    def test_what_the_file_requires_cannot_be_switched_off(self):
        extra = {**self.config()["plugins"], "other": {"library": str(self.library), "required": True}}
        self.server.write_config(self.config(plugins=extra))
        self.reload()

        self.check_refused(self.change("disable", name="other"), "/plugins/other/enabled")
        self.check_refused(self.change("disable", {"persist": True}, "other"),
                           "/plugins/other/enabled")

        self.assertEqual(self.plugin("other")["state"], "on")
        self.assertFalse(self.overrides().exists())

    def test_bad_bodies_are_refused(self):
        path = "/api/admin/plugins/paced"
        for method, at, body in (("PATCH", path, b"{"), ("PATCH", path, b"[]"), ("PATCH", path, b""),
                                 ("PATCH", path, b"{}"), ("PATCH", path, b'{"config": 1}'),
                                 ("PATCH", path, b'{"config": {}, "library": "x"}'),
                                 ("PATCH", path, b'{"config": {}, "persist": "yes"}'),
                                 ("POST", path + "/enable", b'{"persist": 1}'),
                                 ("POST", path + "/disable", b'{"config": {}}')):
            with self.subTest(body=body):
                head = (f"{method} {at} HTTP/1.1\r\nHost: x\r\nX-API-Key: {self.client.key}\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
                with self.client.send_bytes(head.encode() + body) as sock:
                    self.assertIn(b" 400 ", sock.recv(4096).split(b"\r\n")[0])
        self.assertEqual(self.answer(), ["one"] * 3)

    def test_settings_that_the_plugin_refuses_change_nothing(self):
        reply = self.patch({"words": "many", "delay_us": 2000}, persist=True)

        self.check_refused(reply, "/plugins/paced")
        self.assertIn("/words: ", reply.json()["problems"][0]["found"])
        self.assertEqual(self.values()["words"], (3, "file"))
        self.assertFalse(self.overrides().exists())
        self.assertEqual(self.answer(), ["one"] * 3)

    def test_what_others_need_cannot_be_switched_off(self):
        self.check_refused(self.change("disable"), "/models/default")
        self.check_refused(self.change("disable", name="keys"), "/auth/0")
        self.check_refused(self.change("disable", name="chat"), "/agents/default")
        self.assertEqual(self.answer(), ["one"] * 3)

    def test_references_and_hidden_values_are_no_settings(self):
        self.check_refused(self.patch({"note": "${file:/etc/passwd}", "list": [{"key": HIDDEN}]}),
                           "/plugins/paced/config/list/0/key", "/plugins/paced/config/note")
        self.assertEqual(self.patch({"note": "a plain $${"}).status, 200)

    def test_unknown_plugins_are_not_found(self):
        replies = (self.client.get("/api/admin/plugins/ghost"), self.change("enable", name="ghost"),
                   self.change("disable", name="ghost"), self.patch({}, "ghost"),
                   self.forget("ghost"))

        self.assertEqual([reply.status for reply in replies], [404] * 5)

    def test_only_admins_may(self):
        self.client = self.server.client(self.server.key())
        replies = (self.client.get("/api/admin/plugins"), self.client.get("/api/admin/plugins/paced"),
                   self.change("enable"), self.change("disable"), self.patch({}), self.forget())

        self.assertEqual([reply.status for reply in replies], [403] * 6)

    def test_an_overrides_file_that_was_edited_by_hand_is_not_overwritten(self):
        self.patch({"words": 5}, persist=True)
        self.overrides().write_text('{"plugins": {"paced": {"config": {"words": 6}}}}')

        reply = self.patch({"note": "x"}, persist=True)

        self.assertEqual(reply.status, 409)
        self.assertIn("reload first", reply.json()["error"])
        self.reload()
        self.assertEqual(len(self.answer()), 6)
        self.assertEqual(self.patch({"note": "x"}, persist=True).status, 200)
        self.assertEqual(self.values()["words"], (6, "overrides"))

    def test_a_broken_overrides_file_stops_the_start_and_a_reload_by_its_pointer(self):
        self.overrides().write_text('{"plugins": {"paced": {"enabled": 1, "confg": {}}}}')

        self.check_refused(self.reload(), "/plugins/paced/confg", "/plugins/paced/enabled")
        self.server.stop()
        self.server.start(expect_ready=False)

        self.assertEqual(self.server.process.wait(30), 2)
        self.server.process.stdout.close()
        self.assertIn("/plugins/paced/enabled: found a number in ", self.server.read_log())
        self.assertIn("overrides.json", self.server.read_log())

    def test_overrides_of_an_instance_that_is_gone_are_named_and_can_be_forgotten(self):
        self.overrides().write_text('{"plugins": {"ghost": {"enabled": false}}}')
        self.restart()

        self.assertIn('changes the plugin "ghost"', self.server.read_log())
        self.assertEqual(self.forget("ghost").status, 204)
        self.assertEqual(self.forget("ghost").status, 404)

    def test_overrides_do_not_hit_another_plugin_that_takes_the_name(self):
        def with_other(library):
            extra = {**self.config()["plugins"], "other": {"library": library}}
            self.server.write_config(self.config(plugins=extra))
            self.assertEqual(self.reload().status, 200)

        with_other(str(self.library))
        self.change("disable", {"persist": True}, "other")
        self.server.write_config(self.config())
        self.reload()
        self.assertIn('reload: overrides.json changes the plugin "other", which the config does not '
                      'have.', self.server.read_log())

        with_other("patchbay_provider_demo")

        self.assertEqual(self.plugin("other")["state"], "on")
        self.assertIn("the config has another library there: left out", self.server.read_log())
        with_other(str(self.library))
        self.assertEqual(self.plugin("other")["state"], "off", "it is back, and so is its override")

    def test_changes_that_come_together_are_made_one_after_the_other(self):
        statuses = []

        def change(number):
            statuses.append(self.server.client().request(
                "PATCH", "/api/admin/plugins/paced",
                {"config": {"note": str(number)}, "persist": True}).status)

        threads = [threading.Thread(target=change, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual(statuses, [200] * 20)
        kept = json.loads(self.overrides().read_text())["plugins"]["paced"]["config"]["note"]
        self.assertEqual(self.values()["note"], (kept, "overrides"))
        eventually(lambda: self.alive() == 1, "the instances that were replaced are destroyed")

    # ---- the command line ----

    def test_the_command_line_shows_the_same(self):
        self.patch({"words": "many"})
        listed = json.loads(self.server.run("plugin", "list", "--json").stdout)
        self.assertEqual(listed, self.client.get("/api/admin/plugins").json())
        table = self.server.run("plugin", "list").stdout
        self.assertRegex(table, r"paced +on +1\.0\.0 +patchbay\.provider/1 patchbay\.auth/1 +-")

        self.server.stop()
        alone = json.loads(self.server.run("plugin", "list", "--json", "--config",
                                           str(self.server.config)).stdout)
        self.start()
        self.assertEqual(alone, self.client.get("/api/admin/plugins").json())


if __name__ == "__main__":
    unittest.main()
