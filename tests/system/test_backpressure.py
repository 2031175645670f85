"""Viewers at different paces: the slow hold nobody up; when all stall the upstream is paused."""

import threading
import unittest

from fake_upstream import FakeUpstream, config, endless
from harness import SLOW, ServerTest, demo_config, eventually

ENDLESS = {"words": 100000}
TINY = 2048  # of a receive buffer
MIB = 1024 * 1024


def memory_of(server):
    """Resident bytes of the server."""
    with open(f"/proc/{server.process.pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


class PaceTest(ServerTest):
    config = demo_config(demo={"token_delay_ms": 0}, server={"stall_timeout_ms": 600000,
                                                             "drain_timeout_ms": 50})

    def test_a_slow_viewer_holds_nobody_up_and_memory_is_bounded(self):
        interaction = self.client.interaction()
        before = memory_of(self.server)
        fast = self.client.run(interaction, "hello", options=ENDLESS)
        slow = Trickle(self.client.send("GET", f"/api/interactions/{interaction}/events",
                                        receive_buffer=TINY))
        middle_at = fast.until(lambda event: event.name == "delta")[-1].seq
        middle = self.client.stream("GET", f"/api/interactions/{interaction}/events", None,
                                    {"Last-Event-ID": str(middle_at)})
        count = []
        reader = threading.Thread(target=lambda: count.append(len(middle.rest())))
        reader.start()

        events = fast.rest()
        reader.join()
        grown = memory_of(self.server) - before
        bytes_taken = slow.stop()

        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(count[0], events[-1].seq - middle_at)
        self.assertLess(bytes_taken, 10000)
        self.assertLess(grown, 48 * MIB * SLOW, f"after {events[-1].seq} events")

    def test_a_slow_viewer_gets_everything_in_the_end(self):
        interaction = self.client.interaction()
        fast = self.client.run(interaction, "hello", options={"words": 20000})
        slow = self.client.stream("GET", f"/api/interactions/{interaction}/events",
                                  receive_buffer=TINY)
        wanted = [event.seq for event in fast.rest()]

        self.assertEqual([event.seq for event in slow.rest()],
                         list(range(1, wanted[-1] + 1)))


class Trickle:
    """Takes a byte every 50 ms."""

    def __init__(self, sock):
        self.sock, self.taken, self.enough = sock, 0, threading.Event()
        self.thread = threading.Thread(target=self._take)
        self.thread.start()

    def _take(self):
        while not self.enough.wait(0.05):
            self.taken += len(self.sock.recv(1))

    def stop(self):
        self.enough.set()
        self.thread.join()
        self.sock.close()
        return self.taken


class BackpressureTest(ServerTest):
    def setUp(self):
        self.upstream = FakeUpstream(endless())
        self.addCleanup(self.upstream.close)
        self.config = config(self.upstream, server={"stall_timeout_ms": 600000,
                                                    "heartbeat_ms": 600000,  # bytes are answers
                                                    "drain_timeout_ms": 50})
        super().setUp()
        self.interaction = self.client.interaction()

    def stalled_viewer(self, **fields):
        return self.client.send("POST", f"/api/interactions/{self.interaction}/runs",
                                {"message": "hello", **fields}, receive_buffer=TINY)

    def standstill(self):
        """How much the upstream has sent, once it has sent nothing more for a second."""
        still = threading.Event()
        while True:
            before = self.upstream.sent
            still.wait(1)  # that nothing happens can only be seen by letting time pass
            if before > 0 and self.upstream.sent == before:
                return before
            self.assertLess(before, 32 * MIB, "the upstream is not paused")

    def test_the_upstream_is_paused_while_its_only_viewer_stalls(self):
        before = memory_of(self.server)
        sock = self.stalled_viewer()

        sent = self.standstill()

        self.assertLess(memory_of(self.server) - before, 24 * MIB * SLOW)
        sock.settimeout(30)
        while self.upstream.sent < sent + MIB:
            self.assertTrue(sock.recv(65536))

    def test_the_upstream_is_paused_when_all_three_viewers_stall_and_goes_on_for_one(self):
        before = memory_of(self.server)
        stalled = [self.stalled_viewer()]
        eventually(lambda: self.server.metrics()["patchbay_log_events_total"] > 5, "5 events")
        for after in (0, 5):
            stalled.append(self.client.send(
                "GET", f"/api/interactions/{self.interaction}/events?after={after}",
                receive_buffer=TINY))
        sent = self.standstill()

        reader = stalled[2]
        while self.upstream.sent < sent + 4 * MIB:
            self.assertTrue(reader.recv(65536))

        self.assertLess(memory_of(self.server) - before, 32 * MIB * SLOW)

    def test_a_viewer_that_comes_to_a_paused_answer_lets_it_go_on(self):
        stalled = self.stalled_viewer()
        sent = self.standstill()
        last = self.client.get(f"/api/interactions/{self.interaction}").json()["last_seq"]

        reader = self.client.send("GET", f"/api/interactions/{self.interaction}/events?after={last}")

        while self.upstream.sent < sent + MIB:
            self.assertTrue(reader.recv(65536))
        stalled.close()

    def test_a_viewer_that_leaves_lets_the_upstream_go_on_for_the_log(self):
        sock = self.stalled_viewer()
        sent = self.standstill()

        sock.close()

        eventually(lambda: self.upstream.sent > sent + MIB, "the upstream goes on")

    def test_a_viewer_that_takes_no_byte_for_too_long_is_disconnected(self):
        server = self.serve(config(self.upstream, server={"stall_timeout_ms": 300}))
        client = server.client()
        interaction = client.interaction()
        sock = client.send("POST", f"/api/interactions/{interaction}/runs",
                           {"message": "hello", "on_disconnect": "cancel"}, receive_buffer=TINY)
        run = eventually(lambda: client.messages(interaction), "stored")[0]["run_id"]

        ended = client.wait_for_run(run)

        self.assertEqual(ended["status"], "cancelled")
        self.assertTrue(self.upstream.connections[-1].left.wait(30))
        with self.assertRaises((ConnectionError, StopIteration)):
            while True:
                if not sock.recv(65536):
                    raise StopIteration


if __name__ == "__main__":
    unittest.main()
