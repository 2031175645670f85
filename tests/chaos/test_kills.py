"""B1 and B2: kill -9 at random points under load, again and again, on one data folder."""

import random
import threading
import time
import unittest

from counts import SEED, count
from harness import Client, Cut, Server, demo_config, eventually, text_of

CONFIG = demo_config(demo={"words": 120, "token_delay_ms": 1, "first_token_ms": 2})
CLIENTS = 6


class Witness(threading.Thread):
    """Asks, reads until the kill, and remembers what it was shown."""

    def __init__(self, port, key, question, dice):
        super().__init__()
        self.client = Client(port, key, timeout=20)
        self.question, self.dice = question, dice
        self.interaction, self.run_id, self.shown, self.answered = None, None, [], False

    def run(self):
        try:
            self.interaction = self.client.interaction()
            stream = self.client.run(self.interaction, self.question,
                                     on_crash=self.dice.choice(["continue", "continue",
                                                                "regenerate", "settle"]))
            self.answered = stream.status == 200
            self.run_id = stream.headers.get("x-run-id")
            while (event := stream.next()) is not None:
                self.shown.append(event)
        except (Cut, OSError, ValueError, AssertionError):
            pass  # the kill


class KillTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(CONFIG).start()
        self.addCleanup(self.server.close)
        self.key = self.server.key()
        self.dice = random.Random(SEED)

    def one_kill(self, index):
        witnesses = [Witness(self.server.port, self.key, f"question {index}.{n}", self.dice)
                     for n in range(CLIENTS)]
        for witness in witnesses:
            witness.start()
        time.sleep(self.dice.uniform(0.0, 0.2))  # a random point: the test's input, not a wait
        self.server.kill()
        for witness in witnesses:
            witness.join()
        self.server.start()
        client = self.server.client(self.key)
        for witness in witnesses:
            self.check(client, witness)

    def check(self, client, witness):
        if not witness.answered:
            return
        events = client.events(witness.interaction).rest()
        log = {event.seq: event for event in events}
        self.assertEqual(sorted(log), list(range(1, len(log) + 1)))
        self.assertEqual(log[1].data["content"][0]["text"], witness.question)
        for event in witness.shown:
            self.assertEqual(log[event.seq].text, event.text)
        outcome = events[-1]
        if outcome.name == "run.completed":
            final = next(e for e in events if e.name == "message.completed")
            self.assertEqual(text_of(events), final.data["content"][0]["text"])
            self.assertEqual(final.data["content"][0]["text"], self.whole_answer(client, witness))
        else:
            self.assertEqual(outcome.name, "run.interrupted")
        self.assertEqual(client.wait_for_run(witness.run_id)["last_seq"], len(log))

    def whole_answer(self, client, witness):
        """What an uninterrupted run answers to the same question."""
        events = client.run(client.interaction(), witness.question).rest()
        return next(e for e in events if e.name == "message.completed").data["content"][0]["text"]

    def test_every_event_that_a_client_received_is_in_the_log_after_a_kill(self):
        kills = count(500)
        for index in range(kills):
            with self.subTest(kill=index):
                self.one_kill(index)
        eventually(lambda: self.server.metrics()["patchbay_runs_open"] == 0, "all runs settled")
        print(f"{kills} kills, {kills * CLIENTS} clients: delivered ⊆ durable", flush=True)


if __name__ == "__main__":
    unittest.main()
