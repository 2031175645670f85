"""Agents and tools in the real server: rounds of tool calls, what the log says of them, crashes."""

import json
import pathlib
import tempfile
import unittest

from fake_upstream import FakeUpstream, config
from harness import BUILD, Server, eventually, text_of
from tool_model import model_with_tools, wants

FIXTURES = BUILD.resolve() / "tests" / "plugins"


class ToolServer:
    """A server with an assistant, the tools of ours and the ledger, and a model that calls them."""

    def __init__(self, test, before_answer=None, agents=None, settings=None, model=None,
                 kind=Server, **ledger):
        self.folder = tempfile.TemporaryDirectory()
        test.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "ledger"
        self.upstream = FakeUpstream(model or model_with_tools(before_answer))
        test.addCleanup(self.upstream.close)
        plugins = {
            "assistant": {"library": "patchbay_agent_assistant"},
            "summarize": {"library": "patchbay_agent_summarize"},
            "clock": {"library": "patchbay_tool_clock"},
            "calculator": {"library": "patchbay_tool_calculator"},
            "ledger": {"library": str(FIXTURES / "fixture_ledger.so"),
                       "config": {"path": str(self.path), **ledger}},
            **(agents or {}),
        }
        self.server = kind(config(self.upstream, plugins=plugins, **(settings or {}))).start()
        test.addCleanup(self.server.close)
        self.client = self.server.client()

    def lines(self):
        return self.path.read_text().splitlines() if self.path.exists() else []

    def kill_and_start(self):
        self.server.kill()
        self.server.start()
        self.client = self.server.client(self.client.key)


def named(events, name):
    return [event for event in events if event.name == name]


class AssistantTest(unittest.TestCase):
    def setUp(self):
        self.made = ToolServer(self)
        self.client = self.made.client

    def ask(self, message, interaction=None, **fields):
        interaction = interaction or self.client.interaction()
        return self.client.run(interaction, message, agent="assistant", **fields).rest()

    def test_calls_of_one_round_run_side_by_side_and_their_results_go_back_to_the_model(self):
        events = self.ask(wants([("calculator", {"expression": "6*7"}),
                                 ("write_line", {"text": "hello"})], say="Well:"))

        calls, results = named(events, "tool.call"), named(events, "tool.result")
        self.assertEqual([call.data["name"] for call in calls], ["calculator", "write_line"])
        self.assertEqual([call.data["idempotent"] for call in calls], [True, False])
        self.assertEqual({result.data["id"] for result in results}, {"call_0_0", "call_0_1"})
        self.assertEqual(events[-1].name, "run.completed")
        self.assertIn("42", text_of(events))
        self.assertEqual(self.made.lines(), ["hello"])
        told = self.made.upstream.requests[-1]["messages"]
        self.assertEqual([message["role"] for message in told][-4:],
                         ["user", "assistant", "tool", "tool"])
        parts = [part["type"] for part in
                 named(events, "message.completed")[0].data["content"]]
        self.assertEqual(parts, ["text", "tool_call", "tool_call", "tool_result", "tool_result",
                                 "text"])

    def test_the_usage_of_all_rounds_is_the_runs(self):
        events = self.ask(wants([("clock", {})], [("clock", {})]))

        self.assertEqual(events[-1].data["usage"]["prompt_tokens"], 30)
        self.assertEqual(named(events, "usage")[-1].data["completion_tokens"], 15)

    def test_the_next_turn_knows_the_rounds_of_the_last_one(self):
        interaction = self.client.interaction()
        self.ask(wants([("clock", {})]), interaction)
        self.ask("and now?", interaction)

        told = [message["role"] for message in self.made.upstream.requests[-1]["messages"]]
        self.assertEqual(told, ["user", "assistant", "tool", "assistant", "user"])

    def test_a_tool_that_is_not_there_and_arguments_that_do_not_fit_are_told_to_the_model(self):
        events = self.ask(wants([("nothing", {}), ("write_line", {"words": 1})]))

        results = {event.data["id"]: event.data for event in named(events, "tool.result")}
        self.assertIn("There is no tool", results["call_0_0"]["error"])
        self.assertIn("do not fit", results["call_0_1"]["error"])
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), [])

    def test_a_model_that_never_stops_calling_ends_the_run_clearly(self):
        events = self.ask(wants(*[[("clock", {})]] * 20))

        self.assertEqual(events[-1].name, "run.failed")
        self.assertIn("rounds", events[-1].data["message"])

    def test_a_conversation_can_be_made_for_an_agent_which_answers_it_then(self):
        made = self.client.post("/api/interactions", {"agent": "assistant"})

        self.assertEqual((made.status, made.json().get("agent")), (201, "assistant"), made.body)
        events = self.client.run(made.json()["id"], wants([("write_line", {"text": "a"})])).rest()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.made.lines(), ["a"])

    def test_an_agent_that_is_not_there_or_off_is_refused_as_a_run_refuses_it(self):
        made = ToolServer(self, agents={
            "late": {"library": "patchbay_agent_summarize", "enabled": False}})
        interaction = made.client.interaction()
        for agent in ("nobody", "clock", "late"):
            with self.subTest(agent):
                created = made.client.post("/api/interactions", {"agent": agent})
                ran = made.client.post(f"/api/interactions/{interaction}/runs",
                                       {"agent": agent, "message": "hi"})

                self.assertIn(created.status, (400, 503))
                self.assertEqual((created.status, created.json()["error"]),
                                 (ran.status, ran.json()["error"]))

    def test_an_agent_with_methods_takes_their_input(self):
        interaction = self.client.interaction()
        reply = self.client.stream("POST", f"/api/interactions/{interaction}/runs",
                                   {"agent": "summarize", "method": "summarize",
                                    "input": {"text": "a long story"}})
        self.assertEqual(reply.rest()[-1].name, "run.completed")
        asked = [request["messages"][0]["content"] for request in self.made.upstream.requests]
        self.assertIn("List the facts in: a long story", json.dumps(asked[0]))

        for wrong in ({"agent": "summarize", "method": "summarize", "input": {"text": 3}},
                      {"agent": "summarize", "method": "sing", "input": {}},
                      {"agent": "nobody", "message": "hello"}):
            answer = self.client.post(f"/api/interactions/{interaction}/runs", wrong)
            self.assertEqual(answer.status, 400, answer.body)


