"""Agents that ask other agents, and people; what they inherit, and what bounds them."""

import json
import time
import unittest

from fake_upstream import says
from harness import BUILD, WAIT, text_of
from test_agents import ToolServer, named
from tool_model import wants

FIXTURES = BUILD.resolve() / "tests" / "plugins"


def payer(role):
    return {"library": str(FIXTURES / "fixture_payer.so"), "config": {"role": role}}


def delegate(agent):
    return {"library": "patchbay_agent_delegate", "config": {"agent": agent}}


class ChildTest(unittest.TestCase):
    def setUp(self):
        self.made = ToolServer(self, agents={
            "boss": delegate("assistant"), "mirror": delegate("mirror"), "lost": delegate("nobody"),
            "asker": {"library": str(FIXTURES / "fixture_asker.so")}})
        self.client = self.made.client
        self.interaction = self.client.interaction()

    def ask(self, message, agent):
        return self.client.run(self.interaction, message, agent=agent).rest()

    def test_a_childs_text_and_usage_are_the_runs_and_its_tool_calls_bear_its_name(self):
        events = self.ask(wants([("write_line", {"text": "by the child"})], say="Done:"), "boss")

        self.assertEqual(events[-1].name, "run.completed")
        self.assertIn("Done:", text_of(events))
        self.assertEqual(self.made.lines(), ["by the child"])
        self.assertEqual(named(events, "tool.call")[0].data["agent"], "assistant")
        self.assertEqual(named(events, "tool.result")[0].data["agent"], "assistant")
        self.assertEqual(events[-1].data["usage"]["prompt_tokens"], 20)

    def test_an_agent_that_asks_itself_for_ever_meets_the_limit(self):
        events = self.ask("hello", "mirror")

        self.assertEqual(events[-1].name, "run.failed")
        self.assertEqual(events[-1].data["code"], "limit")

    def test_a_child_behind_middleware_that_its_turn_has_not_passed_is_refused(self):
        redact = {"library": "patchbay_middleware_redact",
                  "config": {"patterns": [{"pattern": "secret"}]},
                  "applies_to": {"agents": ["assistant"]}}
        made = ToolServer(self, agents={"boss": delegate("assistant"), "redact": redact},
                          settings={"middleware": ["redact"]})
        interaction = made.client.interaction()

        direct = made.client.run(interaction, "my secret", agent="assistant").rest()
        self.assertEqual(direct[-1].name, "run.completed")
        indirect = made.client.run(interaction, "my secret", agent="boss").rest()

        self.assertEqual((indirect[-1].name, indirect[-1].data["code"]), ("run.failed", "forbidden"))
        self.assertNotIn("secret", str(made.upstream.requests))
        self.assertIn("The middleware 'redact' stands before the agent 'assistant'",
                      made.server.read_log())

    def test_all_that_a_run_asks_shares_one_budget_of_tokens(self):
        made = ToolServer(self, agents={"boss": delegate("assistant")},
                          settings={"runs": {"token_budget": 15}})

        events = made.client.run(made.client.interaction(), wants([("write_line", {"text": "a"})]),
                                 agent="boss").rest()

        self.assertEqual(made.lines(), ["a"])
        self.assertEqual(len(made.upstream.requests), 1, "one answer uses it up")
        self.assertEqual(events[-1].name, "run.failed")
        self.assertEqual((events[-1].data["code"], events[-1].data["message"]),
                         ("quota_exceeded", "This run's budget of tokens is used up."))

    def test_a_chat_whose_content_is_no_messages_is_refused_by_name(self):
        for content in ([5], [{"type": 5}], [{"type": "text", "text": 7}], [["text"]]):
            for agent in ("boss", "assistant"):
                with self.subTest(agent, content=content):
                    answer = self.client.post(
                        f"/api/interactions/{self.client.interaction()}/runs",
                        {"agent": agent, "method": "chat", "input": {"content": content}})

                    self.assertEqual(answer.status, 400)
                    self.assertIn("/content", answer.json()["error"])

    def test_a_run_that_asks_for_ever_meets_the_limit(self):
        made = ToolServer(self, agents={"many": payer("many")}, model=says("no"))

        events = made.client.run(made.client.interaction(), "go", agent="many").rest()

        self.assertEqual((events[-1].name, events[-1].data["code"]), ("run.failed", "limit"))
        self.assertEqual(len(made.upstream.requests), 256)

    def test_a_child_has_its_runs_deadline(self):
        made = ToolServer(self, agents={"time": payer("time"), "times": payer("times")},
                          settings={"runs": {"timeout_ms": 60_000}})
        begun = time.time()

        events = made.client.run(made.client.interaction(), "until when?", agent="times").rest()

        own, childs = [int(told) for told in text_of(events).split(";")[:2]]
        self.assertEqual(own, childs)
        self.assertGreaterEqual(own, int(begun * 1000) + 60_000)
        self.assertLessEqual(own, int(time.time() * 1000) + 60_000)

    def test_cancelling_a_run_closes_its_childs_upstream(self):
        held = []

        def hold(connection):
            held.append(connection)
            connection.chunked("thinking ")
            connection.wait_until_left()

        made = ToolServer(self, agents={"boss": delegate("assistant")}, model=hold)
        stream = made.client.run(made.client.interaction(), "hello", agent="boss")
        stream.until(lambda event: event.name == "delta")

        cancelled = made.client.post(f"/api/runs/{stream.headers['x-run-id']}/cancel")

        self.assertEqual(cancelled.json()["status"], "cancelled")
        self.assertTrue(held[0].left.wait(WAIT))
        self.assertEqual(stream.rest()[-1].name, "run.cancelled")

    def test_a_call_that_a_child_refuses_is_answered_to_its_own_model(self):
        narrow = {"library": "patchbay_agent_assistant", "config": {"tools": ["clock"]}}
        made = ToolServer(self, agents={"narrow": narrow, "boss": delegate("narrow"),
                                        "quiet": payer("quiet")})
        for asker in ("boss", "quiet"):
            with self.subTest(asker):
                events = made.client.run(made.client.interaction(),
                                         wants([("write_line", {"text": "no"})]),
                                         agent=asker).rest()

                self.assertEqual(events[-1].name, "run.completed")
                [call], [result] = named(events, "tool.call"), named(events, "tool.result")
                self.assertEqual((result.data["id"], result.data.get("agent")),
                                 (call.data["id"], "narrow"))
                told = json.dumps(made.upstream.requests[-1]["messages"])
                self.assertIn("this tool may not be used here", told)
                self.assertNotIn("not carried out", told)
                [message] = named(events, "message.completed")
                self.assertEqual([part["type"] for part in message.data["content"]], ["text"])
        self.assertEqual(made.lines(), [])

    def test_a_child_that_is_not_there_is_an_error_of_the_run(self):
        events = self.ask("hello", "lost")

        self.assertEqual(events[-1].name, "run.failed")
        self.assertEqual(events[-1].data["code"], "not_found")

    def test_an_agents_question_waits_over_a_restart_and_what_was_done_is_not_done_again(self):
        stream = self.client.run(self.interaction, "go", agent="asker")
        run = stream.headers["x-run-id"]
        question = stream.until(lambda event: event.name == "run.waiting")[-1].data
        self.assertEqual((question["kind"], question["text"]), ("input", "Shall I go on?"))

        self.made.kill_and_start()
        client = self.made.client
        self.assertEqual(client.get(f"/api/runs/{run}").json()["status"], "waiting")
        answer = client.post(f"/api/runs/{run}/resume",
                             {"request_id": question["request_id"], "decision": "edit",
                              "input": {"how": "slow"}})

        self.assertEqual(answer.status, 200, answer.body)
        events = client.events(self.interaction).rest()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(text_of(events), 'On I go: {"how":"slow"}')
        self.assertEqual(self.made.lines(), ["before"])
        self.assertEqual([len(named(events, name)) for name in
                          ("run.waiting", "run.resumed", "tool.call", "tool.result")], [1] * 4)


if __name__ == "__main__":
    unittest.main()
