"""Backups of a busy server: each is whole, a prefix of what came later, and a server goes on from it."""

import json
import shutil
import sqlite3
import threading
import unittest

from harness import Cut, Server, demo_config, eventually, text_of

CONFIG = demo_config(demo={"words": 60, "token_delay_ms": 1, "first_token_ms": 1})
CLIENTS = 6
BACKUPS = 3


class Load(threading.Thread):
    """Talks in conversation after conversation until it is told to stop."""

    def __init__(self, client, stop):
        super().__init__()
        self.client, self.stopping, self.turns, self.failed = client, stop, 0, None

    def run(self):
        try:
            while not self.stopping.is_set():
                interaction = self.client.interaction()
                for message in ("hello", "and then?", "and in the end?"):
                    self.client.run(interaction, message).rest()
                    self.turns += 1
        except (Cut, OSError, AssertionError) as error:
            self.failed = error


class BackupUnderLoadTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(CONFIG).start()
        self.addCleanup(self.server.close)
        self.key = self.server.key()

    def back_up_under_load(self):
        """The backups' paths; the load has ended, and so have its runs, when this returns."""
        stop = threading.Event()
        loads = [Load(self.server.client(self.key), stop) for _ in range(CLIENTS)]
        for load in loads:
            load.start()
        paths = []
        for index in range(BACKUPS):
            wanted = sum(load.turns for load in loads) + 2 * CLIENTS
            eventually(lambda: sum(load.turns for load in loads) >= wanted, "turns are answered")
            paths.append(self.server.folder / f"backup{index}.db")
            self.server.run("backup", str(paths[-1]))
        stop.set()
        for load in loads:
            load.join()
            self.assertIsNone(load.failed)
        return paths

    def restore(self, backup):
        """A server that has not been started, whose data is this backup."""
        restored = Server(CONFIG)
        self.addCleanup(restored.close)
        restored.data.mkdir(mode=0o700)
        shutil.copy(backup, restored.data / "patchbay.db")
        return restored

    def log_in(self, server, interaction):
        """As `patchbay events` prints it: without a server, from the file alone."""
        lines = server.run("events", interaction).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def interactions_of(self, backup):
        with sqlite3.connect(backup) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            ids = [row[0].hex() for row in database.execute("SELECT id FROM interactions")]
            open_runs = database.execute("SELECT count(*) FROM runs WHERE status <= 3").fetchone()[0]
        database.close()
        return ["-".join((i[:8], i[8:12], i[12:16], i[16:20], i[20:])) for i in ids], open_runs

    def check_logs(self, restored, interactions):
        """Whole, and the beginning of what the original has."""
        for interaction in interactions:
            kept, original = self.log_in(restored, interaction), self.log_in(self.server, interaction)
            self.assertEqual([event["seq"] for event in kept], list(range(1, len(kept) + 1)))
            self.assertEqual(kept, original[:len(kept)])

    def check_that_it_goes_on(self, restored, interactions):
        restored.start()
        client = restored.client(self.key)  # the keys are in the backup, too
        for interaction in interactions:
            log = client.events(interaction).rest()
            self.assertEqual([event.seq for event in log], list(range(1, len(log) + 1)))
            for event in log:
                if event.name == "message.completed":
                    run = [e for e in log if e.data["run_id"] == event.data["run_id"]]
                    self.assertEqual(text_of(run), event.data["content"][0]["text"])
        for interaction in interactions[-CLIENTS:]:
            events = client.run(interaction, "do you go on?").rest()
            self.assertEqual(events[-1].name, "run.completed")

    def test_each_backup_is_a_whole_prefix_and_a_server_goes_on_from_it(self):
        backups = self.back_up_under_load()
        self.server.stop()

        open_runs = 0
        for backup in backups:
            interactions, open_in_it = self.interactions_of(backup)
            self.assertGreaterEqual(len(interactions), CLIENTS)
            open_runs += open_in_it
            restored = self.restore(backup)
            self.check_logs(restored, interactions)
            self.check_that_it_goes_on(restored, interactions)

        self.assertGreater(open_runs, 0, "no backup was taken in the middle of an answer")


if __name__ == "__main__":
    unittest.main()
