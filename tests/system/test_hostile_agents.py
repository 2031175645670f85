"""Agents that end their child while it speaks, or ask themselves: the server and others live on."""

import unittest

from harness import BUILD, Server, demo_config, text_of

FIXTURES = BUILD.resolve() / "tests" / "plugins"
STOP, CANCELLED, ERROR = 1, 6, 7


def quitter(does, agent="chat"):
    return {"library": str(FIXTURES / "fixture_quitter.so"), "config": {"does": does, "agent": agent}}


class HostileAgentTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(demo_config(plugins={
            "cancels": quitter("cancels"), "throws": quitter("throws"),
            "finishes": quitter("finishes"), "deep": quitter("cancels", "assistant"),
            "itself": quitter("listens", "itself"), "batch": quitter("nothing"),
            "late": {"library": str(FIXTURES / "fixture_payer.so"), "config": {"role": "late"}},
            "chat": {"library": "patchbay_agent_chat"},
            "assistant": {"library": "patchbay_agent_assistant"}},
            plugin_faults={"limit": 0})).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()

    def ask(self, agent, model="demo/demo"):
        events = self.client.run(self.client.interaction(), "hello", agent=agent, model=model).rest()
        after = self.client.run(self.client.interaction(), "hello", model="demo/demo").rest()
        self.assertEqual(after[-1].name, "run.completed", "the server lives on")
        return events

    def test_a_child_that_is_cancelled_within_its_own_events_says_nothing_more(self):
        for model in ("demo/demo", "batch/any"):  # the second: a text and a tool call at once
            for agent in ("cancels", "deep"):
                with self.subTest(agent=agent, model=model):
                    events = self.ask(agent, model)

                    self.assertEqual(events[-1].name, "run.completed")
                    self.assertEqual(text_of(events), f" reason {CANCELLED}, told 1")

    def test_an_agent_that_asks_for_tools_after_its_cancel_gets_none(self):
        stream = self.client.run(self.client.interaction(), "hello", agent="late")
        run = stream.headers["x-run-id"]

        self.assertEqual(self.client.post(f"/api/runs/{run}/cancel").status, 200)

        self.assertEqual(stream.rest()[-1].name, "run.cancelled")
        after = self.client.run(self.client.interaction(), "hello", model="demo/demo").rest()
        self.assertEqual(after[-1].name, "run.completed", "the server lives on")

    def test_an_exception_from_events_fails_the_run_alone(self):
        for model in ("demo/demo", "batch/any"):
            events = self.ask("throws", model)

            self.assertEqual(events[-1].name, "run.failed")

    def test_an_agent_may_finish_within_the_events_of_its_child(self):
        for model in ("demo/demo", "batch/any"):
            events = self.ask("finishes", model)

            self.assertEqual(events[-1].name, "run.completed")

    def test_an_agent_that_asks_itself_hears_its_child_after_emit_has_returned(self):
        events = self.ask("itself")

        self.assertEqual(events[-1].name, "run.completed")
        text = text_of(events)
        self.assertTrue(text.startswith("one two three reason "), text)
        self.assertIn(f"reason {STOP}", text)
        self.assertNotIn("nested", text)

    def ask_teller(self, asker="asker", runs=None, **config):
        """Whom `asker` asks tells results: not read yet."""
        teller = {"library": str(FIXTURES / "fixture_teller.so"),
                  "config": {"child": "teller", **config}}
        server = Server(demo_config(plugins={"teller": teller, "asker": teller},
                                    plugin_faults={"limit": 0}, runs=runs or {})).start()
        self.addCleanup(server.close)
        client = server.client()
        return server, client.run(client.interaction(), "go", agent=asker)

    def test_the_tools_of_a_child_that_fill_the_log_make_it_pause(self):
        count = 100
        for forward in (False, True):
            for asker in ("asker", "teller"):  # the latter asks itself
                with self.subTest(forward=forward, asker=asker):
                    events = self.ask_teller(asker, count=count, forward=forward)[1].rest()

                    self.assertEqual(len([e for e in events if e.name == "tool.result"]), count)
                    heard = 0 if forward else count
                    self.assertEqual(text_of(events), f"paused, heard {heard}, reason {STOP}")
                    self.assertEqual(events[-1].name, "run.completed")

    def test_the_tools_of_a_child_wait_for_who_does_not_read(self):
        for forward in (False, True):
            for asker in ("asker", "teller"):
                with self.subTest(forward=forward, asker=asker):
                    server, stream = self.ask_teller(asker, {"timeout_ms": 2000}, count=50_000,
                                                     forward=forward)

                    run = server.client().wait_for_run(stream.headers["x-run-id"])

                    self.assertEqual(run["status"], "cancelled", "its time was up")
                    size = sum(file.stat().st_size for file in server.data.iterdir())
                    self.assertLess(size, 16 * 2**20, "of 200 MiB")

    def test_a_child_that_goes_on_with_its_tools_when_it_is_to_pause_is_ended(self):
        for forward in (False, True):
            with self.subTest(forward=forward):
                events = self.ask_teller(count=10_000, forward=forward, heeds=False)[1].rest()

                self.assertLess(len([e for e in events if e.name == "tool.result"]), 100)
                self.assertRegex(text_of(events), f"^, heard [0-9]+, reason {ERROR}$")
                self.assertEqual(events[-1].name, "run.completed")


if __name__ == "__main__":
    unittest.main()
