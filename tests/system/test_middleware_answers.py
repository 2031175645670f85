"""Middleware and what people answer to questions: what it takes out of that reaches nobody."""

import json
import pathlib
import tempfile
import unittest

from test_agents import FIXTURES, ToolServer, named
from test_middleware import redact
from test_middleware_inputs import CHANGER
from tool_model import wants

CARD = "4111 1111 1111 1111"
METHOD = "run.resume"


class MiddlewareAnswersTest(unittest.TestCase):
    def serve(self, plugins, order, **more):
        self.made = ToolServer(self, approval="always", settings={"middleware": order}, agents={
            "asker": {"library": str(FIXTURES / "fixture_asker.so")}, **plugins}, **more)
        self.client = self.made.client

    def changer(self, **more):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "seen"
        return {"library": CHANGER, "config": {"path": str(self.path), "only": METHOD, **more}}

    def seen(self):
        """What the changer saw of answers."""
        return [each for each in map(json.loads, self.path.read_text().splitlines())
                if each["method"] == METHOD]

    def wait(self, agent="assistant"):
        """A run that waits for a word about a call; its id, its stream, the question's id."""
        stream = self.client.run(self.client.interaction(),
                                 wants([("write_line", {"text": "first"})]), agent=agent)
        question = stream.until(lambda event: event.name == "run.waiting")[-1].data
        return stream.headers["x-run-id"], stream, question["request_id"]

    def resume(self, run, question, decision, **more):
        return self.client.post(f"/api/runs/{run}/resume",
                                {"request_id": question, "decision": decision, **more})

    def assert_nowhere(self, text):
        self.assertNotIn(text, json.dumps(self.made.upstream.requests))
        self.made.server.stop()
        self.assertNotIn(text.encode(), b"".join(
            path.read_bytes() for path in self.made.server.data.iterdir() if path.is_file()))

    def test_a_text_is_taken_out_of_a_comment_before_anybody_hears_of_it(self):
        self.serve({"redact": redact()}, ["redact"])
        run, stream, question = self.wait()

        answer = self.resume(run, question, "deny", comment=f"use card {CARD}")

        self.assertEqual(answer.status, 200, answer.body)
        events = stream.rest()
        self.assertEqual(named(events, "run.resumed")[0].data["comment"], "use card [card]")
        self.assertEqual(named(events, "tool.result")[0].data["error"],
                         "This call was denied. use card [card]")
        self.assertIn("use card [card]", json.dumps(self.made.upstream.requests))
        self.assert_nowhere(CARD)

    def test_a_text_is_taken_out_of_the_arguments_that_a_person_edits(self):
        self.serve({"redact": redact()}, ["redact"])
        run, stream, question = self.wait()

        answer = self.resume(run, question, "edit", input={"text": f"pay with {CARD}"})

        self.assertEqual(answer.status, 200, answer.body)
        events = stream.rest()
        self.assertEqual(named(events, "run.resumed")[0].data["input"],
                         {"text": "pay with [card]"})
        self.assertEqual(self.made.lines(), ["pay with [card]"])
        self.assert_nowhere(CARD)

    def test_a_text_is_taken_out_of_what_a_person_tells_an_agent(self):
        self.serve({"redact": redact()}, ["redact"])
        run, stream, first = self.wait("asker")
        self.resume(run, first, "approve")
        question = stream.until(lambda event: event.name == "run.waiting")[-1].data

        answer = self.resume(run, question["request_id"], "edit",
                             input={"how": f"my card {CARD}"}, comment=CARD)

        self.assertEqual(answer.status, 200, answer.body)
        resumed = named(stream.rest(), "run.resumed")[-1].data
        self.assertEqual((resumed["input"], resumed["comment"]),
                         ({"how": "my card [card]"}, "[card]"))
        self.assert_nowhere(CARD)

    def test_the_same_answer_again_is_the_same_also_when_something_was_taken_out(self):
        self.serve({"redact": redact()}, ["redact"], delay_ms=1000)
        run, stream, question = self.wait()

        given = [self.resume(run, question, "edit", input={"text": text}).status
                 for text in (CARD, CARD, "another")]

        self.assertEqual(given, [200, 200, 409])
        self.assertEqual(stream.rest()[-1].name, "run.completed")

    def test_a_middleware_that_refuses_an_answer_leaves_the_question_open(self):
        self.serve({"one": self.changer(refuses=True)}, ["one"])
        run, stream, question = self.wait()

        refused = self.resume(run, question, "deny", comment="no words, please")

        self.assertEqual(refused.status, 403, refused.body)
        self.assertEqual(self.client.get(f"/api/runs/{run}").json()["status"], "waiting")
        self.assertEqual(self.resume(run, question, "approve").status, 200)
        events = stream.rest()
        self.assertEqual([event.data["decision"] for event in named(events, "run.resumed")],
                         ["approved"])
        self.assertEqual(self.made.lines(), ["first"])

    def test_an_answer_is_seen_as_a_first_turn_with_its_words_as_the_input(self):
        self.serve({"one": self.changer()}, ["one"])
        run, stream, question = self.wait()
        self.made.kill_and_start()
        self.client = self.made.client

        self.assertEqual(self.resume(run, question, "edit", input={"text": "b"},
                                     comment="so").status, 200)

        self.assertEqual(self.client.wait_for_run(run)["status"], "completed")
        words = '{"comment":"so","input":{"text":"b"}}'
        self.assertEqual(self.seen(), [{"attempt": 1, "method": METHOD, "input": words,
                                        "content": [{"type": "text", "text": words}]}])
        self.assertEqual(self.made.lines(), ["b"])

    def test_yes_and_no_alone_are_no_words(self):
        self.serve({"one": self.changer()}, ["one"])
        run, stream, question = self.wait()

        self.assertEqual(self.resume(run, question, "approve").status, 200)

        stream.rest()
        self.assertEqual(self.seen(), [])

    def test_what_middleware_leaves_must_be_an_answer_still(self):
        for left in ('{"comment": 3}', '{"input": "b"}', "{}", '{"input": {"words": 3}}'):
            with self.subTest(left):
                self.serve({"one": self.changer(input=left)}, ["one"])
                run, stream, question = self.wait()

                answer = self.resume(run, question, "edit", input={"text": "b"})

                self.assertEqual(answer.status, 422, answer.body)
                self.assertEqual(self.client.get(f"/api/runs/{run}").json()["status"], "waiting")


if __name__ == "__main__":
    unittest.main()
