"""Middleware in the real server: what it changes in turns and in answers, in which order, for whom."""

import json
import threading
import unittest

from fake_upstream import DONE, FakeUpstream, chunk, config, holds, says
from harness import BUILD, Server, text_of
from test_agents import ToolServer
from tool_model import wants

FIXTURES = BUILD.resolve() / "tests" / "plugins"
CARD = r"\b(\d{4}[ -]?){3}\d{4}\b"


def redact(**more):
    return {"library": "patchbay_middleware_redact",
            "config": {"patterns": [{"pattern": CARD, "replacement": "[card]"}]}, **more}


def prompt(text, **more):
    return {"library": "patchbay_middleware_system_prompt", "config": {"text": text}, **more}


def steers(**config):
    return {"library": str(FIXTURES / "fixture_steers.so"), "config": config}


def spells(*pieces):
    """An answer in these very pieces."""
    def answer(connection):
        connection.chunked(*pieces)
        connection.piece(chunk(finish_reason="stop"))
        connection.piece(DONE)
        connection.finish()
    return answer


class MiddlewareCase(unittest.TestCase):
    def serve(self, plugins, order, answer=says("Hello"), **more):
        self.upstream = FakeUpstream(answer)
        self.addCleanup(self.upstream.close)
        self.server = Server(config(self.upstream, plugins=plugins, middleware=order, **more)).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()
        return self.client

    def assert_nowhere(self, text):
        """Neither was the model told, nor does it stand on the disk."""
        self.assertNotIn(text, json.dumps(self.upstream.requests))
        self.assertNotIn(text.encode(), b"".join(
            path.read_bytes() for path in self.server.data.iterdir() if path.is_file()))