class ToolListTest(unittest.TestCase):
    def test_an_agent_may_use_the_tools_of_its_list_only(self):
        made = ToolServer(self, agents={"assistant": {"library": "patchbay_agent_assistant",
                                                      "tools": ["clock"]}})
        interaction = made.client.interaction()
        events = made.client.run(interaction, wants([("write_line", {"text": "no"})]),
                                 agent="assistant").rest()

        offered = [tool["function"]["name"] for tool in made.upstream.requests[0]["tools"]]
        self.assertEqual(offered, ["clock"])
        self.assertIn("There is no tool", named(events, "tool.result")[0].data["error"])
        self.assertEqual(made.lines(), [])


class CrashTest(unittest.TestCase):
    """B4: a tool that is not idempotent never runs twice."""

    def begin(self, made, message):
        interaction = made.client.interaction()
        return interaction, made.client.run(interaction, message, agent="assistant")

    def test_killed_while_the_tool_acts_the_run_is_settled(self):
        made = ToolServer(self, delay_ms=60000)
        interaction, stream = self.begin(made, wants([("write_line", {"text": "once"})]))
        stream.until(lambda event: event.name == "tool.call")
        eventually(lambda: made.lines() == ["once"], "the tool has acted")

        made.kill_and_start()

        events = made.client.events(interaction).rest()
        self.assertEqual(events[-1].name, "run.interrupted")
        self.assertEqual(made.lines(), ["once"])
        again = made.client.run(interaction, "go on", agent="assistant").rest()
        self.assertEqual(again[-1].name, "run.completed")
        self.assertEqual(made.lines(), ["once"])

    def test_killed_while_an_idempotent_tool_acts_it_acts_again(self):
        made = ToolServer(self, delay_ms=1500, idempotent=True)
        interaction, stream = self.begin(made, wants([("write_line", {"text": "again"})]))
        stream.until(lambda event: event.name == "tool.call")
        eventually(lambda: made.lines() == ["again"], "the tool has acted")

        made.kill_and_start()

        events = made.client.events(interaction).rest()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(len(named(events, "tool.result")), 1)
        self.assertEqual(made.lines(), ["again", "again"])
        self.assertIn("again", text_of(events))

    def test_killed_after_the_result_the_tool_does_not_act_again(self):
        held = []

        def hold(connection):
            if not held:
                held.append(connection)
                connection.wait_until_left()

        made = ToolServer(self, before_answer=hold)
        interaction, stream = self.begin(
            made, wants([("write_line", {"text": "once"})], say="Here you are:"))
        stream.until(lambda event: event.name == "delta" and "Here" in event.data["text"])

        made.kill_and_start()

        events = made.client.events(interaction).rest()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(made.lines(), ["once"])
        self.assertEqual(len(named(events, "tool.call")), 1)
        self.assertEqual(len(named(events, "attempt.superseded")), 1)
        final = named(events, "message.completed")[0].data["content"]
        self.assertEqual(final[-1]["text"].count("Here you are:"), 1)
        self.assertEqual([part["type"] for part in final],
                         ["text", "tool_call", "tool_result", "text"])


if __name__ == "__main__":
    unittest.main()
