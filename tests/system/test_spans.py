"""The spans of a run: its own, and in it those of the agents, models and tools that worked for it."""

import json
import pathlib
import socket
import tempfile
import unittest

from fake_upstream import FakeUpstream, config, says
from harness import BUILD, Server, eventually
from test_agents import ToolServer
from tool_model import wants

FIXTURES = BUILD.resolve() / "tests" / "plugins"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class SpanTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "spans"
        self.before_answer = lambda connection: None
        self.made = ToolServer(
            self, before_answer=lambda connection: self.before_answer(connection),
            agents={"boss": {"library": "patchbay_agent_delegate", "config": {"agent": "assistant"}},
                    "spans": {"library": str(FIXTURES / "fixture_file_exporter.so"),
                              "config": {"path": str(self.path)}}})

    def run_in_trace(self, message, agent="assistant"):
        return self.made.client.run(self.made.client.interaction(), message, agent=agent,
                                    headers={"traceparent": TRACEPARENT})

    def spans_of(self, stream):
        """Those of the run, once the last one, its own, is exported."""
        run = stream.headers["x-run-id"]

        def read():
            lines = self.path.read_text().splitlines() if self.path.exists() else []
            spans = [span for line in lines for span in json.loads(line)]
            return [span for span in spans if span["attributes"]["run"] == run]

        eventually(lambda: "api.stream" in [span["name"] for span in read()], "all are exported")
        spans = read()
        self.assertEqual({span["trace_id"] for span in spans}, {TRACE})
        return spans

    def one(self, spans, name, **attributes):
        [span] = [span for span in spans if span["name"] == name
                  and attributes.items() <= span["attributes"].items()]
        return span

    def test_models_and_tools_are_parts_of_the_agent_that_asked_for_them(self):
        stream = self.run_in_trace(wants([("calculator", {"expression": "6*7"})]), agent="boss")
        stream.rest()

        spans = self.spans_of(stream)

        self.assertEqual(len(spans), 6)
        run = self.one(spans, "api.stream")
        boss = self.one(spans, "agent", agent="boss")
        child = self.one(spans, "agent", agent="assistant")
        tool = self.one(spans, "tool", tool="calculator", status="completed")
        models = [span for span in spans if span["name"] == "model"]
        self.assertEqual(run["parent_span_id"], "b7ad6b7169203331")
        self.assertEqual(boss["parent_span_id"], run["span_id"])
        self.assertEqual(child["parent_span_id"], boss["span_id"])
        self.assertEqual({span["parent_span_id"] for span in [tool, *models]}, {child["span_id"]})
        self.assertEqual([span["attributes"]["finish_reason"] for span in models],
                         ["tool_calls", "stop"])
        self.assertEqual({span["attributes"]["usage.prompt_tokens"] for span in models}, {10})
        self.assertEqual(child["attributes"]["usage.prompt_tokens"], 20)
        for span in spans:
            self.assertLessEqual(int(run["start_ns"]), int(span["start_ns"]))
            self.assertLessEqual(int(span["start_ns"]), int(span["end_ns"]))
            self.assertLessEqual(int(span["end_ns"]), int(run["end_ns"]))

    def test_the_upstream_is_told_the_span_of_the_model_that_it_answers_for(self):
        told = []
        self.before_answer = lambda connection: told.append(connection.header("traceparent"))
        stream = self.run_in_trace("hello")
        stream.rest()

        model = self.one(self.spans_of(stream), "model")

        self.assertEqual(told, [f"00-{TRACE}-{model['span_id']}-01"])

    def test_an_upstream_that_is_none_of_its_business_is_told_nothing(self):
        told = []

        def answer(connection):
            told.append(connection.header("traceparent"))
            says("Hello")(connection)

        upstream = FakeUpstream(answer)
        self.addCleanup(upstream.close)
        server = Server(config(upstream, plugin={"traceparent": False})).start()
        self.addCleanup(server.close)
        client = server.client()

        client.run(client.interaction(), "hello", headers={"traceparent": TRACEPARENT}).rest()

        self.assertEqual(told, [None])

    def test_what_was_cancelled_says_so(self):
        self.before_answer = lambda connection: connection.wait_until_left()
        stream = self.run_in_trace("hello")
        stream.until(lambda event: event.name == "delta")
        self.made.client.post(f"/api/runs/{stream.headers['x-run-id']}/cancel")
        stream.rest()

        spans = self.spans_of(stream)

        self.assertEqual([span["name"] for span in spans], ["model", "agent", "api.stream"])
        self.assertEqual({span["attributes"]["status"] for span in spans}, {"cancelled"})
        self.assertEqual({span["status"] for span in spans}, {"ok"})

    def test_what_failed_says_why(self):
        self.before_answer = lambda connection: connection.sock.shutdown(socket.SHUT_RDWR)
        stream = self.run_in_trace("hello")
        stream.rest()

        spans = self.spans_of(stream)

        self.assertEqual([span["name"] for span in spans], ["model", "agent", "api.stream"])
        self.assertEqual({span["attributes"]["status"] for span in spans}, {"failed"})
        self.assertEqual({span["status"] for span in spans}, {"error"})
        self.assertEqual(self.one(spans, "model")["attributes"]["error"], "upstream_truncated")

    def test_a_run_that_goes_on_after_a_crash_is_still_the_same_span(self):
        self.before_answer = lambda connection: connection.wait_until_left()
        stream = self.run_in_trace(wants([("clock", {})]))
        stream.until(lambda event: event.name == "tool.result")
        self.before_answer = lambda connection: None

        self.made.kill_and_start()

        spans = self.spans_of(stream)
        run = self.one(spans, "api.stream")
        self.assertEqual((run["attributes"]["status"], run["attributes"]["attempt"]),
                         ("completed", 2))
        self.assertEqual({span["parent_span_id"] for span in spans if span["name"] == "agent"},
                         {run["span_id"]})


if __name__ == "__main__":
    unittest.main()
