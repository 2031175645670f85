"""A sync that fails loses what it should have written, though later ones succeed: then the power goes."""

import contextlib
import random
import sqlite3
import unittest

from counts import SEED, count, repeat
from faults import FaultyServer
from harness import Cut, demo_config, eventually

EIO = 5


class FailingSyncTest(unittest.TestCase):
    def serve(self, durability):
        self.dice = random.Random(f"{SEED} {durability}")
        self.server = FaultyServer(demo_config(demo={"words": 60, "token_delay_ms": 1},
                                               store={"durability": durability}))
        self.addCleanup(self.server.close)
        self.start()
        self.key = self.server.key()
        self.asked = []  # (interaction, what its client was shown)

    def start(self):
        self.server.seed = self.dice.getrandbits(32)
        self.server.start()

    def ask(self, events=None):
        """Reads so many events of a new run, or all."""
        client = self.server.client(self.key)
        interaction = client.interaction()
        stream = client.run(interaction, "hello")
        self.asked.append((interaction, stream.rest() if events is None else stream.take(events)))
        return stream

    def fail_syncs(self):
        """Syncs fail in a run's middle, and succeed again; nothing more is written all the same."""
        stream = self.ask(self.dice.randint(3, 30))
        self.server.faults.sync_error = EIO
        self.server.wait_for_failures()
        self.server.faults.heal()
        client = self.server.client(self.key)
        interaction, shown = self.asked[-1]
        refused = eventually(lambda: self.refused(client), "new runs are refused")
        self.assertEqual(refused.json()["code"], "storage")
        self.assertEqual(client.get("/readyz").status, 503)
        self.assertIn("failed to sync", self.server.read_log())
        log = client.events(interaction).take(len(shown))
        self.assertNotIn(None, log, self.server.read_log()[-3000:])
        self.assertEqual([event.text for event in log], [event.text for event in shown])
        stream.sock.setblocking(False)
        self.read_what_came(stream, shown)

    @staticmethod
    def refused(client):
        answer = client.post("/api/interactions")
        return answer if answer.status == 503 else None

    @staticmethod
    def read_what_came(stream, shown):
        try:
            while (event := stream.next()) is not None:
                shown.append(event)
        except (Cut, OSError):
            pass
        stream.close()

    def one_failure(self, _index):
        self.ask()
        self.fail_syncs()
        if self.dice.random() < 0.5:  # what the operator does, before the power goes
            self.server.kill_only()
            self.start()
            self.ask()
        self.server.cut_power()
        self.start()
        eventually(lambda: self.server.metrics()["patchbay_runs_open"] == 0, "all runs have ended")
        for interaction, shown in self.asked:
            log = self.server.client(self.key).events(interaction).rest()
            self.assertEqual([event.seq for event in log], list(range(1, len(log) + 1)))
            self.check(log, shown)
        self.asked = self.asked[-5:]

    def test_under_power_loss_what_was_shown_is_in_the_log(self):
        self.check = lambda log, shown: self.assertEqual([event.text for event in log[:len(shown)]],
                                                         [event.text for event in shown])
        self.serve("power_loss")

        repeat(count(100), self.one_failure)

    def test_under_crash_outcomes_that_were_shown_are_in_the_log(self):
        def check(log, shown):
            if shown[-1].name == "run.completed":
                self.assertEqual(log[-1].text, shown[-1].text)

        self.check = check
        self.serve("crash")

        repeat(count(100), self.one_failure)

    def one_cut_behind(self, _index, reader=None):
        """A failed sync, kill -9, and the power goes at some change of the restart, or behind it."""
        self.ask()
        whole = self.asked[-1]
        self.fail_syncs()
        if reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM runs").fetchone()
        self.server.kill_only()
        self.server.seed = self.dice.getrandbits(32)
        if self.server.starts_before(self.dice.randint(1, 45)):
            if self.dice.random() < 0.5:
                self.ask()
                whole = self.asked[-1]
            self.server.cut_power()
        self.start()
        client = self.server.client(self.key)
        log = client.events(whole[0]).rest()
        self.assertEqual([event.text for event in log], [event.text for event in whole[1]])
        self.asked.clear()

    def test_power_that_goes_while_the_server_comes_back_takes_nothing(self):
        self.serve("crash")

        repeat(count(100), self.one_cut_behind)

    def test_somebody_who_reads_meanwhile_changes_nothing(self):
        self.serve("crash")

        def one_with_reader(index):
            path = self.server.data / "patchbay.db"
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
                self.one_cut_behind(index, reader)

        repeat(count(30), one_with_reader)

    def test_readiness_says_so_with_the_first_refusal(self):
        self.serve("crash")
        client = self.server.client(self.key)

        self.server.faults.sync_error = EIO
        answer = client.post("/api/interactions")
        self.server.faults.heal()

        self.assertEqual(answer.status, 503)
        self.assertEqual(client.get("/readyz").status, 503)


if __name__ == "__main__":
    unittest.main()
