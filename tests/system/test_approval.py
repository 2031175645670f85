"""Tools that want a person's word: runs that wait, over restarts too, and what becomes of them."""

import unittest

from harness import eventually, text_of
from test_agents import ToolServer, named
from tool_model import wants


class ApprovalTest(unittest.TestCase):
    def setUp(self):
        self.made = ToolServer(self, approval="always")
        self.client = self.made.client

    def wait(self, *rounds, **more):
        """A run that waits: its id, its stream, and the question."""
        rounds = rounds or ([("write_line", {"text": "first"})],)
        self.interaction = self.client.interaction()
        stream = self.client.run(self.interaction, wants(*rounds, **more), agent="assistant")
        events = stream.until(lambda event: event.name == "run.waiting")
        return stream.headers["x-run-id"], stream, events[-1].data

    def decide(self, run, question, decision, client=None, **more):
        return (client or self.client).post(f"/api/runs/{run}/resume",
                                            {"request_id": question["request_id"],
                                             "decision": decision, **more})

    def test_a_call_is_made_once_it_is_approved(self):
        run, stream, question = self.wait()
        self.assertEqual(question["kind"], "approval")
        self.assertEqual(question["tool_call"], {"id": "call_0_0", "name": "write_line"})
        self.assertEqual(question["input"], {"text": "first"})
        self.assertEqual(self.client.get(f"/api/runs/{run}").json()["status"], "waiting")
        self.assertEqual(self.made.lines(), [])

        answer = self.decide(run, question, "approve")

        self.assertEqual(answer.status, 200, answer.body)
        events = stream.rest()
        resumed = named(events, "run.resumed")[0].data
        self.assertEqual((resumed["decision"], resumed["by"]), ("approved", "user:admin"))
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["first"])

    def test_a_denied_call_is_told_to_the_model(self):
        run, stream, question = self.wait()

        self.assertEqual(self.decide(run, question, "deny", comment="Not today.").status, 200)

        events = stream.rest()
        self.assertEqual(named(events, "tool.result")[0].data["error"],
                         "This call was denied. Not today.")
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), [])

    def test_an_edited_call_is_made_as_it_was_edited(self):
        run, stream, question = self.wait()

        wrong = self.decide(run, question, "edit", input={"words": 3})
        self.assertEqual(wrong.status, 422, wrong.body)
        self.assertEqual(self.decide(run, question, "edit", input={"text": "second"}).status, 200)

        self.assertEqual(stream.rest()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["second"])

    def test_a_run_waits_over_restarts_and_then_goes_on(self):
        run, _, question = self.wait()

        for _ in range(2):
            self.made.kill_and_start()
        self.client = self.made.client
        self.assertEqual(self.client.get(f"/api/runs/{run}").json()["status"], "waiting")
        self.made.server.stop()  # a clean stop leaves it as it is, too
        self.made.server.start()
        self.client = self.made.client = self.made.server.client(self.client.key)
        self.assertEqual(self.made.lines(), [])

        answer = self.decide(run, question, "approve")

        self.assertEqual(answer.status, 200, answer.body)
        events = self.client.events(self.interaction).rest()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["first"])
        self.assertEqual([len(named(events, name)) for name in
                          ("run.waiting", "run.resumed", "run.recovered", "tool.result")],
                         [1, 1, 1, 1])
        self.assertIn("first", text_of(events))

    def test_a_decision_may_come_while_the_log_is_still_being_read(self):
        run, _, question = self.wait([("write_line", {"text": "first"})], thoughts=10_000)
        self.made.kill_and_start()
        self.client = self.made.client

        answer = self.decide(run, question, "approve")

        self.assertEqual(answer.status, 200, answer.body)
        last = self.client.events(self.interaction).rest()[-1]
        self.assertEqual(last.name, "run.completed", last)
        self.assertEqual(self.made.lines(), ["first"])

    def test_killed_after_the_approval_the_call_is_not_made_twice(self):
        made = ToolServer(self, approval="always", delay_ms=60000)
        self.made, self.client = made, made.client
        run, _, question = self.wait()
        self.assertEqual(self.decide(run, question, "approve").status, 200)
        eventually(lambda: made.lines() == ["first"], "the tool has acted")

        made.kill_and_start()

        events = made.client.events(self.interaction).rest()
        self.assertEqual(events[-1].name, "run.interrupted")
        self.assertEqual(made.lines(), ["first"])

    def test_two_calls_of_one_round_are_decided_on_one_by_one(self):
        run, stream, first = self.wait([("write_line", {"text": "a"}),
                                        ("write_line", {"text": "b"})])
        second = stream.until(lambda event: event.name == "run.waiting")[-1].data

        self.assertEqual(self.decide(run, second, "approve").status, 200)
        eventually(lambda: self.made.lines() == ["b"], "the second call was made")
        self.assertEqual(self.client.get(f"/api/runs/{run}").json()["status"], "waiting")
        self.assertEqual(self.decide(run, first, "deny").status, 200)

        self.assertEqual(stream.rest()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["b"])

    def test_the_run_itself_says_what_it_waits_for(self):
        run, stream, question = self.wait()
        self.made.kill_and_start()
        self.client = self.made.client

        shown = self.client.get(f"/api/runs/{run}").json()

        self.assertEqual(shown["status"], "waiting")
        [open_one] = shown["questions"]
        for name in ("request_id", "kind", "tool_call", "input", "schema", "expires_at_ms"):
            self.assertEqual(open_one[name], question[name])
        self.assertEqual(self.decide(run, open_one, "approve").json()["questions"], [])

    def test_another_edit_of_an_answered_question_is_a_conflict(self):
        made = ToolServer(self, approval="always", delay_ms=1000)
        self.made, self.client = made, made.client
        run, stream, question = self.wait()

        self.assertEqual(self.decide(run, question, "edit", input={"text": "a"}).status, 200)
        self.assertEqual(self.decide(run, question, "edit", input={"text": "a"}).status, 200)
        self.assertEqual(self.decide(run, question, "edit", input={"text": "b"}).status, 409)

        self.assertEqual(stream.rest()[-1].name, "run.completed")
        self.assertEqual(made.lines(), ["a"])

    def test_an_edited_call_is_told_as_it_was_made(self):
        run, stream, question = self.wait()
        self.decide(run, question, "edit", input={"text": "second"})

        events = stream.rest()
        parts = named(events, "message.completed")[0].data["content"]
        self.assertEqual([part["arguments"] for part in parts if part["type"] == "tool_call"],
                         [{"text": "second"}])
        self.assertIn("second", str(self.made.upstream.requests[-1]["messages"]))
        self.assertNotIn("first", str(self.made.upstream.requests[-1]["messages"][1:]))

    def test_who_may_not_decide_learns_nothing_and_an_administrator_may(self):
        run, stream, question = self.wait()
        other = self.made.server.client(self.made.server.key(name="bob", user="user:bob"))
        admin = self.made.server.client(self.made.server.key(role="admin", name="root"))

        self.assertEqual(self.decide(run, question, "approve", other).status, 404)
        self.assertEqual(self.decide(run, {"request_id": "none"}, "approve").status, 404)
        self.assertEqual(self.decide(run, question, "perhaps").status, 400)
        self.assertEqual(self.decide(run, question, "approve", input={"text": "x"}).status, 400)
        self.assertEqual(self.decide(run, question, "edit").status, 400)
        self.assertEqual(self.client.post(f"/api/runs/{run}/resume", {}).status, 400)
        self.assertEqual(self.decide(run, question, "approve", admin).status, 404)
        self.assertEqual(other.get(f"/api/admin/runs/{run}").status, 403)
        [shown] = admin.get(f"/api/admin/runs/{run}").json()["questions"]
        self.assertEqual(shown["request_id"], question["request_id"])
        self.assertEqual(self.made.lines(), [])
        decided = admin.post(f"/api/admin/runs/{run}/resume",
                             {"request_id": shown["request_id"], "decision": "approve"})
        self.assertEqual(decided.status, 200)

        self.assertEqual(stream.rest()[-1].name, "run.completed")
        self.assertEqual(self.decide(run, question, "approve").status, 409)  # it has ended

    def test_the_same_answer_again_changes_nothing_and_another_one_is_a_conflict(self):
        run, stream, first = self.wait([("write_line", {"text": "a"}),
                                        ("write_line", {"text": "b"})])
        second = stream.until(lambda event: event.name == "run.waiting")[-1].data

        self.assertEqual(self.decide(run, first, "approve").status, 200)
        self.assertEqual(self.decide(run, first, "approve").status, 200)
        self.assertEqual(self.decide(run, first, "deny").status, 409)
        self.assertEqual(self.decide(run, second, "approve").status, 200)

        self.assertEqual(stream.rest()[-1].name, "run.completed")
        self.assertEqual(sorted(self.made.lines()), ["a", "b"])

    def test_a_waiting_run_can_be_cancelled_and_the_next_turn_goes_on(self):
        run, stream, question = self.wait()

        self.assertEqual(self.client.post(f"/api/runs/{run}/cancel").status, 200)

        self.assertEqual(stream.rest()[-1].name, "run.cancelled")
        self.assertEqual(self.made.lines(), [])
        self.assertEqual(self.decide(run, question, "approve").status, 409)
        again = self.client.run(self.interaction, "go on", agent="assistant").rest()
        self.assertEqual(again[-1].name, "run.completed")

    def test_an_administrators_word_stands_above_the_tools_own(self):
        made = ToolServer(self, agents={"clock": {"library": "patchbay_tool_clock",
                                                  "approval": "always"}})
        interaction = made.client.interaction()
        stream = made.client.run(interaction, wants([("clock", {})]), agent="assistant")
        question = stream.until(lambda event: event.name == "run.waiting")[-1].data
        self.assertEqual(question["tool_call"]["name"], "clock")

        self.client = made.client
        self.assertEqual(self.decide(stream.headers["x-run-id"], question, "approve").status, 200)

        events = stream.rest()
        self.assertIn("output", named(events, "tool.result")[0].data)
        self.assertEqual(events[-1].name, "run.completed")


if __name__ == "__main__":
    unittest.main()
