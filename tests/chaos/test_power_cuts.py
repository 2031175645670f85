"""B6: power cuts at random changes of the disk, which may keep, lose or tear what was not synced."""

import random
import threading
import time
import unittest

from counts import FULL, SEED, count, repeat
from fake_upstream import DONE, FakeUpstream, chunk, config
from faults import FaultyServer
from harness import Client, Cut, demo_config, eventually, text_of

MODELS = ["demo/demo", "demo/demo", "upstream/fake"]  # the last one calls a tool in the end
DEMO = {"words": 120, "token_delay_ms": 1, "first_token_ms": 2}
CLIENTS = 6
QUESTIONS = 16  # different ones: what is the whole answer to each is asked once
LAST_CHANGE = 500  # a cut comes so many changes after the clients have begun, at most
LAST_CHANGE_OF_START = 60
CHANGES_OF_FIRST_START = 150


def call_a_tool(connection):
    """An upstream's answer: some words, then a tool call."""
    connection.begin()
    for index in range(40):
        connection.piece(chunk(f"word{index} "))
        time.sleep(0.001)
    call = {"index": 0, "id": "call_1", "function": {"name": "look", "arguments": "{}"}}
    connection.piece(chunk(tool_calls=[call]))
    connection.piece(chunk(finish_reason="tool_calls"))
    connection.piece(DONE)
    connection.finish()


class Witness(threading.Thread):
    """Asks, reads until the cut, and remembers what it was shown."""

    def __init__(self, port, key, question, model, on_crash, idempotency_key):
        super().__init__()
        self.client = Client(port, key, timeout=20)
        self.idempotency_key = idempotency_key
        self.request = {"message": question, "model": model, "on_crash": on_crash}
        self.interaction, self.run_id, self.shown = None, None, []

    def run(self):
        try:
            self.interaction = self.client.interaction()
            stream = self.post(self.client)
            self.run_id = stream.headers.get("x-run-id") if stream.status == 200 else None
            while (event := stream.next()) is not None:
                self.shown.append(event)
        except (Cut, OSError, ValueError, AssertionError):
            pass  # the cut

    def post(self, client):
        return client.stream("POST", f"/api/interactions/{self.interaction}/runs", self.request,
                             {"Idempotency-Key": self.idempotency_key})


class PowerCutTest(unittest.TestCase):
    def serve(self, durability):
        self.dice = random.Random(f"{SEED} {durability}")
        upstream = FakeUpstream(call_a_tool)
        self.addCleanup(upstream.close)
        self.server = FaultyServer(config(upstream, demo=DEMO, store={"durability": durability}))
        self.addCleanup(self.server.close)
        self.server.start()
        self.key = self.server.key()
        self.answers = {}  # (model, question) -> what an uninterrupted run answers
        self.lost = 0      # events that were shown and are not in the log
        self.tool_calls = 0  # that were shown

    def start(self):
        """Starts the server, through some further cuts."""
        while self.dice.random() < 0.3:
            self.server.seed = self.dice.getrandbits(32)
            if self.server.starts_before(self.dice.randint(1, LAST_CHANGE_OF_START)):
                return
        self.server.seed = self.dice.getrandbits(32)
        self.server.start()

    def one_cut(self, index):
        witnesses = [Witness(self.server.port, self.key,
                             f"question {self.dice.randint(1, QUESTIONS)}",
                             self.dice.choice(MODELS),
                             self.dice.choice(["continue", "continue", "regenerate", "settle"]),
                             f"key {index}.{n}")
                     for n in range(CLIENTS)]
        self.server.faults.cut_after = self.dice.randint(1, LAST_CHANGE)
        for witness in witnesses:
            witness.start()
        for witness in witnesses:
            witness.join()
        self.server.cut_power()  # the clients may be done before
        self.start()
        client = self.server.client(self.key)
        for witness in witnesses:
            self.check(client, witness)

    def check(self, client, witness):
        if not witness.run_id:
            return
        repeated = witness.post(client)
        self.assertEqual(repeated.headers.get("x-run-id"), witness.run_id)
        repeated.close()
        events = client.events(witness.interaction).rest()
        self.assertEqual([event.seq for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(events[0].name, "message.user")
        self.assertEqual(events[0].data["content"][0]["text"], witness.request["message"])
        self.check_shown(witness.shown, events)
        outcome = events[-1]
        if outcome.name == "run.completed":
            final = next(e for e in events if e.name == "message.completed")
            self.assertEqual(text_of(events), final.data["content"][0]["text"])
            self.assertEqual(final.data["content"][0]["text"],
                             self.whole_answer(client, witness.request))
        else:
            self.assertEqual(outcome.name, "run.interrupted")
        self.assertEqual(client.wait_for_run(witness.run_id)["last_seq"], len(events))

    def check_shown(self, shown, log):
        """All of it, or under `crash`, all up to the last synced event and no other in its place."""
        known = {event.text for event in shown}
        news = next((event.seq for event in log if event.text not in known
                     and event.name in ("run.recovered", "run.interrupted")), len(log) + 1)
        kept = [event for event in shown if event.seq < news]
        for event in kept:
            self.assertEqual(log[event.seq - 1].text, event.text)
        self.lost += len(shown) - len(kept)
        self.tool_calls += sum(event.name == "tool.call" for event in shown)
        synced = [event.seq for event in shown if event.name != "delta"]
        self.assertEqual(synced, [event.seq for event in kept if event.name != "delta"])

    def whole_answer(self, client, request):
        asked = (request["model"], request["message"])
        if asked not in self.answers:
            events = client.run(client.interaction(), asked[1], model=asked[0]).rest()
            self.answers[asked] = text_of(events)
        return self.answers[asked]

    def cut_again_and_again(self, cuts):
        repeat(cuts, self.one_cut)
        eventually(lambda: self.server.metrics()["patchbay_runs_open"] == 0, "all runs settled")

    def test_under_power_loss_every_event_that_a_client_received_is_in_the_log(self):
        self.serve("power_loss")

        self.cut_again_and_again(count(250))

        self.assertEqual(self.lost, 0)
        self.assertGreater(self.tool_calls, 0)

    def test_under_crash_messages_and_outcomes_survive_and_the_text_becomes_whole_again(self):
        self.serve("crash")

        self.cut_again_and_again(count(250))

        # A disk that loses nothing would prove nothing.
        print(f"of tokens that were shown, {self.lost} were lost with the power", flush=True)
        self.assertGreater(self.lost, 0)
        self.assertGreater(self.tool_calls, 0)


class FirstStartTest(unittest.TestCase):
    def test_after_a_cut_in_the_first_start_the_server_starts_and_the_admin_gets_in(self):
        repeat(count(CHANGES_OF_FIRST_START), self.cut_first_start)

    def cut_first_start(self, index):
        change = index + 1 if FULL else 10 * index + 1
        server = FaultyServer(demo_config())
        self.addCleanup(server.close)
        server.seed = SEED + change
        known = None
        if server.starts_before(change):
            known = server.admin_key()
            server.cut_power()

        server.start()

        self.assertEqual(server.client(known).get("/api/metrics").status, 200)
        self.assertEqual(server.client().get("/api/metrics").status, 200)
        server.close()


if __name__ == "__main__":
    unittest.main()
