"""Plugins that throw from every function that the server calls: each is named, by the log and under
/api/admin/plugins, what others answer is whole, and nobody is let in."""

import json
import unittest

from fake_upstream import FakeUpstream, says
from harness import BUILD, Server, demo_config, eventually, text_of
from test_agents import ToolServer
from tool_model import wants

LIBRARY = str(BUILD.resolve() / "tests" / "plugins" / "fixture_throws_everywhere.so")
THROWN = "let a C++ exception out: boo"
NO_LIMIT = {"limit": 0}

# What is called before anybody asks: such an instance is off.
AT_CREATE = ("create", "provider.models", "agent.methods", "tool.describe")
# What is called for an answer.
AT_ANSWER = ("provider.open", "provider.resume", "provider.cancel", "provider.close", "timer",
             "posted", "worker.job", "worker.done", "http.head", "http.data", "http.done")
AT_AGENT = ("agent.open", "agent.resume", "agent.cancel", "agent.close")
AT_TOOL = ("tool.call", "tool.cancel", "tool.close")
AT_TURN = ("middleware.on_request", "middleware.on_events", "middleware.on_end",
           "middleware.close", "middleware.cancel")
AT_CHECK = ("auth.check", "auth.cancel", "auth.close")


def name_of(place):
    return place.replace(".", "-").replace("_", "-")


def throws(place, **more):
    return {"library": LIBRARY, "config": {"at": place, **more}}


def throwers(places, **more):
    return {name_of(place): throws(place, **more) for place in places}


class ThrowingCase(unittest.TestCase):
    def serve(self, plugins, **more):
        server = Server(demo_config(plugins=plugins, plugin_faults=NO_LIMIT, demo={"words": 5},
                                    **more)).start()
        self.addCleanup(server.close)
        return server

    def listed(self, server):
        """By the control socket, where no auth plugin is asked."""
        items = json.loads(server.run("plugin", "list", "--json").stdout)["items"]
        return {item["name"]: item for item in items}

    def check_named(self, server, place):
        name = name_of(place)
        eventually(lambda: f"plugin {name}: {place} {THROWN}" in server.read_log(),
                   f"the log names {name}: {server.read_log()}")
        faults = self.listed(server)[name]["newest_faults"]
        self.assertIn(f"{place} {THROWN}", [fault["text"] for fault in faults])

    def check_whole(self, client):
        events = client.run(client.interaction(), "hello", model="demo/demo").rest()
        self.assertEqual((events[-1].name, len(text_of(events).split())), ("run.completed", 5))

    def begin_and_cancel(self, client, **fields):
        stream = client.run(client.interaction(), "hello", **fields)
        stream.until(lambda event: event.name == "status")
        client.post(f"/api/runs/{stream.headers['x-run-id']}/cancel")
        return stream.rest()


