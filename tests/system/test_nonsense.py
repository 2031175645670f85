"""Plugins that hand over broken JSON, or text that is no UTF-8, wherever they hand over text: it goes
no further than to whom it harms, and what the server says stays well-formed."""

import json
import unittest

from harness import BUILD, Server, demo_config, eventually, text_of
from test_agents import ToolServer, named
from tool_model import wants

LIBRARY = str(BUILD.resolve() / "tests" / "plugins" / "fixture_talks_nonsense.so")
KINDS = ("broken", "bytes", "lines")
OFFERS = ("models", "methods", "describe")
VERDICTS = ("owner", "credential_id", "email", "claims", "deny")
FORGED = "\nplugin other: forged"


def talks(place, kind):
    return {"library": LIBRARY, "config": {"at": place, "says": kind}}


def talkers(*places):
    return {f"{place.replace('_', '-')}-{kind}": talks(place, kind)
            for place in places for kind in KINDS}


class NonsenseTest(unittest.TestCase):
    def serve(self, plugins, **more):
        server = Server(demo_config(plugins=plugins, plugin_faults={"limit": 0},
                                    demo={"words": 5}, **more)).start()
        self.addCleanup(server.close)
        self.addCleanup(self.check_log, server)
        return server

    def check_log(self, server):
        """It is UTF-8, each line is the server's, and no terminal obeys it."""
        log = server.log.read_bytes().decode()
        self.assertNotIn(FORGED, log)
        self.assertNotIn("\x1b", log)
        self.assertNotIn("\r", log)

    def listed(self, server):
        items = json.loads(server.run("plugin", "list", "--json").stdout)["items"]
        return {item["name"]: item for item in items}

    def check_whole(self, client):
        events = client.run(client.interaction(), "hello", model="demo/demo").rest()
        self.assertEqual((events[-1].name, len(text_of(events).split())), ("run.completed", 5))

    def test_offers_that_cannot_be_read_are_why_the_instance_is_off(self):
        server = self.serve(talkers(*OFFERS, "create"))

        listed = self.listed(server)

        for name in talkers(*OFFERS, "create"):
            with self.subTest(name):
                self.assertEqual(listed[name]["state"], "off")
                place = name.split("-")[0]
                if place != "create":
                    self.assertIn(f"{place}() is no JSON array", listed[name]["reason"])
                self.assertIn(f"plugin {name} is off: ", server.read_log())
        self.check_whole(server.client())

    def test_errors_and_events_reach_the_client_well_formed(self):
        server = self.serve(talkers("set_error", "emit"))
        client = server.client()

        for name in talkers("set_error", "emit"):
            with self.subTest(name):
                interaction = client.interaction()
                events = client.run(interaction, "hello", model=f"{name}/any").rest()
                if name.startswith("set-error"):
                    self.assertEqual(events[-1].name, "run.failed")
                elif name == "emit-bytes":
                    faults = self.listed(server)[name]["newest_faults"]
                    self.assertIn("emitted", faults[0]["text"])
                for event in client.events(interaction, mode="replay").rest():
                    self.assertIsInstance(event.data, dict)
                self.check_whole(client)

    def test_metrics_stay_readable(self):
        server = self.serve(talkers("metrics"))
        client = server.client()
        for name in talkers("metrics"):
            client.run(client.interaction(), "hello", model=f"{name}/any").rest()

        text = client.get("/api/metrics").body.decode()

        for line in text.split("\n"):
            if line.startswith("patchbay_plugin"):
                self.assertRegex(line, r'^[a-z0-9_]+(\{([a-z_]+="([^"\\]|\\.)*",?)+\})? [-+.0-9eE]+$')
        self.assertNotIn("\nplugin other", text)
        self.check_whole(client)

    def test_log_lines_are_one_line_each(self):
        server = self.serve(talkers("log"))
        client = server.client()

        for name in talkers("log"):
            client.run(client.interaction(), "hello", model=f"{name}/any").rest()

        for name in talkers("log"):
            eventually(lambda: f"plugin {name}: " in server.read_log(), "its line is written")
        self.check_whole(client)

    def test_the_result_of_a_tool_is_an_error_to_its_model(self):
        for kind in ("broken", "bytes", "lines"):
            with self.subTest(kind):
                made = ToolServer(self, agents={"talker": talks("result", kind)},
                                  settings={"plugin_faults": {"limit": 0}})

                events = made.client.run(made.client.interaction(), wants([("boo", {})]),
                                         agent="assistant").rest()

                [result] = named(events, "tool.result")
                self.assertIn("error", result.data)
                self.assertEqual(events[-1].name, "run.completed")
                faults = self.listed(made.server)["talker"]["newest_faults"]
                self.assertTrue(faults)
                self.check_log(made.server)

    def test_a_verdict_that_cannot_be_read_lets_nobody_in(self):
        for place in VERDICTS:
            for kind in KINDS:
                if (place, kind) in ALLOWED:
                    continue
                with self.subTest(place=place, kind=kind):
                    server = self.serve({"talker": talks(place, kind)}, auth=["talker", "keys"])

                    answer = server.client().get("/api/interactions")

                    self.assertIn(answer.status, (500, 502))
                    self.assertIn(answer.json()["code"], ("internal", "upstream"))
                    if place != "deny":
                        faults = self.listed(server)["talker"]["newest_faults"]
                        self.assertEqual(faults[0]["text"], "gave an invalid verdict")
                        self.assertIn("plugin talker: gave an invalid verdict", server.read_log())


# "[{"id": "a", " is a strange name, but it is text.
ALLOWED = {(place, "broken") for place in ("owner", "credential_id", "email")}


if __name__ == "__main__":
    unittest.main()
