"""SIGSTOP and SIGCONT: what came meanwhile counts, and nothing ends that has not ended by itself."""

import signal
import threading
import unittest

from counts import count
from fake_upstream import DONE, FakeUpstream, chunk, config
from harness import Server, Stream, demo_config, eventually, text_of

STOPPED = count(30)  # seconds
SHORT = 1000  # milliseconds: every limit on the silence of others is shorter than the stop
WORDS = 20


class StoppedTest(unittest.TestCase):
    def setUp(self):
        self.upstream = FakeUpstream(self.answer_in_two_halves)
        self.addCleanup(self.upstream.close)
        self.stopped = threading.Event()
        limits = {"first_byte_timeout_ms": SHORT, "idle_timeout_ms": SHORT}
        self.server = Server(config(self.upstream, limits, server={
            "heartbeat_ms": 300, "stall_timeout_ms": SHORT, "head_timeout_ms": SHORT,
            "body_timeout_ms": SHORT}, demo={"words": 400, "token_delay_ms": 5})).start()
        self.addCleanup(self.server.close)
        self.addCleanup(lambda: self.server.process.send_signal(signal.SIGCONT))
        self.client = self.server.client(self.server.key())

    def answer_in_two_halves(self, connection):
        """The second one comes while the server is stopped."""
        connection.begin()
        for index in range(WORDS // 2):
            connection.piece(chunk(f"word{index} "))
        self.stopped.wait()
        for index in range(WORDS // 2, WORDS):
            connection.piece(chunk(f"word{index} "))
        connection.piece(chunk(finish_reason="stop"))
        connection.piece(DONE)
        connection.finish()

    def stop_for_a_while(self, half=None, rest=b""):
        """Stops the server; the upstream and a client that has sent half a request go on."""
        self.server.process.send_signal(signal.SIGSTOP)
        state = f"/proc/{self.server.process.pid}/stat"
        eventually(lambda: open(state).read().rsplit(")", 1)[1].split()[0] == "T", "it is stopped")
        if half:
            half.sendall(rest)
        self.stopped.set()
        threading.Event().wait(STOPPED)  # this time is the fault
        self.server.process.send_signal(signal.SIGCONT)

    def test_streams_go_on_and_nobody_is_timed_out_for_what_came_meanwhile(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello")
        shown = stream.until(lambda event: event.name == "delta")
        others = [self.client.events(interaction) for _ in range(5)]
        demo = self.client.run(self.client.interaction(), "hello", model="demo/demo")
        demo_shown = demo.until(lambda event: event.name == "delta")
        quiet = self.client.events(interaction, follow=1)
        request = self.client.bytes("GET", "/livez")
        half = self.client.send_bytes(request[:20])

        pings = stream.comments
        self.stop_for_a_while(half, request[20:])
        shown += stream.rest()
        demo_shown += demo.rest()

        for events in (shown, demo_shown, *(other.rest() for other in others)):
            self.assertEqual([event.seq for event in events], list(range(1, len(events) + 1)))
            self.assertEqual(events[-1].name, "run.completed", events[-1])
        self.assertEqual(text_of(shown), "".join(f"word{index} " for index in range(WORDS)))
        self.assertEqual(len(text_of(demo_shown).split()), 400)
        self.assertLessEqual(stream.comments - pings, 1)
        self.assertEqual(Stream(half).status, 200)
        following = quiet.until(lambda event: event.name == "run.completed")
        self.assertEqual([event.text for event in following], [event.text for event in shown])
        self.assertEqual(self.client.run(interaction, "again").rest()[-1].name, "run.completed")
        self.assertNotIn("has been blocking", self.server.read_log())

    def test_the_limit_of_a_run_counts_the_time_for_its_user_waits_all_the_same(self):
        timeout_ms = STOPPED * 500
        self.server.stop()
        self.server.write_config(demo_config(demo={"words": 10, "token_delay_ms": timeout_ms // 20},
                                             runs={"timeout_ms": timeout_ms}))
        self.server.start()
        self.client.port = self.server.port
        stream = self.client.run(self.client.interaction(), "hello")
        stream.until(lambda event: event.name == "delta")

        self.stop_for_a_while()

        last = stream.rest()[-1]
        self.assertEqual((last.name, last.data.get("by")), ("run.cancelled", "timeout"))


if __name__ == "__main__":
    unittest.main()
