"""What ends the server each time that it is begun does so only so often: then its run is settled."""

import threading
import unittest

from fake_upstream import says
from harness import WAIT, Cut, eventually
from test_agents import ToolServer
from test_children import payer
from tool_model import wants

LIMIT = 5  # attempts of one run


class CrashLoopTest(unittest.TestCase):
    def begin(self, message, **settings):
        self.made = ToolServer(self, idempotent=True, **settings)
        self.interaction = self.made.client.interaction()
        stream = self.made.client.run(self.interaction, message, agent="assistant")
        self.run_id = stream.headers["x-run-id"]
        return stream

    def run_is_settled(self):
        """Starts the server, which was killed, until it lives, and then shows how the run ended."""
        server = self.made.server
        for _ in range(LIMIT + 2):
            server.process.wait(WAIT)
            server.process.stdout.close()
            try:
                server.start()
                client = server.client(self.made.client.key)
                last = client.events(self.interaction).rest()[-1]
            except (AssertionError, Cut, OSError):  # it was killed again, before it was ready or then
                continue
            self.assertEqual((last.name, last.data.get("reason")),
                             ("run.interrupted", "The server stopped too often during this run."))
            return
        self.fail("the server is killed at every start")

    def test_a_tool_that_kills_the_server_acts_only_so_often(self):
        self.begin(wants([("write_line", {"text": "on my way"})]), kills=True).rest_or_cut()

        self.run_is_settled()

        self.assertEqual(self.made.lines(), ["on my way"] * LIMIT)

    def test_a_tool_that_kills_the_server_beside_a_question_acts_only_so_often(self):
        clock = {"library": "patchbay_tool_clock", "approval": "always"}
        self.begin(wants([("clock", {}), ("write_line", {"text": "on my way"})]),
                   agents={"clock": clock}, kills=True).rest_or_cut()

        self.run_is_settled()

        self.assertEqual(self.made.lines(), ["on my way"] * LIMIT)

    def test_an_agent_that_kills_the_server_is_opened_only_so_often(self):
        may_end = threading.Event()

        def hold(connection):
            may_end.wait(WAIT)
            says("done")(connection)

        stream = self.begin("first", agents={"killer": payer("kills")}, model=hold)
        queued = self.made.client.post(f"/api/interactions/{self.interaction}/runs",
                                       {"message": "second", "agent": "killer", "background": True})
        self.assertEqual(queued.status, 202, queued.body)

        may_end.set()
        stream.rest_or_cut()

        self.run_is_settled()

    def test_starts_at_which_a_run_only_waits_do_not_count(self):
        stream = self.begin(wants([("write_line", {"text": "allowed"})]), approval="always")
        question = stream.until(lambda event: event.name == "run.waiting")[-1].data
        for _ in range(LIMIT + 1):
            self.made.kill_and_start()
        path = f"/api/runs/{self.run_id}"
        waits = self.made.client.get(path).json()
        self.assertEqual((waits["status"], waits["attempt"]), ("waiting", 1))

        answer = self.made.client.post(f"{path}/resume", {"request_id": question["request_id"],
                                                          "decision": "approve"})

        self.assertEqual(answer.status, 200, answer.body)
        ended = eventually(lambda: self.ended(path), "the run has ended")
        self.assertEqual((ended["status"], ended["attempt"]), ("completed", 2))
        self.assertEqual(self.made.lines(), ["allowed"])

    def ended(self, path):
        run = self.made.client.get(path).json()
        return run if run["ended_at_ms"] else None


if __name__ == "__main__":
    unittest.main()
