"""A hostile plugin hurts only itself: the server names it, and what others answer is whole."""

import re
import threading
import unittest

from harness import BUILD, Server, demo_config, eventually, text_of

FAULTY = BUILD.resolve() / "tests" / "faulty_plugins"

# What each does, and what the server says of it. Those that end in silence are cancelled.
FAULTS = {
    "throws": "let a C++ exception out",
    "finishes_twice": "called finish() twice",
    "emits_after_finish": "called emit() after finish()",
    "foreign_thread": "from a thread that is not its lane",
    "dead_handle": "with a stale handle",
    "blocks_lane": "held its lane for",
    "blocks_lane_long": "held its lane for",
    "invalid_utf8": "emitted",
    "broken_json": "emitted",
    "ignores_pause": "emitted more than 256 KiB after PAUSE",
    "ignores_cancel": "did not end within 5 s of cancel()",
    "never_finishes": None,  # it obeys the cancel, and is named when a run's time is up: below
}
CANCELLED = {"never_finishes", "ignores_cancel"}


class Talker(threading.Thread):
    """Somebody else's answers, one after the other, while the hostile plugin is asked."""

    def __init__(self, client):
        super().__init__()
        self.client, self.stop, self.answers, self.failed = client, threading.Event(), [], None

    def run(self):
        try:
            interaction = self.client.interaction()
            while not self.stop.is_set():
                events = self.client.run(interaction, "hello", model="demo/demo").rest()
                self.answers.append((events[-1].name, len(text_of(events).split())))
        except Exception as error:
            self.failed = error


class HostilePluginTest(unittest.TestCase):
    def setUp(self):
        plugins = {name: {"library": str(FAULTY / f"faulty_{name}.so")} for name in FAULTS}
        plugins["quiet"] = {"library": "patchbay_provider_demo", "config": {"words": 10}}
        self.server = Server(demo_config(plugins=plugins, plugin_faults={"limit": 0})).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()

    def ask(self, name):
        """Twice: one fault is about the answer before. What nobody ends is cancelled."""
        for _ in range(2):
            stream = self.client.run(self.client.interaction(), "hello", model=f"{name}/relentless")
            if name in CANCELLED:
                stream.until(lambda event: event.name == "delta")
                run = stream.headers["x-run-id"]
                self.assertEqual(self.client.post(f"/api/runs/{run}/cancel").status, 200)
            events = stream.rest()
            self.assertRegex(events[-1].name, "run.(completed|failed|cancelled)", name)

    def test_middleware_that_talks_nonsense_lets_nothing_pass(self):
        said = {"request": "on_request() returned a status that it does not have",
                "verdict": "gave an invalid verdict",
                "content": "gave an invalid verdict",
                "events": "on_events() returned a status that it does not have",
                "end": "let a C++ exception out: at the end",
                "flood": "emitted more than 1 MiB in one call"}
        odd = str(BUILD.resolve() / "tests" / "plugins" / "fixture_odd_middleware.so")
        for mode, words in said.items():
            with self.subTest(mode):
                server = Server(demo_config(
                    plugins={"odd": {"library": odd, "config": {"mode": mode}}},
                    middleware=["odd"], plugin_faults={"limit": 0})).start()
                self.addCleanup(server.close)
                client = server.client()

                answer = client.run(client.interaction(), "hello")

                if mode in ("request", "verdict", "content"):
                    self.assertEqual(answer.status, 500)
                else:
                    self.assertEqual(answer.rest()[-1].name, "run.failed")
                faults = client.get("/api/admin/plugins/odd").json()["newest_faults"]
                self.assertIn(words, faults[-1]["text"])

    def faults_of(self, name):
        return self.client.get(f"/api/admin/plugins/{name}").json()

    def test_one_that_never_finishes_is_named_when_the_time_of_its_run_is_up(self):
        server = Server(demo_config(
            plugins={"endless": {"library": str(FAULTY / "faulty_never_finishes.so")}},
            runs={"timeout_ms": 1000})).start()
        self.addCleanup(server.close)
        client = server.client()
        said = "had not finished its answer when the time of its run was up"

        events = client.run(client.interaction(), "hello", model="endless/any").rest()

        self.assertEqual(events[-1].name, "run.cancelled")
        plugin = client.get("/api/admin/plugins/endless").json()
        self.assertIn(said, [fault["text"] for fault in plugin["newest_faults"]])
        self.assertNotIn(said, client.get("/api/admin/plugins/chat").body.decode())
        self.assertIn(f"plugin endless: {said}", server.read_log())
        self.assertRegex(server.read_log(), "run .*: chat did not end within 1000 ms")

    def test_one_that_waits_for_its_reader_is_not_blamed_when_the_time_is_up(self):
        server = Server(demo_config(demo={"words": 100_000, "token_delay_ms": 0},
                                    runs={"timeout_ms": 2000})).start()
        self.addCleanup(server.close)
        client = server.client()
        stream = client.run(client.interaction(), "hello")  # which nobody reads

        run = client.wait_for_run(stream.headers["x-run-id"])

        self.assertEqual(run["status"], "cancelled")
        self.assertNotIn("had not finished", server.read_log())

    def test_each_is_named_and_others_answers_stay_whole(self):
        talkers = [Talker(self.server.client(self.client.key)) for _ in range(3)]
        for talker in talkers:
            talker.start()

        for name in FAULTS:
            self.ask(name)
        for name, said in FAULTS.items():
            if said is None:
                continue
            eventually(lambda: any(said in fault["text"]
                                   for fault in self.faults_of(name)["newest_faults"]),
                       f"{name} is named: {said}")
            named = re.compile(f"plugin {name}: .*{re.escape(said)}")
            eventually(lambda: named.search(self.server.read_log()), f"the log names {name}")

        for talker in talkers:
            eventually(lambda: talker.failed or len(talker.answers) > 3, "others are answered")
            talker.stop.set()
            talker.join()
            self.assertIsNone(talker.failed)
            self.assertEqual(set(talker.answers), {talker.answers[0]})
            self.assertEqual(talker.answers[0][0], "run.completed")
        faults = self.faults_of("demo")["newest_faults"]
        slow = "held its lane"  # a busy machine's doing
        self.assertEqual([fault["text"] for fault in faults if slow not in fault["text"]], [])
        self.assertEqual(self.client.get("/readyz").status, 200)


if __name__ == "__main__":
    unittest.main()
