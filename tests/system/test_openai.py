"""The openai provider and an upstream that does as it should; test_failing_upstreams.py has the others."""

import unittest

from fake_upstream import DONE, FakeUpstream, answers, chunk, config, cut, holds, says, usage
from harness import ServerTest, eventually, text_of

SECRET = "sk-very-secret-key-of-ours"


class OpenAiTest(ServerTest):
    def setUp(self):
        self.upstream = FakeUpstream()
        self.addCleanup(self.upstream.close)
        self.config = config(self.upstream, {"api_key": SECRET})
        super().setUp()
        self.interaction = self.client.interaction()

    def ask(self, message="hello", **fields):
        return self.client.run(self.interaction, message, **fields).rest()

    # ---- a good answer ----

    def test_the_upstreams_text_is_the_answer(self):
        events = self.ask()

        self.assertEqual(text_of(events), "Hello from upstream ")
        self.assertEqual(events[-1].name, "run.completed")
        final = next(e for e in events if e.name == "message.completed").data
        self.assertEqual(final["content"], [{"type": "text", "text": "Hello from upstream "}])
        self.assertEqual(final["finish_reason"], "stop")

    def test_the_upstream_is_asked_as_it_expects(self):
        self.ask("What is 2+2?", options={"temperature": 0.5}, max_tokens=77)

        connection = self.upstream.connections[0]
        body = connection.body
        self.assertTrue(connection.head.startswith("POST /v1/chat/completions HTTP/1.1"))
        self.assertEqual(connection.header("authorization"), f"Bearer {SECRET}")
        self.assertEqual(body["model"], "fake")
        self.assertEqual(body["messages"], [{"role": "user", "content": "What is 2+2?"}])
        self.assertIs(body["stream"], True)
        self.assertEqual(body["stream_options"], {"include_usage": True})
        self.assertEqual(body["temperature"], 0.5)
        self.assertEqual(body["max_tokens"], 77)

    def test_an_image_goes_as_an_image_url(self):
        stream = self.client.converse("what is this?",
                                      media_files=[{"url": "https://example.com/cat.png"}])
        stream.rest()

        content = self.upstream.requests[0]["messages"][0]["content"]
        self.assertIn({"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
                      content)

    def test_the_upstreams_usage_counts(self):
        self.upstream.answer = says("one two", usage(11, 7))

        done = self.ask()[-1].data

        self.assertEqual(done["usage"]["prompt_tokens"], 11)
        self.assertEqual(done["usage"]["completion_tokens"], 7)
        self.assertIs(done["usage"]["estimated"], False)

    def test_without_usage_it_is_estimated_and_flagged(self):
        events = self.ask()

        flagged = next(e for e in events if e.name == "usage").data
        self.assertIs(flagged["estimated"], True)
        self.assertGreater(flagged["prompt_tokens"], 0)
        self.assertGreater(flagged["completion_tokens"], 0)
        self.assertIs(events[-1].data["usage"]["estimated"], True)

    def test_reasoning_has_a_channel_of_its_own(self):
        self.upstream.answer = answers(chunk(reasoning_content="Let me think."), "42",
                                       chunk(finish_reason="stop"), DONE)

        events = self.ask()

        deltas = [(e.data["channel"], e.data["text"]) for e in events if e.name == "delta"]
        self.assertEqual(deltas, [("reasoning", "Let me think."), ("answer", "42")])
        final = next(e for e in events if e.name == "message.completed").data
        self.assertEqual(final["content"][0]["text"], "42")

    def test_reasoning_is_not_shown_as_tokens_of_a_conversation(self):
        self.upstream.answer = answers(chunk(reasoning_content="Let me think."), "42",
                                       chunk(finish_reason="stop"), DONE)

        events = self.client.converse("hello").rest()

        self.assertEqual(events[-1].data["content"], "42")

    def test_length_and_content_filter_are_passed_on(self):
        for reason in ("length", "content_filter"):
            with self.subTest(reason):
                self.upstream.answer = answers("some", chunk(finish_reason=reason), DONE)

                events = self.ask()

                final = next(e for e in events if e.name == "message.completed").data
                self.assertEqual(final["finish_reason"], reason)

    def test_text_in_any_script_comes_through(self):
        text = "naïve café 你好 🙂 \u2028 \"quoted\" \\ \t"
        self.upstream.answer = answers(text, chunk(finish_reason="stop"), DONE)

        self.assertEqual(text_of(self.ask()), text)

    # ---- cancelling ----

    def test_cancelling_closes_the_connection_to_the_upstream(self):
        self.upstream.answer = holds("so far")
        stream = self.client.run(self.interaction, "hello")
        shown = stream.until(lambda event: event.name == "delta")

        self.client.post(f"/api/runs/{stream.headers['x-run-id']}/cancel")
        shown += stream.rest()

        self.assertEqual(shown[-1].name, "run.cancelled")
        self.assertTrue(self.upstream.connections[0].left.wait(30))
        self.assertEqual(self.client.messages(self.interaction)[-1]["content"][0]["text"], "so far")

    def test_a_client_that_leaves_with_cancel_closes_the_upstream_before_its_first_byte(self):
        self.upstream.answer = lambda connection: connection.wait_until_left()
        stream = self.client.run(self.interaction, "hello", on_disconnect="cancel")
        eventually(lambda: self.upstream.connections, "the upstream is asked")

        stream.reset()

        self.assertTrue(self.upstream.connections[0].left.wait(30))

    def test_a_run_has_a_time_limit(self):
        server = self.serve(config(self.upstream, runs={"timeout_ms": 200}))
        self.upstream.answer = holds("so far")
        client = server.client()

        events = client.run(client.interaction(), "hello").rest()

        self.assertEqual(events[-1].name, "run.cancelled")
        self.assertEqual(events[-1].data["by"], "timeout")
        self.assertTrue(self.upstream.connections[-1].left.wait(30))

    # ---- history ----

    def test_the_second_turn_carries_the_history(self):
        self.upstream.answer = says("four")
        self.ask("2+2?")
        self.ask("sure?")

        self.assertEqual(self.upstream.requests[1]["messages"], [
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "four "},
            {"role": "user", "content": "sure?"}])

    def test_a_small_window_keeps_the_newest_turns(self):
        models = [{"id": "fake", "context_window": 400}]
        server = self.serve(config(self.upstream, {"models": models}))
        client = server.client()
        interaction = client.interaction()
        filler = "word " * 40
        for n in range(10):
            client.run(interaction, f"question {n} {filler}").rest()

        messages = self.upstream.requests[-1]["messages"]

        self.assertTrue(messages[-1]["content"].startswith("question 9"))
        asked = [m["content"].split(" ")[1] for m in messages if m["role"] == "user"]
        self.assertEqual(asked, [str(n) for n in range(10)][-len(asked):])
        self.assertTrue(1 < len(asked) < 10, asked)
        self.assertEqual(messages[0]["role"], "user")

    def test_what_was_cut_short_is_part_of_the_history(self):
        self.upstream.answer = cut("half an ", "answer")
        self.ask("first")
        self.upstream.answer = says("fine")
        self.ask("second")

        self.assertEqual(self.upstream.requests[-1]["messages"][1],
                         {"role": "assistant", "content": "half an answer"})


if __name__ == "__main__":
    unittest.main()
