"""The first road: ask, read, come back, ask again."""

import unittest

from harness import Cut, ServerTest, demo_config, eventually, text_of, tokens_of


class ConversationTest(ServerTest):
    config = demo_config()

    def test_a_question_is_answered_with_metadata_tokens_and_complete(self):
        stream = self.client.converse("Hello there")

        events = stream.rest()

        self.assertEqual(stream.status, 200)
        self.assertEqual(stream.headers["content-type"], "text/event-stream; charset=utf-8")
        kinds = [event.data["type"] for event in events]
        self.assertEqual(kinds[0], "metadata")
        self.assertEqual(kinds[-1], "complete")
        self.assertEqual(set(kinds[1:-1]), {"token"})
        self.assertIs(events[0].data["is_new_interaction"], True)
        self.assertEqual(events[0].data["user_id"], "user:alice")
        self.assertEqual(events[0].data["interaction_id"], stream.headers["x-interaction-id"])
        self.assertEqual(tokens_of(events), events[-1].data["content"])
        self.assertIn("Hello there", events[-1].data["content"])
        self.assertGreater(events[-1].data["tokens_used"], 0)

    def test_points_are_tokens_times_price_rounded_up(self):
        complete = self.client.converse("Hello there").rest()[-1].data

        self.assertEqual(complete["points_cost"], -(-complete["tokens_used"] * 10 // 1000))

    def test_events_on_this_surface_are_ascii_and_have_no_event_field(self):
        stream = self.client.converse("naïve café 你好 🙂")
        events = stream.rest()

        self.assertTrue(all(event.name is None for event in events))
        self.assertTrue(all(event.text.isascii() for event in events))
        self.assertIn("naïve café 你好 🙂", events[-1].data["content"])

    def test_the_next_question_goes_to_the_same_interaction(self):
        first = self.client.converse("one").rest()
        interaction = first[0].data["interaction_id"]

        second = self.client.converse("two", interaction).rest()

        self.assertEqual(second[0].data["interaction_id"], interaction)
        self.assertIs(second[0].data["is_new_interaction"], False)
        roles = [message["role"] for message in self.client.messages(interaction)]
        self.assertEqual(roles, ["user", "assistant", "user", "assistant"])

    def test_messages_form_a_chain_of_parents(self):
        interaction = self.client.converse("one").rest()[0].data["interaction_id"]
        self.client.converse("two", interaction).rest()

        messages = self.client.messages(interaction)

        self.assertIsNone(messages[0]["parent_id"])
        for parent, child in zip(messages, messages[1:]):
            self.assertEqual(child["parent_id"], parent["id"])

    def test_a_connection_takes_the_next_request_after_a_stream(self):
        stream = self.client.converse("one")
        stream.rest()

        stream.sock.sendall(self.client.bytes("GET", "/api/stream/health"))
        stream.ended = False
        status, headers = stream._head()

        self.assertEqual(status, 200)
        self.assertIn("healthy", stream.raw.decode() or stream.sock.recv(1000).decode())

    def test_leaving_and_re_attaching_shows_every_token_once(self):
        stream = self.client.converse("tell me more")
        shown = stream.take(8)
        stream.reset()

        again = self.client.stream("POST", "/api/stream/stream-conversation", None,
                                   {"Last-Event-ID": shown[-1].id})
        rest = again.rest()

        self.assertEqual(rest[-1].data["type"], "complete")
        self.assertEqual(tokens_of(shown + rest), rest[-1].data["content"])

    def test_a_request_with_last_event_id_after_the_end_is_204_and_starts_nothing(self):
        events = self.client.converse("hello").rest()
        interaction = events[0].data["interaction_id"]

        again = self.client.request("POST", "/api/stream/stream-conversation",
                                    {"message": "hello"}, {"Last-Event-ID": events[-1].id})

        self.assertEqual(again.status, 204)
        self.assertEqual(len(self.client.messages(interaction)), 2)

    def test_native_events_are_numbered_without_gaps(self):
        interaction = self.client.interaction(title="mine")
        events = self.client.run(interaction, "hello").rest()

        self.assertEqual([event.seq for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(events[0].name, "message.user")
        self.assertEqual(events[1].name, "run.started")
        self.assertEqual([event.name for event in events[-3:]],
                         ["usage", "message.completed", "run.completed"])
        final = events[-2].data["content"][0]["text"]
        self.assertEqual(text_of(events), final)

    def test_the_log_reads_the_same_live_and_afterwards(self):
        interaction = self.client.interaction()
        live = self.client.run(interaction, "hello").rest()

        stored = self.client.events(interaction).rest()

        self.assertEqual([(e.name, e.id, e.text) for e in stored],
                         [(e.name, e.id, e.text) for e in live])

    def test_simple_streaming_by_get(self):
        stream = self.client.stream("GET", "/api/stream/stream-simple?message=What%20is%202%2B2%3F")

        events = stream.rest()

        self.assertEqual({event.data["type"] for event in events}, {"token", "complete"})
        self.assertIn("What is 2+2?", events[-1].data["content"])
        self.assertEqual(events[-1].data["interaction_id"], stream.headers["x-interaction-id"])

    def test_a_background_run_is_polled(self):
        interaction = self.client.interaction()
        answer = self.client.post(f"/api/interactions/{interaction}/runs",
                                  {"message": "hello", "background": True})

        run = self.client.wait_for_run(answer.json()["run_id"])

        self.assertEqual(answer.status, 202)
        self.assertEqual(answer.headers["location"], f"/api/runs/{run['id']}")
        self.assertEqual(run["status"], "completed")
        self.assertFalse(run["usage"]["estimated"])

    def test_cancelling_keeps_the_partial_text_and_is_idempotent(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello", options={"words": 100000})
        shown = stream.until(lambda event: event.name == "delta")
        run = stream.headers["x-run-id"]

        first = self.client.post(f"/api/runs/{run}/cancel")
        second = self.client.post(f"/api/runs/{run}/cancel")
        shown += stream.rest()

        self.assertEqual(first.json()["status"], "cancelled")
        self.assertEqual(second.json()["status"], "cancelled")
        self.assertEqual(shown[-1].name, "run.cancelled")
        self.assertEqual(shown[-1].data["by"], "client")
        partial = self.client.messages(interaction)[-1]
        self.assertEqual(partial["status"], "partial")
        self.assertEqual(partial["content"][0]["text"], text_of(shown))

    def test_a_stopped_server_ends_runs_as_interrupted_and_exits_with_0(self):
        server = self.serve(demo_config(server={"drain_timeout_ms": 50}))
        client = server.client()
        interaction = client.interaction()
        stream = client.run(interaction, "hello", options={"words": 100000})
        stream.until(lambda event: event.name == "delta")

        code = server.stop()
        last = None
        try:
            last = stream.rest()[-1]
        except Cut:
            pass
        server.start()
        log = server.client().events(interaction).rest()

        self.assertEqual(code, 0)
        self.assertEqual(log[-1].name, "run.interrupted")
        if last is not None:
            self.assertEqual(last.name, "run.interrupted")

    def test_a_deleted_interaction_is_gone_and_its_run_cancelled(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello", options={"words": 100000})
        stream.until(lambda event: event.name == "delta")

        deleted = self.client.request("DELETE", f"/api/interactions/{interaction}")

        self.assertEqual(deleted.status, 204)
        self.assertEqual(self.client.get(f"/api/interactions/{interaction}").status, 404)
        eventually(lambda: self.server.metrics()["patchbay_runs_open"] == 0, "no open run")


if __name__ == "__main__":
    unittest.main()