class ThrowingPluginTest(ThrowingCase):
    def test_one_that_throws_when_it_is_made_is_off_and_the_server_starts(self):
        server = self.serve(throwers(AT_CREATE))

        listed = self.listed(server)

        for place in AT_CREATE:
            with self.subTest(place):
                plugin = listed[name_of(place)]
                self.assertEqual(plugin["state"], "off")
                self.assertIn(f"{place} {THROWN}", plugin["reason"])
                self.assertIn(f"plugin {name_of(place)}: {place} {THROWN}", server.read_log())
        self.check_whole(server.client())

    def test_one_that_throws_while_it_answers_fails_that_run_alone(self):
        upstream = FakeUpstream(says("some words"))
        self.addCleanup(upstream.close)
        plugins = {**throwers(AT_ANSWER, url=upstream.url), **throwers(AT_AGENT)}
        server = self.serve(plugins)
        client = server.client()

        for place in AT_ANSWER + AT_AGENT:
            with self.subTest(place):
                fields = ({"agent": name_of(place)} if place in AT_AGENT
                          else {"model": f"{name_of(place)}/any"})
                if place.endswith(".cancel"):
                    events = self.begin_and_cancel(client, **fields)
                else:
                    events = client.run(client.interaction(), "hello", **fields).rest()
                self.assertRegex(events[-1].name, "run.(completed|failed|cancelled)")
                if not place.endswith((".close", ".cancel")):
                    self.assertEqual(events[-1].name, "run.failed")
                self.check_named(server, place)
                self.check_whole(client)

    def test_a_tool_that_throws_is_an_error_to_its_model(self):
        for place in AT_TOOL:
            with self.subTest(place):
                made = ToolServer(self, agents={name_of(place): throws(place)},
                                  settings={"plugin_faults": NO_LIMIT})
                message = wants([("boo", {})])
                client = made.client
                if place == "tool.cancel":
                    stream = client.run(client.interaction(), message, agent="assistant")
                    stream.until(lambda event: event.name == "tool.call")
                    client.post(f"/api/runs/{stream.headers['x-run-id']}/cancel")
                    events = stream.rest()
                else:
                    events = client.run(client.interaction(), message, agent="assistant").rest()
                    self.assertEqual(events[-1].name, "run.completed")
                self.assertRegex(events[-1].name, "run.(completed|cancelled)")
                self.check_named(made.server, place)

    def test_one_that_throws_when_it_is_destroyed_is_gone_all_the_same(self):
        server = self.serve(throwers(["destroy"]))
        client = server.client()

        answer = client.post("/api/admin/plugins/destroy/disable", {})

        self.assertEqual(answer.status, 200)
        eventually(lambda: self.listed(server)["destroy"]["state"] == "off", "it is off")
        eventually(lambda: f"plugin destroy: destroy {THROWN}" in server.read_log(), "it is named")
        self.check_whole(client)

    def test_an_exporter_that_throws_is_turned_off_and_not_called_any_more(self):
        server = Server(demo_config(plugins=throwers(["exporter.export_spans"]),
                                    plugin_faults={"limit": 1}, demo={"words": 5})).start()
        self.addCleanup(server.close)
        client = server.client()
        self.check_whole(client)
        name = "exporter-export-spans"
        plugin = eventually(lambda: (listed := self.listed(server)[name])["state"] == "off"
                            and listed, "it is off")
        self.assertIn(f"exporter.export_spans {THROWN}", plugin["reason"])
        dropped = "patchbay_spans_dropped_total"
        eventually(lambda: server.metrics()[dropped] > 0, "its spans are dropped")

        def a_run_records_nothing():
            recorded = server.metrics()["patchbay_spans_recorded_total"]
            self.check_whole(client)
            return server.metrics()["patchbay_spans_recorded_total"] == recorded

        eventually(a_run_records_nothing, "no spans are made for it any more")
        self.assertEqual(self.listed(server)[name]["faults"], 1)

    def test_middleware_that_throws_lets_nothing_pass(self):
        for place in AT_TURN:
            with self.subTest(place):
                server = self.serve(throwers([place]), middleware=[name_of(place)])
                client = server.client()

                answer = client.run(client.interaction(), "hello")

                if place == "middleware.on_request":
                    self.assertEqual(answer.status, 500)
                elif place == "middleware.cancel":
                    self.assertEqual(answer.status, 503)
                elif place == "middleware.close":
                    self.assertEqual(answer.rest()[-1].name, "run.completed")
                else:
                    self.assertEqual(answer.rest()[-1].name, "run.failed")
                self.check_named(server, place)

    def test_nobody_gets_in_by_an_auth_plugin_that_throws(self):
        for place in AT_CHECK:
            with self.subTest(place):
                server = self.serve(throwers([place]), auth=[name_of(place), "keys"])
                for key in ("slow", *([server.admin_key(), "nonsense"] if place == "auth.check"
                                      else [])):
                    answer = server.client(key).get("/api/interactions")

                    self.assertIn(answer.status, (500, 503), (key, answer.body))
                    self.assertIn(answer.json()["code"], ("internal", "unavailable"))
                self.check_named(server, place)


if __name__ == "__main__":
    unittest.main()
