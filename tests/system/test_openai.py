"""The openai provider against an upstream that also misbehaves."""

import unittest

from fake_upstream import (DONE, FakeUpstream, answers, chunk, config, cut, error, event, holds,
                           says, usage)
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

    def failure(self, answer):
        """The run.failed that an upstream's answer leads to; nothing of theirs or ours leaks."""
        self.upstream.answer = answer
        events = self.ask()
        self.assertEqual(events[-1].name, "run.failed")
        for shown in events:
            self.assertNotIn(SECRET, shown.text)
            self.assertNotIn("theirs alone", shown.text)
        stored = self.client.get(f"/api/runs/{events[-1].data['run_id']}")
        self.assertEqual(stored.json()["status"], "failed")
        self.assertNotIn(SECRET.encode(), stored.body)
        self.assertNotIn(b"theirs alone", stored.body)
        return events[-1].data

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

    def test_an_answer_without_done_but_with_a_reason_is_whole(self):
        self.upstream.answer = answers("whole", chunk(finish_reason="stop"))

        self.assertEqual(self.ask()[-1].name, "run.completed")

    # ---- failures ----

    def test_refused_credentials_are_upstream_and_leak_nothing(self):
        for status in (401, 403):
            with self.subTest(status):
                failed = self.failure(error(status, {"error": {
                    "message": f"Incorrect key {SECRET}, theirs alone", "type": "auth"}}))

                self.assertEqual(failed["code"], "upstream")
                self.assertIs(failed["recoverable"], False)

    def test_429_is_rate_limited(self):
        failed = self.failure(error(429, {"error": {"message": "slow down, theirs alone"}},
                                    Retry_After="3"))

        self.assertEqual(failed["code"], "rate_limited")
        self.assertIs(failed["recoverable"], True)

    def test_429_without_money_is_quota_exceeded(self):
        failed = self.failure(error(429, {"error": {"message": "theirs alone",
                                                    "code": "insufficient_quota"}}))

        self.assertEqual(failed["code"], "quota_exceeded")
        self.assertIs(failed["recoverable"], False)

    def test_500_is_upstream_and_recoverable(self):
        failed = self.failure(error(500, {"error": {"message": "Traceback, theirs alone"}}))

        self.assertEqual(failed["code"], "upstream")
        self.assertIs(failed["recoverable"], True)

    def test_a_context_that_is_too_long_is_told_apart(self):
        failed = self.failure(error(400, {"error": {"message": "theirs alone",
                                                    "code": "context_length_exceeded"}}))

        self.assertEqual(failed["code"], "context_length")

    def test_an_error_in_the_midst_of_a_stream_fails_the_run(self):
        failed = self.failure(answers("some", event({"error": {"message": "theirs alone"}})))

        self.assertEqual(failed["code"], "upstream")

    def test_what_is_no_json_fails_the_run(self):
        failed = self.failure(answers("some", b"data: theirs alone\n\n"))

        self.assertEqual(failed["code"], "upstream")

    def test_nobody_listening_fails_the_run(self):
        self.upstream.close()
        server = self.serve(config(self.upstream, {"base_url": "http://127.0.0.1:1/v1"}))
        client = server.client()

        events = client.run(client.interaction(), "hello").rest()

        self.assertEqual(events[-1].name, "run.failed")
        self.assertNotIn("127.0.0.1", events[-1].text)

    def assert_cut_short(self, answer):
        failed = self.failure(answer)
        self.assertEqual(failed["code"], "upstream_truncated")
        partial = self.client.messages(self.interaction)[-1]
        self.assertEqual(partial["status"], "partial")
        self.assertEqual(partial["content"], [{"type": "text", "text": "cut in the middle"}])
        names = [event.name for event in self.client.events(self.interaction).rest()]
        self.assertNotIn("message.completed", names)

    def test_a_stream_that_breaks_is_truncated_and_its_text_kept(self):
        self.assert_cut_short(cut("cut in ", "the middle"))

    def test_a_stream_that_is_reset_is_truncated_or_failed(self):
        self.upstream.answer = cut("cut in ", "the middle", reset=True)

        failed = self.ask()[-1]

        self.assertEqual(failed.name, "run.failed")
        self.assertIn(failed.data["code"], ("upstream_truncated", "upstream"))

    def test_a_stream_that_ends_without_reason_and_done_is_truncated(self):
        self.assert_cut_short(answers("cut in ", "the middle"))

    def test_a_conversation_that_was_cut_never_ends_like_a_complete_one(self):
        self.upstream.answer = cut("cut in ", "the middle")

        events = self.client.converse("hello").rest()

        self.assertEqual(events[-1].data["type"], "error")
        self.assertNotIn("complete", [event.data["type"] for event in events])

    def test_the_next_turn_succeeds_after_a_failure(self):
        self.upstream.answer = error(500, {})
        self.ask("first")
        self.upstream.answer = says("fine")

        events = self.ask("second")

        self.assertEqual(events[-1].name, "run.completed")
        roles = [message["role"] for message in self.upstream.requests[-1]["messages"]]
        self.assertTrue(all(a != b for a, b in zip(roles, roles[1:])), roles)

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