class MiddlewareTest(MiddlewareCase):
    def run_of(self, message, **fields):
        return self.client.run(self.client.interaction(), message, **fields).rest()

    def system_of(self, request):
        return [m["content"] for m in request["messages"] if m["role"] == "system"]

    def test_a_text_is_taken_out_of_the_request_before_it_is_stored(self):
        self.serve({"redact": redact()}, ["redact"])

        events = self.run_of("my card is 4111 1111 1111 1111, thanks")

        shown = events[0].data["content"][0]["text"]
        self.assertEqual(shown, "my card is [card], thanks")
        self.assert_nowhere("4111 1111")

    def test_a_text_is_taken_out_of_the_title_of_a_new_conversation(self):
        self.serve({"redact": redact()}, ["redact"])

        self.client.converse("my card is 4111 1111 1111 1111").rest()

        titles = [each["title"] for each in self.client.get("/api/interactions").json()["items"]]
        self.assertEqual(titles, ["my card is [card]"])
        self.assert_nowhere("4111 1111")

    def test_a_match_that_is_cut_by_events_is_taken_out_of_the_answer(self):
        self.serve({"redact": redact()}, ["redact"],
                   spells("Card: 41", "11 111", "1 1111", " 11", "11 is", " yours."))

        events = self.run_of("which card?")

        self.assertEqual(text_of(events), "Card: [card] is yours.")
        self.assertEqual(events[-1].name, "run.completed")

    def test_what_was_held_comes_at_the_end(self):
        self.serve({"redact": redact()}, ["redact"], spells("It begins with 4111 11"))

        self.assertEqual(text_of(self.run_of("which card?")), "It begins with 4111 11")

    def test_what_was_held_is_not_shown_when_the_answer_is_cancelled(self):
        self.serve({"redact": redact()}, ["redact"], holds("It begins with 4111 11"))
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "which card?")
        begun = stream.until(lambda event: event.name == "delta")

        run = stream.headers["x-run-id"]
        self.assertEqual(self.client.post(f"/api/runs/{run}/cancel").status, 200)

        events = begun + stream.rest()
        self.assertEqual(events[-1].name, "run.cancelled")
        self.assertEqual(text_of(events), "It begins with ")
        self.assertEqual(self.client.messages(interaction)[-1]["content"][0]["text"],
                         "It begins with ")

    def test_a_run_that_was_queued_when_the_server_died_is_seen_too(self):
        first = threading.Event()

        def answer(connection):
            if not first.is_set():
                first.set()
                holds("first")(connection)
            else:
                says("It is 4111 1111 1111 1111.")(connection)

        self.serve({"redact": redact()}, ["redact"], answer)
        interaction = self.client.interaction()
        self.client.run(interaction, "one", on_crash="settle").until(
            lambda event: event.name == "delta")
        self.client.run(interaction, "two").until(lambda event: event.name == "message.user")
        self.server.kill()
        self.server.start()
        self.client = self.server.client(self.client.key)

        events = self.client.events(interaction).rest()

        self.assertEqual(events[-1].name, "run.completed")
        self.assertTrue(text_of(events).endswith("It is [card]. "), text_of(events))

    def test_what_holds_a_tool_call_lets_the_tool_act_and_tells_of_it_once(self):
        made = ToolServer(self, agents={"holds": steers(holds=True)},
                          settings={"middleware": ["holds"]})

        events = made.client.run(made.client.interaction(),
                                 wants([("write_line", {"text": "a"})], say="Done:"),
                                 agent="assistant").rest()

        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(len([event for event in events if event.name == "tool.call"]), 1)
        self.assertIn("Done:", text_of(events))
        self.assertEqual(made.lines(), ["a"])

    def test_middleware_of_the_model_that_was_chosen_in_the_end_sees_the_turn(self):
        self.serve({"chooses": steers(model="upstream/fake"),
                    "redact": redact(applies_to={"providers": ["upstream"]})},
                   ["redact", "chooses"], says("It is 4111 1111 1111 1111."))

        self.assertEqual(text_of(self.run_of("which card?", model="demo/demo")), "It is [card]. ")

    def test_an_answer_does_not_hide_the_turn_from_those_that_come_later(self):
        self.serve({"answers": steers(answer="It is 4111 1111 1111 1111."), "redact": redact()},
                   ["answers", "redact"], says("never asked"))
        interaction = self.client.interaction()

        events = self.client.run(interaction, "is it 4111 1111 1111 1111?").rest()

        self.assertEqual(text_of(events), "It is [card].")
        self.assertNotIn("4111", json.dumps(self.client.messages(interaction)))
        self.assertEqual(self.upstream.requests, [])

    def test_a_conversation_has_its_title_from_the_turn_as_it_became(self):
        self.serve({"redact": redact()}, ["redact"], says("Hello"))

        self.client.stream("POST", "/api/stream/stream-conversation",
                           {"message": "card 4111 1111 1111 1111"}).rest()

        titles = [item["title"] for item in self.client.get("/api/interactions").json()["items"]]
        self.assertEqual(titles, ["card [card]"])

    def test_prompts_go_before_the_conversation_in_the_order_of_the_config(self):
        self.serve({"one": prompt("First."), "two": prompt("Second.")}, ["two", "one"])

        self.run_of("hello")

        text = json.dumps(self.system_of(self.upstream.requests[0]))
        self.assertLess(text.index("Second."), text.index("First."))

    def test_each_sees_the_turns_that_it_applies_to(self):
        self.serve({"chat": {"library": "patchbay_agent_chat"},
                    "helper": {"library": "patchbay_agent_assistant"},
                    "for_helper": prompt("Helper.", applies_to={"agents": ["helper"]}),
                    "for_simple": prompt("Simple.", applies_to={"surfaces": ["stream-simple"]}),
                    "for_demo": prompt("Demo.", applies_to={"providers": ["demo"]})},
                   ["for_helper", "for_simple", "for_demo"])

        self.run_of("one")
        self.run_of("two", agent="helper")
        self.client.stream("GET", "/api/stream/stream-simple?message=three").rest()

        seen = [json.dumps(self.system_of(request)) for request in self.upstream.requests]
        self.assertEqual(["Helper." in text for text in seen], [False, True, False])
        self.assertEqual(["Simple." in text for text in seen], [False, False, True])
        self.assertNotIn("Demo.", "".join(seen))

    def test_one_that_is_off_lets_nothing_pass(self):
        self.serve({"redact": redact(config={"patterns": [{"pattern": "(("}]})}, ["redact"])

        answer = self.client.post(f"/api/interactions/{self.client.interaction()}/runs",
                                  {"message": "hello"})

        self.assertEqual(answer.status, 503, answer.body)
        self.assertIn("redact", answer.json()["error"])
        self.assertEqual(self.upstream.requests, [])

    def test_after_a_crash_the_answer_is_redacted_all_the_same(self):
        def answer(connection):
            connection.chunked("Card: ")
            if len(self.upstream.requests) == 1:
                return connection.wait_until_left()
            for piece in ("4111 1111", " 1111 1111", " ok"):
                connection.piece(chunk(piece))
            connection.piece(chunk(finish_reason="stop"))
            connection.piece(DONE)
            connection.finish()

        self.serve({"redact": redact(), "prompt": prompt("Be kind.")}, ["redact", "prompt"], answer)
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "which card?")
        stream.until(lambda event: event.name == "delta")
        self.server.kill()
        self.server.start()
        client = self.server.client(self.client.key)

        events = client.events(interaction).rest()

        self.assertEqual(events[-1].name, "run.completed")
        final = next(e for e in events if e.name == "message.completed")
        self.assertEqual(final.data["content"][0]["text"], "Card: [card] ok")
        for request in self.upstream.requests:
            self.assertIn("Be kind.", json.dumps(self.system_of(request)))


if __name__ == "__main__":
    unittest.main()
