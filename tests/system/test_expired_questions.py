"""Questions that nobody answers in time, while the server runs and while it does not."""

import time
import unittest

from faults import FaultyServer
from harness import eventually, text_of
from test_agents import FIXTURES, ToolServer, named
from tool_model import wants

MORE_THAN_A_DAY = 25 * 3600 * 1000  # milliseconds; an approval is asked for during a day


class ExpiredQuestionsTest(unittest.TestCase):
    def wait(self, made, agent):
        """A run that waits: its interaction, its id, its stream, the question."""
        self.made = made
        interaction = made.client.interaction()
        stream = made.client.run(interaction, wants([("write_line", {"text": "first"})]),
                                 agent=agent)
        question = stream.until(lambda event: event.name == "run.waiting")[-1].data
        return interaction, stream.headers["x-run-id"], stream, question

    def wait_for_agent(self, expires_in_ms):
        return self.wait(ToolServer(self, agents={
            "asker": {"library": str(FIXTURES / "fixture_asker.so"),
                      "config": {"expires_in_ms": expires_in_ms}}}), "asker")

    def wait_for_approval(self):
        return self.wait(ToolServer(self, kind=FaultyServer, approval="always"), "assistant")

    def approve(self, run, question):
        return self.made.client.post(f"/api/runs/{run}/resume",
                                     {"request_id": question["request_id"], "decision": "approve"})

    def assert_expired(self, events, question):
        """Once, and by nobody."""
        [waiting], [resumed] = named(events, "run.waiting"), named(events, "run.resumed")
        self.assertEqual(waiting.data, question)
        self.assertEqual([resumed.data[name] for name in ("request_id", "decision", "by")],
                         [question["request_id"], "expired", ""])
        self.assertEqual(events[-1].name, "run.completed")

    def assert_not_approved(self, events):
        [result] = named(events, "tool.result")
        self.assertEqual(result.data["error"], "Nobody approved this call in time.")
        self.assertEqual(self.made.lines(), [])

    def test_an_agent_hears_that_nobody_answered_in_time(self):
        interaction, run, stream, question = self.wait_for_agent(expires_in_ms=300)

        stream.rest()

        events = self.made.client.events(interaction).rest()
        self.assert_expired(events, question)
        self.assertEqual(text_of(events), "I stop.")
        self.assertEqual(self.approve(run, question).status, 409)

    def test_a_question_that_expires_while_the_server_is_down_is_not_asked_again(self):
        interaction, run, _, question = self.wait_for_agent(expires_in_ms=2000)
        self.made.server.kill()
        eventually(lambda: time.time() * 1000 >= question["expires_at_ms"], "it has expired")

        self.made.server.start()

        self.made.client = self.made.server.client(self.made.client.key)
        self.assertEqual(self.made.client.wait_for_run(run)["status"], "completed")
        events = self.made.client.events(interaction).rest()
        self.assert_expired(events, question)
        self.assertTrue(text_of(events).endswith("I stop."), text_of(events))
        self.assertEqual(self.made.lines(), ["before"])

    def test_a_question_expires_in_time_though_the_server_was_down_in_between(self):
        interaction, run, _, question = self.wait_for_agent(expires_in_ms=3000)

        self.made.kill_and_start()

        self.assertEqual(self.made.client.wait_for_run(run)["status"], "completed")
        self.assertGreaterEqual(time.time() * 1000, question["expires_at_ms"])
        self.assert_expired(self.made.client.events(interaction).rest(), question)

    def test_a_word_that_comes_too_late_approves_nothing(self):
        interaction, run, stream, question = self.wait_for_approval()
        self.made.server.faults.clock_offset_ms = MORE_THAN_A_DAY

        late = self.approve(run, question)

        self.assertEqual((late.status, late.json()["error"]), (409, "This question has expired."))
        stream.rest()
        events = self.made.client.events(interaction).rest()
        self.assert_expired(events, question)
        self.assert_not_approved(events)

    def test_an_approval_that_expires_while_the_server_is_down_lets_nothing_act(self):
        interaction, run, _, question = self.wait_for_approval()
        self.made.server.kill()
        self.made.server.faults.clock_offset_ms = MORE_THAN_A_DAY

        self.made.server.start()

        self.made.client = self.made.server.client(self.made.client.key)
        eventually(lambda: self.made.client.get(f"/api/runs/{run}").json()["status"] == "completed",
                   "the run has ended")
        events = self.made.client.events(interaction).rest()
        self.assert_expired(events, question)
        self.assert_not_approved(events)


if __name__ == "__main__":
    unittest.main()
