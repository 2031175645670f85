"""An instance that breaks its contract too often is turned off; whatever runs goes on."""

import json
import unittest

from harness import text_of
from paced import PacedTest

LIMIT = 4


class PluginFaultsTest(PacedTest):
    settings = {"words": 3, "delay_us": 1000}
    members = {"plugin_faults": {"limit": LIMIT, "window_ms": 600000}}

    def misbehave(self, times):
        for _ in range(times):
            events = self.begin(model="paced/faulty").rest()
            self.assertEqual(events[-1].name, "run.completed", "the first finish() counts")

    def check_off(self):
        plugin = self.plugin()
        self.assertEqual(plugin["state"], "off")
        self.assertEqual(plugin["reason"],
                         f"turned off after {LIMIT} faults in 600 s; the last: called finish() twice")

    def test_faults_are_counted_by_kind_and_the_newest_are_kept(self):
        self.misbehave(LIMIT - 1)

        plugin = self.plugin()
        self.assertEqual((plugin["state"], plugin["faults"]), ("on", LIMIT - 1))
        self.assertEqual(plugin["fault_kinds"],
                         [{"text": "called finish() twice", "count": LIMIT - 1}])
        self.assertEqual([fault["text"] for fault in plugin["newest_faults"]],
                         ["called finish() twice"] * (LIMIT - 1))
        self.assertGreater(plugin["newest_faults"][0]["at_ms"], 1_600_000_000_000)

    def test_too_many_faults_turn_it_off_and_new_requests_are_told(self):
        self.patch({"words": 200, "delay_us": 5000})
        stream = self.begin()
        begun = stream.take(4)

        self.misbehave(LIMIT)

        self.check_off()
        for model in ("paced/paced", "paced", ""):
            refused = self.begin(**({"model": model} if model else {}))
            self.assertEqual(refused.status, 503)
            body = refused.body()
            self.assertIn(b'"code":"unavailable"', body)
            self.assertIn(b"The provider 'paced' is off.", body)
        self.assertEqual(len(text_of(begun + stream.rest()).split()), 200, "what ran goes on")
        self.assertIn("plugin paced is off: turned off after", self.server.read_log())
        self.assertRegex(self.server.run("plugin", "list").stdout,
                         r"paced +off +1\.0\.0 .*turned off after 4 faults")

    def test_it_is_on_again_when_enabled_or_reloaded(self):
        self.misbehave(LIMIT)
        self.check_off()
        enabled = self.change("enable")
        self.assertEqual((enabled.json()["state"], enabled.json()["faults"]), ("on", 0))
        self.assertEqual(len(text_of(self.begin().rest()).split()), 3)

        self.misbehave(LIMIT)
        self.check_off()
        self.assertEqual(self.reload().json()["plugins"]["replaced"], ["paced"])
        self.assertEqual(len(text_of(self.begin().rest()).split()), 3)

    def test_nobody_gets_in_through_an_auth_plugin_that_was_turned_off(self):
        self.server.write_config(self.config(auth=["paced", "keys"]))
        self.assertEqual(self.reload().status, 200)
        good, twice = self.server.client("good"), self.server.client("twice")
        self.assertEqual(good.get("/api/interactions").status, 200)
        self.assertEqual(self.client.get("/api/interactions").status, 200)

        for _ in range(LIMIT):
            twice.get("/api/interactions")

        for client in (good, self.server.client("nonsense"), self.client):
            refused = client.get("/api/interactions")
            self.assertEqual((refused.status, refused.json()["code"]), (503, "unavailable"))
            self.assertIn("paced", refused.json()["error"])
        listed = json.loads(self.server.run("plugin", "list", "--json").stdout)["items"][0]
        self.assertEqual((listed["name"], listed["state"]), ("paced", "off"))
        self.assertIn("Plugin paced: replaced.", self.server.run("reload").stdout)
        self.assertEqual(good.get("/api/interactions").status, 200)

    def test_a_limit_of_none_turns_nothing_off(self):
        self.server.write_config(self.config(plugin_faults={"limit": 0}))
        self.reload()

        self.misbehave(LIMIT + 1)

        self.assertEqual((self.plugin()["state"], self.plugin()["faults"]), ("on", LIMIT + 1))


if __name__ == "__main__":
    unittest.main()
