"""Tool calls and the decisions on them over crashes: nothing acts that nobody allowed, nothing acts
twice, and what was done is not forgotten."""

import json
import unittest

from fake_upstream import DONE, chunk, usage
from harness import BUILD, eventually, text_of
from test_agents import ToolServer, named
from tool_model import model_with_tools, plan_of, wants

FIXTURES = BUILD.resolve() / "tests" / "plugins"
PAYERS = {name: {"library": str(FIXTURES / "fixture_payer.so"), "config": {"role": name}}
          for name in ("payer", "plan", "ponder", "between")}


class CrashTest(unittest.TestCase):
    def begin(self, message, agent="assistant", made=None, **settings):
        self.made = made or ToolServer(self, agents=PAYERS, **settings)
        self.client = self.made.client
        self.interaction = self.client.interaction()
        self.stream = self.client.run(self.interaction, message, agent=agent)
        self.run_id = self.stream.headers["x-run-id"]
        return self.stream

    def kill_and_start(self):
        self.made.kill_and_start()
        self.client = self.made.client

    def questions(self, count):
        found = []
        while len(found) < count:
            found.append(self.stream.until(lambda event: event.name == "run.waiting")[-1].data)
        return found

    def decide(self, question, decision, **more):
        return self.client.post(f"/api/runs/{self.run_id}/resume",
                                {"request_id": question["request_id"], "decision": decision, **more})

    def events(self):
        return self.client.events(self.interaction).rest()

    # ---- decisions ----

    def test_a_denial_that_comes_while_the_log_is_read_is_heard(self):
        self.begin(wants([("write_line", {"text": "first"})], thoughts=10_000), approval="always")
        [question] = self.questions(1)
        self.kill_and_start()

        self.assertEqual(self.decide(question, "deny").status, 200)

        events = self.events()
        self.assertEqual(named(events, "tool.result")[0].data["error"], "This call was denied.")
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), [])

    def test_an_edit_that_comes_while_the_log_is_read_is_what_acts(self):
        self.begin(wants([("write_line", {"text": "first"})], thoughts=10_000), approval="always")
        [question] = self.questions(1)
        self.kill_and_start()

        self.assertEqual(self.decide(question, "edit", input={"text": "edited"}).status, 200)

        self.assertEqual(self.events()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["edited"])

    def test_a_call_that_was_edited_acts_again_as_it_was_edited(self):
        self.begin(wants([("write_line", {"text": "first"})]), approval="always", idempotent=True,
                   delay_ms=1000)
        [question] = self.questions(1)
        self.decide(question, "edit", input={"text": "edited"})
        eventually(lambda: self.made.lines() == ["edited"], "it acts")

        self.kill_and_start()

        self.assertEqual(self.events()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["edited", "edited"])

    def test_a_call_that_nobody_was_asked_about_yet_is_asked_about_after_a_crash(self):
        self.begin(wants([("write_line", {"text": "first"})]), "ponder",
                   approval="always", idempotent=True)
        self.stream.until(lambda event: event.name == "tool.call")

        self.kill_and_start()

        self.stream = self.client.events(self.interaction)
        [question] = self.questions(1)
        self.assertEqual(self.made.lines(), [])
        self.assertEqual(self.decide(question, "approve").status, 200)
        self.assertEqual(self.stream.rest()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["first"])

    def test_as_many_questions_as_may_be_open_are_open_again_after_a_crash(self):
        self.begin(wants([("write_line", {"text": str(n)}) for n in range(16)]), approval="always")
        questions = self.questions(16)

        self.kill_and_start()

        for question in questions:
            self.assertEqual(self.decide(question, "approve").status, 200)
        self.assertEqual(self.events()[-1].name, "run.completed")
        self.assertEqual(sorted(self.made.lines()), sorted(map(str, range(16))))

    def test_a_run_does_not_wait_for_a_tool_that_is_gone(self):
        self.begin(wants([("write_line", {"text": "first"})]), approval="always")
        self.questions(1)
        self.made.server.kill()
        config = json.loads(self.made.server.config.read_text())
        config["plugins"]["ledger"]["enabled"] = False
        self.made.server.write_config(config)
        self.made.server.start()
        self.client = self.made.server.client(self.client.key)

        events = self.events()

        self.assertEqual(named(events, "tool.result")[0].data["error"],
                         "The tool 'write_line' is not there any more.")
        self.assertEqual(events[-1].name, "run.completed")

    def test_a_tool_that_was_switched_off_meanwhile_does_not_act(self):
        self.begin(wants([("write_line", {"text": "first"})]), approval="always")
        [question] = self.questions(1)
        self.assertEqual(self.client.post("/api/admin/plugins/ledger/disable", {}).status, 200)

        self.assertEqual(self.decide(question, "approve").status, 200)

        events = self.stream.rest()
        self.assertEqual(named(events, "tool.result")[0].data["error"],
                         "The tool 'write_line' is not there any more.")
        self.assertEqual(self.made.lines(), [])

    def test_time_runs_for_a_tool_that_acts_beside_a_question(self):
        self.begin(wants([("write_line", {"text": "first"}), ("clock", {})]), delay_ms=600_000,
                   made=ToolServer(self, delay_ms=600_000, settings={"runs": {"timeout_ms": 1500}},
                                   agents={"clock": {"library": "patchbay_tool_clock",
                                                     "approval": "always"}}))
        self.questions(1)

        last = self.stream.rest()[-1]

        self.assertEqual((last.name, last.data["by"]), ("run.cancelled", "timeout"))

    # ---- what was done ----

    def test_an_answer_that_is_made_anew_does_not_act_anew(self):
        held = []

        def hold_once(connection):
            if not held:
                held.append(connection)
                connection.wait_until_left()

        made = ToolServer(self, before_answer=hold_once)
        client, interaction = made.client, made.client.interaction()
        stream = client.run(interaction, wants([("write_line", {"text": "once"})], say="Here:"),
                            agent="assistant", on_crash="regenerate")
        stream.until(lambda event: event.name == "delta" and "Here" in event.data["text"])

        made.kill_and_start()

        self.assertEqual(made.client.events(interaction).rest()[-1].name, "run.completed")
        self.assertEqual(made.lines(), ["once"])

    def test_what_a_child_did_is_not_done_again_because_its_parent_asked_a_model(self):
        self.begin("pay the bill", "plan")
        self.stream.until(lambda event: event.name == "delta" and "paid" in event.data["text"])

        self.kill_and_start()

        self.assertEqual(self.events()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["paid"])

    def test_what_the_agent_did_by_itself_is_not_done_again_because_it_asked_a_model_before(self):
        self.begin("pay the bill", "between")
        self.stream.until(lambda event: event.name == "delta" and "paid" in event.data["text"])

        self.kill_and_start()

        self.assertEqual(self.events()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["paid"])

    def hold_after_the_call(self, agent, **fields):
        """A model that words its call anew each time, and is cut off once it has the result."""
        counts = {"asked": 0, "held": 0}

        def answer(connection):
            counts["asked"] += 1
            connection.begin()
            if not any(message["role"] == "tool" for message in connection.body["messages"]):
                arguments = json.dumps({"text": f"mail {counts['asked']}"})
                connection.piece(chunk(tool_calls=[{"index": 0, "id": "call", "function": {
                    "name": "write_line", "arguments": arguments}}]))
                connection.piece(chunk(finish_reason="tool_calls"))
            else:
                connection.piece(chunk("sent "))
                if counts["held"] == 0:
                    counts["held"] = 1
                    return connection.wait_until_left()
                connection.piece(chunk(finish_reason="stop"))
            connection.piece(usage(1, 1))
            connection.piece(DONE)
            connection.finish()

        boss = {"library": "patchbay_agent_delegate", "config": {"agent": "assistant"}}
        self.made = ToolServer(self, agents={"boss": boss}, model=answer)
        self.client = self.made.client
        self.interaction = self.client.interaction()
        self.stream = self.client.run(self.interaction, "mail it", agent=agent, **fields)
        self.stream.until(lambda event: event.name == "delta" and "sent" in event.data["text"])

    def test_a_child_whose_model_words_its_call_anew_does_not_act_twice(self):
        self.hold_after_the_call("boss")

        self.kill_and_start()

        events = self.events()
        self.assertEqual(self.made.lines(), ["mail 1"])
        self.assertEqual(events[-1].name, "run.interrupted")
        self.assertIn("write_line", events[-1].data["reason"])

    def crash_twice_after_the_first_call(self, second):
        """A child's model wants "first" written, and then `second`; each time that it has the result
        of the first call the server is killed."""
        held, answer = [], model_with_tools()

        def hold_twice(connection):
            _, done = plan_of(connection.body["messages"])
            if done != 1 or len(held) == 2:
                return answer(connection)
            held.append(connection)
            connection.wait_until_left()

        boss = {"library": "patchbay_agent_delegate", "config": {"agent": "assistant"}}
        self.begin(wants([("write_line", {"text": "first"})], [("write_line", {"text": second})]),
                   "boss", made=ToolServer(self, agents={"boss": boss}, model=hold_twice))
        for crash in (1, 2):
            for _ in range(crash):
                self.stream.until(lambda event: event.name == "tool.result")
            eventually(lambda: len(held) == crash, "the model has the result")
            self.kill_and_start()
            self.stream = self.client.events(self.interaction)
        return self.stream.rest()

    def test_a_result_that_was_told_again_is_no_second_act_after_a_further_crash(self):
        events = self.crash_twice_after_the_first_call("first")

        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["first", "first"])
        results = [event.data for event in named(events, "tool.result")]
        self.assertEqual([result.get("repeats") for result in results],
                         [None, results[0]["id"], results[0]["id"], None])

    def test_a_result_that_was_told_again_keeps_no_other_call_from_being_made(self):
        events = self.crash_twice_after_the_first_call("second")

        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["first", "second"])

    def test_who_answers_anew_is_told_of_what_was_done(self):
        self.hold_after_the_call("assistant", on_crash="regenerate")

        for _ in range(2):
            self.kill_and_start()

        events = self.events()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["mail 1"])
        final = named(events, "message.completed")[0].data["content"]
        self.assertEqual([part["type"] for part in final], ["tool_call", "tool_result", "text"])
        self.assertEqual(final[0]["arguments"], {"text": "mail 1"})

    def test_a_call_that_may_have_acted_is_told_as_such_in_the_next_turn(self):
        self.begin(wants([("write_line", {"text": "pay"})]), delay_ms=600_000)
        eventually(lambda: self.made.lines() == ["pay"], "it acts")

        self.kill_and_start()

        events = self.events()
        self.assertEqual(events[-1].name, "run.interrupted")
        [result] = named(events, "tool.result")
        self.assertIn("not known whether", result.data["error"])
        self.client.run(self.interaction, "go on", agent="assistant").rest()
        told = json.dumps(self.made.upstream.requests[-1]["messages"])
        self.assertIn("not known whether", told)
        self.assertNotIn("not carried out", told)

    def test_a_call_that_waited_when_its_run_was_cancelled_has_a_result(self):
        self.begin(wants([("write_line", {"text": "first"})]), approval="always")
        self.questions(1)
        self.kill_and_start()

        self.assertEqual(self.client.post(f"/api/runs/{self.run_id}/cancel").status, 200)

        events = self.events()
        self.assertEqual(events[-1].name, "run.cancelled")
        self.assertEqual([event.data["error"] for event in named(events, "tool.result")],
                         ["The call was not carried out."])

    def test_what_was_approved_is_what_acts_after_a_restart_too(self):
        mask = {"library": str(FIXTURES / "fixture_steers.so"),
                "config": {"arguments": '{"text": "masked"}'}}
        self.begin(wants([("write_line", {"text": "first"})]),
                   made=ToolServer(self, approval="always", agents={"mask": mask},
                                   settings={"middleware": ["mask"]}))
        [question] = self.questions(1)
        self.assertEqual(question["input"], {"text": "first"})
        self.kill_and_start()
        self.assertEqual(named(self.client.events(self.interaction).until(
            lambda event: event.name == "tool.call"), "tool.call")[0].data["arguments"],
            {"text": "masked"})

        self.assertEqual(self.decide(question, "approve").status, 200)

        self.assertEqual(self.events()[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["first"])

    def test_a_run_that_waits_outlives_a_restart_whatever_its_policies(self):
        for policy in ({"on_crash": "settle"}, {"on_disconnect": "cancel"},
                       {"on_disconnect": "grace"}):
            with self.subTest(**policy):
                made = ToolServer(self, approval="always", settings={"runs": {"grace_ms": 1}})
                interaction = made.client.interaction()
                stream = made.client.run(interaction, wants([("write_line", {"text": "first"})]),
                                         agent="assistant", **policy)
                question = stream.until(lambda event: event.name == "run.waiting")[-1].data
                run = stream.headers["x-run-id"]

                made.server.stop()
                made.server.start()
                client = made.server.client(made.client.key)

                self.assertEqual(client.get(f"/api/runs/{run}").json()["status"], "waiting")
                decided = client.post(f"/api/runs/{run}/resume",
                                      {"request_id": question["request_id"], "decision": "approve"})
                self.assertEqual(decided.status, 200)
                self.assertEqual(client.events(interaction).rest()[-1].name, "run.completed")
                self.assertEqual(made.lines(), ["first"])

    def test_a_tool_that_the_agent_refused_is_known_as_refused_after_a_crash(self):
        held = []

        def hold_once(connection):
            if not held:
                held.append(connection)
                connection.wait_until_left()

        self.made = ToolServer(self, before_answer=hold_once, agents={
            "narrow": {"library": "patchbay_agent_assistant", "config": {"tools": ["clock"]}}})
        stream = self.begin(wants([("write_line", {"text": "x"})]), "narrow", self.made)
        stream.until(lambda event: event.name == "delta" and "no tools" in event.data["text"])

        self.kill_and_start()

        events = self.events()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertIn("may not be used here", text_of(events))
        self.assertEqual(self.made.lines(), [])

    def test_usage_that_the_log_tells_of_is_not_estimated(self):
        self.begin(wants([("clock", {})], [("write_line", {"text": "first"})]), delay_ms=600_000)
        self.stream.until(lambda event: event.name == "usage"
                          and event.data["prompt_tokens"] == 20)

        self.kill_and_start()

        self.assertEqual(self.events()[-1].name, "run.interrupted")
        usage = self.client.get(f"/api/runs/{self.run_id}").json()["usage"]
        self.assertEqual((usage["prompt_tokens"], usage["estimated"]), (20, False))

    def test_models_may_number_their_calls_anew_in_each_answer(self):
        self.begin(wants([("write_line", {"text": "a"})], [("write_line", {"text": "b"})],
                         same_ids=True))

        events = self.stream.rest()

        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["a", "b"])
        ids = [event.data["id"] for event in named(events, "tool.call")]
        self.assertEqual(len(set(ids)), 2)
        self.assertEqual([event.data["id"] for event in named(events, "tool.result")], ids)


if __name__ == "__main__":
    unittest.main()
