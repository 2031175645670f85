"""A disk that refuses, for a while: a clear error, no crash, nothing lost, no gap, and it goes on later."""

import errno
import sqlite3
import unittest

from faults import FaultyServer
from harness import WAIT, demo_config, eventually, text_of

LONG = {"words": 200, "token_delay_ms": 5}
WRITE_FAULTS = {"full": 1, "write_error": errno.EIO}


class FailingDiskTest(unittest.TestCase):
    def setUp(self):
        self.server = FaultyServer(demo_config(demo=LONG,
                                               server={"drain_timeout_ms": 500})).start()
        self.addCleanup(self.server.close)
        self.addCleanup(self.server.faults.heal)
        self.client = self.server.client(self.server.key())
        self.interaction = self.client.interaction()

    def whole_answer(self):
        return text_of(self.client.run(self.client.interaction(), "hello").rest())

    def break_disk(self, name, value, *, enough=1):
        """Makes the disk refuse, until that was felt."""
        setattr(self.server.faults, name, value)
        self.server.wait_for_failures(enough)

    def assert_refuses_and_lives(self):
        """A full disk still takes what finds room in the pages that a file has already."""
        refused = eventually(self.refused_post, "posts are refused")
        self.assertEqual((refused.status, refused.json()["code"]), (503, "storage"))
        eventually(lambda: self.client.get("/readyz").status == 503, "it is said to be unhealthy")
        self.assertEqual(self.client.get("/livez").status, 200)

    def refused_post(self):
        answer = self.client.post("/api/interactions")
        return answer if answer.status != 201 else None

    def assert_goes_on(self):
        eventually(lambda: self.client.get("/readyz").status == 200, "the server is ready again")
        events = self.client.run(self.interaction, "again").rest()
        self.assertEqual(events[-1].name, "run.completed")

    # ---- in the middle of a stream ----

    def test_a_stream_goes_on_when_the_disk_takes_writes_again_soon(self):
        whole = self.whole_answer()
        for name, value in WRITE_FAULTS.items():
            with self.subTest(name):
                interaction = self.client.interaction()
                stream = self.client.run(interaction, "hello")
                shown = stream.until(lambda event: event.name == "delta")

                self.break_disk(name, value)
                self.assert_refuses_and_lives()
                self.server.faults.heal()
                shown += stream.rest()

                self.assertEqual([event.seq for event in shown], list(range(1, len(shown) + 1)))
                self.assertEqual(shown[-1].name, "run.completed")
                self.assertEqual(text_of(shown), whole)
                self.assert_goes_on()

    def test_a_stream_ends_with_an_error_when_the_disk_refuses_for_long_and_its_text_is_kept(self):
        stream = self.client.run(self.interaction, "hello")
        shown = stream.until(lambda event: event.name == "delta")

        self.break_disk("full", 1)
        rest = stream.rest_or_cut()
        self.server.faults.heal()
        log = eventually(lambda: self.ended_log(self.interaction), "the run has ended")

        self.assertEqual(rest[-1].name, "error")
        self.assertEqual(rest[-1].data["code"], "storage")
        shown += [event for event in rest if event.id is not None]
        self.assertEqual([event.seq for event in log], list(range(1, len(log) + 1)))
        self.assertEqual([event.text for event in log[:len(shown)]],
                         [event.text for event in shown])
        self.assertEqual(log[-1].name, "run.failed")
        kept = self.client.messages(self.interaction)[-1]
        self.assertEqual(kept["status"], "partial")
        self.assertEqual(kept["content"][0]["text"], text_of(log))
        self.assert_goes_on()

    def ended_log(self, interaction):
        log = self.client.events(interaction).rest()
        return log if log[-1].name.startswith("run.") else None

    # ---- reading ----

    def test_what_cannot_be_read_is_a_503_and_never_a_404_and_live_streams_go_on(self):
        run = self.client.run(self.interaction, "hello")
        run_id = run.headers["x-run-id"]
        run.rest()
        live = self.client.run(self.client.interaction(), "hello")
        live.until(lambda event: event.name == "delta")
        own = f"/api/interactions/{self.interaction}"

        self.server.faults.read_error = errno.EIO
        answers = [self.client.get(own), self.client.get(f"{own}/messages"),
                   self.client.get(f"{own}/events?after=0"), self.client.get(f"/api/runs/{run_id}"),
                   self.client.get("/api/interactions"),
                   self.client.post(f"/api/runs/{run_id}/cancel"),
                   self.client.post("/api/stream/stream-conversation", {"message": "hello"},
                                    {"Last-Event-ID": f"{run_id}:1"})]
        rest = live.rest()
        self.server.faults.heal()

        refused = [answer for answer in answers if answer.status != 200]  # some pages are in memory
        self.assertTrue(refused)
        for answer in refused:
            self.assertEqual((answer.status, answer.json()["code"]), (503, "storage"))
        self.assertEqual(rest[-1].name, "run.completed")
        self.assertEqual(len(self.client.messages(self.interaction)), 2)
        self.assert_goes_on()

    # ---- another program has the database ----

    def test_a_stream_waits_while_another_program_locks_the_database(self):
        whole = self.whole_answer()
        stream = self.client.run(self.interaction, "hello")
        shown = stream.until(lambda event: event.name == "delta")
        other = sqlite3.connect(self.server.data / "patchbay.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        self.assertEqual(self.client.get("/livez").status, 200)
        eventually(lambda: "is locked by another program" in self.server.read_log(), "it is said")
        other.execute("ROLLBACK")
        shown += stream.rest()

        self.assertEqual([event.seq for event in shown], list(range(1, len(shown) + 1)))
        self.assertEqual(text_of(shown), whole)
        other.close()

    def test_a_program_that_reads_the_database_keeps_no_server_from_starting(self):
        self.client.run(self.interaction, "hello").rest()
        other = sqlite3.connect(self.server.data / "patchbay.db", isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM runs").fetchone()
        self.server.kill()

        self.server.start()

        self.client.port = self.server.port
        self.assert_goes_on()
        other.close()

    # ---- starting and stopping ----

    def refused_start(self):
        self.server.start(expect_ready=False)
        self.assertEqual(self.server.process.wait(WAIT), 1)
        self.server.process.stdout.close()
        return self.server.read_log().splitlines()[-1]

    def test_a_start_that_the_disk_refuses_is_a_sentence_and_loses_nothing(self):
        self.client.run(self.interaction, "hello").rest()
        self.server.kill()
        sentences = {
            ("full", 1): r"data cannot be used \(No space left.*free some space",
            ("write_error", errno.EROFS): r"data cannot be used \(Read-only.*make it writable",
            ("read_error", errno.EIO): r"patchbay\.db cannot be read.*look after the disk",
            ("open_error", errno.EMFILE): r"Too many open files.*raise the limit",
            ("open_error", errno.EACCES): r"Permission denied.*make it writable",
            ("sync_error", errno.EIO): r"data cannot be used \(Input/output.*look after the disk",
        }
        for (name, value), sentence in sentences.items():
            with self.subTest(name):
                setattr(self.server.faults, name, value)

                self.assertRegex(self.refused_start(), sentence)
                self.server.faults.heal()

        self.server.start()
        self.client.port = self.server.port
        log = self.client.events(self.interaction).rest()
        self.assertEqual([event.seq for event in log], list(range(1, len(log) + 1)))
        self.assertEqual(log[-1].name, "run.completed")
        self.assert_goes_on()

    def test_a_start_on_a_database_that_another_program_writes_to_is_a_sentence(self):
        self.server.kill()
        other = sqlite3.connect(self.server.data / "patchbay.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        self.assertRegex(self.refused_start(), "patchbay.db is locked by another program: stop it")

        other.close()
        self.server.start()

    def test_a_first_start_that_the_disk_refuses_is_a_sentence_and_the_next_one_works(self):
        for name, value in {**WRITE_FAULTS, "sync_error": errno.EIO}.items():
            with self.subTest(name):
                server = FaultyServer()
                self.addCleanup(server.close)
                setattr(server.faults, name, value)
                server.start(expect_ready=False)
                self.assertEqual(server.process.wait(WAIT), 1)
                server.process.stdout.close()
                self.assertIn(str(server.data), server.read_log().splitlines()[-1])
                server.faults.heal()

                server.start()

                self.assertEqual(server.client().get("/readyz").status, 200)

    def test_a_server_stops_in_time_on_a_disk_that_refuses_and_its_runs_go_on_later(self):
        whole = self.whole_answer()
        # Not "full": what finds room in pages that are there is written, as the run's end may be.
        for name, value in [("write_error", errno.ENOSPC), ("write_error", errno.EIO),
                            ("sync_error", errno.EIO)]:
            with self.subTest(name, value=value):
                interaction = self.client.interaction()
                stream = self.client.run(interaction, "hello")
                shown = stream.until(lambda event: event.name == "delta")
                self.break_disk(name, value)

                code = self.server.stop()
                self.server.faults.heal()
                self.server.start()
                self.client.port = self.server.port
                rest = self.client.events(interaction, after=shown[-1].seq).rest()

                self.assertEqual(code, 0)
                self.assertEqual(rest[-1].name, "run.completed")
                self.assertEqual(text_of(shown + rest), whole)

    # ---- commands ----

    def test_a_backup_that_finds_no_room_is_a_sentence_and_leaves_nothing(self):
        admin = self.server.client()
        backup = {"path": str(self.server.data / "backup.db")}
        self.server.faults.full = 1

        refused = admin.post("/api/admin/backup", backup)
        self.server.faults.heal()

        self.assertEqual(refused.status, 503)
        self.assertIn("no space is left", refused.json()["error"])
        self.assertEqual([path.name for path in self.server.data.glob("backup*")], [])
        self.assertEqual(admin.post("/api/admin/backup", backup).status, 200)


if __name__ == "__main__":
    unittest.main()
