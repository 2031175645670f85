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
        self.full = threading.Event()
        self.refused = set()  # statuses of posts while the disk was full
        self.accepted = {}    # interaction -> events of the log that were shown

    def fill(self):
        """Posts runs until one is refused; keeps what was shown of the accepted ones."""
        while not self.full.is_set():
            made = self.client.post("/api/interactions", {"metadata": {"x": "x" * 4000}})
            stream = made.status == 201 and self.client.run(made.json()["id"], "y" * 20000)
            if not stream or stream.status != 200:
                return self.refused.add(stream.status if stream else made.status)
            shown = []
            with self.lock:
                self.accepted[made.json()["id"]] = shown
            try:
                while (event := stream.next()) is not None:
                    if event.id is not None:  # the error that ends a stream has none
                        shown.append(event)
            except (Cut, OSError):
                pass  # cut, because the outcome cannot be written: the log has it later

    def is_full(self):
        status = self.client.post("/api/interactions").status
        if status != 201:
            self.refused.add(status)
            self.full.set()
        return self.full.is_set()

    def test_posts_are_refused_what_was_accepted_is_whole_and_it_goes_on_when_there_is_room(self):
        threads = [threading.Thread(target=self.fill) for _ in range(12)]
        for thread in threads:
            thread.start()
        eventually(self.is_full, "the disk is full")

        self.assertIsNone(self.server.process.poll(), self.server.read_log()[-3000:])
        self.assertEqual(self.client.get("/livez").status, 200)
        self.server.free_disk()
        for thread in threads:
            thread.join()
        self.assertEqual(self.refused, {503})

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
