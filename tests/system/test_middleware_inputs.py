"""Middleware and the inputs of agents' methods: what it changes in them is what the agent gets."""

import json
import pathlib
import tempfile
import unittest

from fake_upstream import DONE, chunk
from harness import BUILD, eventually
from test_middleware import MiddlewareCase, redact

SUMMARIZE = {"library": "patchbay_agent_summarize"}
CHANGER = str(BUILD.resolve() / "tests" / "plugins" / "fixture_input_changer.so")


class MiddlewareInputsTest(MiddlewareCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def changer(self, name, **more):
        return {"library": CHANGER, "config": {"path": str(self.folder / name), **more}}

    def seen_by(self, name):
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def summarize(self, given):
        return self.client.stream("POST", f"/api/interactions/{self.client.interaction()}/runs",
                                  {"agent": "summarize", "method": "summarize", "input": given})

    def test_a_text_is_taken_out_of_the_input_of_an_agents_method_before_it_is_stored(self):
        self.serve({"redact": redact(), "summarize": SUMMARIZE}, ["redact"])

        stream = self.summarize({"text": "my card is 4111 1111 1111 1111",
                                 "more": [{"cards": ["4222-2222-2222-2222", 4333333333333333]}]})
        events = stream.rest()

        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(json.loads(events[0].data["content"][0]["text"]),
                         {"text": "my card is [card]", "more": [{"cards": ["[card]", "[card]"]}]})
        self.assertIn("facts in: my card is [card]", json.dumps(self.upstream.requests[0]))
        run = self.client.get(f"/api/runs/{stream.headers['x-run-id']}")
        self.assertNotIn("4111", json.dumps(run.json()))
        for card in ("4111 1111", "4222-2222", "433333333"):
            self.assert_nowhere(card)

    def test_an_input_that_does_not_fit_any_more_refuses_the_turn(self):
        patterns = [{"pattern": "swordfish", "replacement": ""}]
        self.serve({"redact": redact(config={"patterns": patterns}), "summarize": SUMMARIZE},
                   ["redact"])

        reply = self.client.post(f"/api/interactions/{self.client.interaction()}/runs",
                                 {"agent": "summarize", "method": "summarize",
                                  "input": {"text": "swordfish"}})

        self.assertEqual(reply.status, 400, reply.body)
        self.assertIn("input, as middleware left it", reply.json()["error"])
        self.assertEqual(self.upstream.requests, [])
        self.assert_nowhere("swordfish")

    def test_after_a_crash_the_agent_gets_the_input_as_it_was_changed(self):
        def answer(connection):
            connection.chunked("Facts.")
            if len(self.upstream.requests) == 1:
                return connection.wait_until_left()
            connection.piece(chunk(finish_reason="stop"))
            connection.piece(DONE)
            connection.finish()

        self.serve({"redact": redact(), "one": self.changer("one"), "summarize": SUMMARIZE},
                   ["redact", "one"], answer)
        stream = self.summarize({"text": "my card is 4111 1111 1111 1111"})
        eventually(lambda: len(self.upstream.requests) == 1, "the model is asked")
        self.server.kill()
        self.server.start()
        client = self.server.client(self.client.key)

        run = client.wait_for_run(stream.headers["x-run-id"])

        self.assertEqual(run["status"], "completed")
        first, second = (json.dumps(self.upstream.requests[i]["messages"]) for i in (0, 1))
        self.assertIn("my card is [card]", first)
        self.assertEqual(first, second)
        self.assertEqual([(each["attempt"], each["input"]) for each in self.seen_by("one")],
                         [(1, '{"text":"my card is [card]"}'), (2, '{"text":"my card is [card]"}')])
        self.assert_nowhere("4111 1111")

    def test_the_next_middleware_sees_the_input_as_it_was_changed_and_so_does_the_log(self):
        self.serve({"one": self.changer("one", input='{"text": "two"}'),
                    "two": self.changer("two"), "summarize": SUMMARIZE}, ["one", "two"])

        events = self.summarize({"text": "one"}).rest()

        self.assertEqual(self.seen_by("one"), [
            {"attempt": 1, "method": "summarize", "input": '{"text":"one"}',
             "content": [{"type": "text", "text": '{"text":"one"}'}]}])
        self.assertEqual(self.seen_by("two"), [
            {"attempt": 1, "method": "summarize", "input": '{"text": "two"}',
             "content": [{"type": "text", "text": '{"text": "two"}'}]}])
        self.assertEqual(events[0].data["content"][0]["text"], '{"text": "two"}')
        self.assertIn("facts in: two", json.dumps(self.upstream.requests[0]))

    def test_a_message_beside_the_input_is_not_replaced_by_it(self):
        self.serve({"one": self.changer("one", input='{"text": "two"}'), "summarize": SUMMARIZE},
                   ["one"])

        stream = self.client.run(self.client.interaction(), "please", agent="summarize",
                                 method="summarize", input={"text": "one"})

        self.assertEqual(stream.rest()[0].data["content"][0]["text"], "please")

    def test_an_input_that_is_no_object_or_of_a_turn_without_one_is_a_fault_of_its_giver(self):
        for given, message in (("[1]", {"input": {"text": "x"}, "method": "summarize"}),
                               ('{"text": ', {"input": {"text": "x"}, "method": "summarize"}),
                               ('{"content": []}', {"message": "a conversation's turn"})):
            with self.subTest(given):
                self.serve({"one": self.changer("one", input=given), "summarize": SUMMARIZE},
                           ["one"])

                reply = self.client.post(
                    f"/api/interactions/{self.client.interaction()}/runs",
                    {"agent": "summarize", **message})

                self.assertEqual(reply.status, 500, reply.body)
                self.assertIn("one gave an invalid verdict", self.server.read_log())
                self.assertEqual(self.upstream.requests, [])

    def test_a_turn_of_a_conversation_has_neither_method_nor_input(self):
        self.serve({"one": self.changer("one")}, ["one"])

        self.client.run(self.client.interaction(), "hello").rest()

        self.assertEqual(self.seen_by("one"), [
            {"attempt": 1, "method": "", "input": "",
             "content": [{"type": "text", "text": "hello"}]}])


if __name__ == "__main__":
    unittest.main()
