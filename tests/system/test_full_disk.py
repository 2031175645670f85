"""A disk that fills up in mid-stream: a clear error, nothing accepted is lost, and it goes on later."""

import threading
import unittest

from harness import Cut, Server, demo_config, eventually, text_of

FULL = 1024 * 1024  # bytes of the largest file


class FullDiskTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(demo_config(demo={"words": 200, "token_delay_ms": 1})).start(
            file_bytes=FULL)
        self.addCleanup(self.server.close)
        self.client = self.server.client(self.server.key())
        self.lock = threading.Lock()
        self.refused = []   # what posts were answered when the disk was full
        self.accepted = {}  # interaction -> events shown

    def fill(self):
        """Posts runs until one is refused; keeps what was shown of the accepted ones."""
        while not self.refused:
            made = self.client.post("/api/interactions", {"metadata": {"x": "x" * 4000}})
            if made.status != 201:
                return self.note_refused(made)
            interaction = made.json()["id"]
            stream = self.client.run(interaction, "y" * 20000)
            if stream.status != 200:
                return self.note_refused(stream)
            shown = []
            with self.lock:
                self.accepted[interaction] = shown
            try:
                while (event := stream.next()) is not None:
                    shown.append(event)
            except (Cut, OSError):
                pass  # cut, because the outcome cannot be written: the log has it later

    def note_refused(self, answer):
        body = answer.json() if hasattr(answer, "json") else {}
        with self.lock:
            self.refused.append((answer.status, body))

    def test_posts_are_refused_what_was_accepted_is_whole_and_it_goes_on_when_there_is_room(self):
        threads = [threading.Thread(target=self.fill) for _ in range(12)]
        for thread in threads:
            thread.start()
        eventually(lambda: self.refused, "the disk is full")

        self.assertIsNone(self.server.process.poll(), self.server.read_log()[-3000:])
        self.assertEqual({status for status, _ in self.refused}, {503})
        self.assertEqual(self.client.get("/livez").status, 200)
        self.server.free_disk()
        for thread in threads:
            thread.join()

        eventually(lambda: self.client.run(self.client.interaction(), "again").status == 200,
                   "new runs are taken")
        for interaction, shown in self.accepted.items():
            log = eventually(lambda: self.ended_log(interaction), f"{interaction} has ended")
            self.assertEqual([event.seq for event in log], list(range(1, len(log) + 1)))
            stored = {event.seq: event.text for event in log}
            for event in shown:
                self.assertEqual(stored.get(event.seq), event.text)
            if log[-1].name == "run.completed":
                self.assertEqual(len(text_of(log).split()), 200)

    def ended_log(self, interaction):
        log = self.client.events(interaction).rest()
        return log if log and log[-1].name.startswith("run.") else None


if __name__ == "__main__":
    unittest.main()
