"""Middleware in the real server: what it changes in turns and in answers, in which order, for whom."""

import json
import unittest

from fake_upstream import DONE, FakeUpstream, chunk, config, holds, says
from harness import Server, text_of

CARD = r"\b(\d{4}[ -]?){3}\d{4}\b"


def redact(**more):
    return {"library": "patchbay_middleware_redact",
            "config": {"patterns": [{"pattern": CARD, "replacement": "[card]"}]}, **more}


def prompt(text, **more):
    return {"library": "patchbay_middleware_system_prompt", "config": {"text": text}, **more}


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

    def test_what_was_held_comes_also_when_the_answer_is_cancelled(self):
        self.serve({"redact": redact()}, ["redact"], holds("It begins with 4111 11"))
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "which card?")
        begun = stream.until(lambda event: event.name == "delta")

        run = stream.headers["x-run-id"]
        self.assertEqual(self.client.post(f"/api/runs/{run}/cancel").status, 200)

        events = begun + stream.rest()
        self.assertEqual(events[-1].name, "run.cancelled")
        self.assertEqual(text_of(events), "It begins with 4111 11")
        self.assertEqual(self.client.messages(interaction)[-1]["content"][0]["text"],
                         "It begins with 4111 11")

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
