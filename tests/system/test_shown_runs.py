"""What GET /api/runs/{id} says is in the log: a disk that refuses keeps it back."""

import errno
import threading
import time
import unittest

from fake_upstream import DONE, chunk
from faults import FaultyServer
from harness import WAIT, eventually
from test_agents import ToolServer

SOON = 2  # seconds in which a run is shown, whatever the disk does


class ShownRunTest(unittest.TestCase):
    def begin(self, *pieces, **fields):
        """A run whose model says these when the disk takes no more writes."""
        refuses = threading.Event()

        def model(connection):
            connection.chunked("Hello ")
            refuses.wait(WAIT)
            for piece in (*pieces, DONE):
                connection.piece(piece)
            connection.finish()

        self.made = ToolServer(self, model=model, kind=FaultyServer, approval="always")
        self.faults = self.made.server.faults
        self.addCleanup(self.faults.heal)
        client = self.made.client
        stream = client.run(client.interaction(), "hi", **fields)
        self.path = f"/api/runs/{stream.headers['x-run-id']}"
        stream.until(lambda event: event.name == "delta")
        self.faults.write_error = errno.EIO
        refuses.set()
        self.made.server.wait_for_failures()

    def shown(self, query=""):
        begun = time.monotonic()
        run = self.made.client.get(self.path + query).json()
        self.assertLess(time.monotonic() - begun, SOON)
        return run

    def assert_shown_as_running(self, query=""):
        for _ in range(3):
            run = self.shown(query)
            self.assertEqual((run["status"], run["questions"], run["ended_at_ms"]),
                             ("running", [], None))
            self.made.server.wait_for_failures()  # of a try that has what came meanwhile

    def test_an_end_is_not_told_before_it_is_in_the_log(self):
        self.begin(chunk("world"), chunk(finish_reason="stop"))

        self.assert_shown_as_running()

        self.faults.heal()
        self.assertEqual(self.made.client.wait_for_run(self.path.split("/")[-1])["status"],
                         "completed")

    def test_an_end_is_not_told_to_who_waited_for_it_before_it_is_in_the_log(self):
        self.begin(chunk("world"), chunk(finish_reason="stop"))

        self.assert_shown_as_running("?wait_ms=100")

    def ask_a_person(self):
        wish = {"index": 0, "id": "c1",
                "function": {"name": "write_line", "arguments": '{"text":"x"}'}}
        self.begin(chunk(tool_calls=[wish]), chunk(finish_reason="tool_calls"), agent="assistant")

    def test_a_question_is_not_told_before_it_is_in_the_log(self):
        self.ask_a_person()

        self.assert_shown_as_running()

        self.faults.heal()
        eventually(lambda: self.shown()["status"] == "waiting", "it waits for a person")
        self.assertEqual([question["kind"] for question in self.shown()["questions"]], ["approval"])

    def test_a_question_is_not_told_to_who_waited_for_the_end_before_it_is_in_the_log(self):
        self.ask_a_person()

        self.assert_shown_as_running("?wait_ms=100")


if __name__ == "__main__":
    unittest.main()
