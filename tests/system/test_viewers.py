"""Any number of viewers, each from its own cursor and at its own pace."""

import unittest

from harness import ServerTest, demo_config, eventually, text_of

ENDLESS = {"words": 100000}


class CursorTest(ServerTest):
    config = demo_config(server={"drain_timeout_ms": 50, "heartbeat_ms": 20})

    def setUp(self):
        super().setUp()
        self.interaction = self.client.interaction()

    def attach(self, headers=None, query=""):
        return self.client.stream("GET", f"/api/interactions/{self.interaction}/events{query}",
                                  None, headers)

    def test_last_event_id_and_after_give_the_same_suffix(self):
        log = self.client.run(self.interaction, "hello").rest()

        for at in (0, 1, 17, len(log) - 1):
            with self.subTest(at):
                by_header = self.attach({"Last-Event-ID": str(at)}).rest()
                by_query = self.attach(query=f"?after={at}").rest()

                wanted = [(event.id, event.text) for event in log[at:]]
                self.assertEqual([(e.id, e.text) for e in by_header], wanted)
                self.assertEqual([(e.id, e.text) for e in by_query], wanted)

    def test_last_event_id_wins_over_after(self):
        log = self.client.run(self.interaction, "hello").rest()

        events = self.attach({"Last-Event-ID": "10"}, "?after=20").rest()

        self.assertEqual(events[0].seq, 11)
        self.assertEqual(len(events), len(log) - 10)

    def test_at_the_end_there_is_nothing_more_to_come(self):
        last = self.client.run(self.interaction, "hello").rest()[-1]

        for stream in (self.attach({"Last-Event-ID": last.id}),
                       self.attach(query=f"?after={last.id}")):
            self.assertEqual(stream.status, 204)
            self.assertEqual(stream.body(), b"")

    def test_an_empty_interaction_has_nothing_to_show(self):
        self.assertEqual(self.attach().status, 204)

    def test_a_cursor_in_the_future_is_416(self):
        last = self.client.run(self.interaction, "hello").rest()[-1]

        for stream in (self.attach({"Last-Event-ID": str(last.seq + 1)}),
                       self.attach(query=f"?after={last.seq + 1}")):
            self.assertEqual(stream.status, 416)
            self.assertIn(b'"out_of_range"', stream.body())

    def test_a_malformed_cursor_is_400(self):
        for cursor in ("x", "-1", "1.5", "1x", "0x10", "99999999999999999999999"):
            with self.subTest(cursor):
                by_header = self.attach({"Last-Event-ID": cursor})
                by_query = self.attach(query=f"?after={cursor}")

                self.assertEqual(by_header.status, 400)
                self.assertEqual(by_query.status, 400)

    def test_a_malformed_cursor_of_a_conversation_is_400(self):
        for cursor in ("17", "x:1", ":1", "01a1f95b-6ac0-7a08-a0ec-34108d219948:x"):
            with self.subTest(cursor):
                stream = self.client.stream("POST", "/api/stream/stream-conversation",
                                            {"message": "hello"}, {"Last-Event-ID": cursor})

                self.assertEqual(stream.status, 400)

    def test_one_run_can_be_watched_alone(self):
        self.client.run(self.interaction, "one").rest()
        second = self.client.run(self.interaction, "two").rest()

        events = self.client.events(self.interaction, run_id=second[0].data["run_id"]).rest()

        self.assertEqual([e.id for e in events], [e.id for e in second])

    def test_following_stays_and_shows_the_next_run(self):
        last = self.client.run(self.interaction, "one").rest()[-1]
        follower = self.client.events(self.interaction, after=last.seq, follow=1)

        shown = []
        for message in ("two", "three"):
            run = self.client.run(self.interaction, message).rest()
            shown += follower.take(len(run))

        self.assertEqual(follower.status, 200)
        self.assertEqual([e.seq for e in shown],
                         list(range(last.seq + 1, last.seq + 1 + len(shown))))
        self.assertEqual(shown[-1].name, "run.completed")

    def test_a_snapshot_shows_messages_and_the_partial_answer_and_then_goes_on(self):
        first = self.client.run(self.interaction, "one").rest()
        running = self.client.run(self.interaction, "two", options={"words": 300})
        running.until(lambda event: event.name == "delta")

        stream = self.client.events(self.interaction, snapshot=1)
        resync, snapshot = stream.take(2)
        rest = stream.rest()

        self.assertEqual((resync.name, snapshot.name), ("resync", "snapshot"))
        self.assertEqual(resync.id, snapshot.id)
        self.assertEqual(resync.data["to"], snapshot.seq)
        self.assertEqual([m["role"] for m in snapshot.data["messages"]],
                         ["user", "assistant", "user"])
        self.assertEqual(rest[0].seq, snapshot.seq + 1)
        final = next(e for e in rest if e.name == "message.completed").data
        self.assertEqual(snapshot.data["partial"]["text"] + text_of(rest),
                         final["content"][0]["text"])

    def test_a_snapshot_has_the_newest_hundred_messages_and_tells_of_earlier_ones(self):
        first = self.client.run(self.interaction, "turn 1", options={"words": 1})
        first.rest()
        few = self.client.events(self.interaction, snapshot=1).rest()[1].data
        for turn in range(2, 52):
            self.client.run(self.interaction, f"turn {turn}", options={"words": 1}).rest()

        many = self.client.events(self.interaction, snapshot=1).rest()[1].data

        self.assertFalse(few["earlier_messages"])
        self.assertTrue(many["earlier_messages"])
        asked = [m["content"][0]["text"] for m in many["messages"] if m["role"] == "user"]
        self.assertEqual(asked, [f"turn {turn}" for turn in range(2, 52)])

    def test_a_snapshot_of_what_is_over_has_no_partial_answer(self):
        last = self.client.run(self.interaction, "one").rest()[-1]

        events = self.client.events(self.interaction, snapshot=1).rest()

        self.assertEqual([event.name for event in events], ["resync", "snapshot"])
        self.assertEqual(events[1].seq, last.seq)
        self.assertNotIn("partial", events[1].data)

    def test_a_silent_stream_gets_heartbeats(self):
        stream = self.client.run(self.interaction, "hello",
                                 options={"words": 5, "first_token_ms": 400})

        stream.rest()

        self.assertGreaterEqual(stream.comments, 3)

    def test_a_heartbeat_never_comes_between_an_id_and_its_data(self):
        stream = self.client.run(self.interaction, "hello",
                                 options={"words": 15, "token_delay_ms": 50})

        blocks = stream.body().decode().split("\n\n")

        pings = [block for block in blocks if ": ping" in block]
        self.assertGreater(len(pings), 3)
        self.assertEqual(set(pings), {": ping"})

    def test_many_viewers_see_the_same(self):
        stream = self.client.run(self.interaction, "hello", options={"words": 200})
        viewers = [self.client.events(self.interaction) for _ in range(20)]

        wanted = [(event.id, event.text) for event in stream.rest()]

        for viewer in viewers:
            self.assertEqual([(e.id, e.text) for e in viewer.rest()], wanted)


class CompactionTest(ServerTest):
    config = demo_config(store={"retention_ms": 0})

    def setUp(self):
        super().setUp()
        self.interaction = self.client.interaction()

    def compacted(self):
        """Waits until the finished runs are compacted."""
        def look():
            found = self.client.get(f"/api/interactions/{self.interaction}").json()
            return found["compacted_to"] == found["last_seq"] and found
        return eventually(look, "the runs are compacted")

    def test_a_cursor_below_what_was_compacted_gets_a_snapshot(self):
        log = self.client.run(self.interaction, "hello").rest()
        found = self.compacted()

        resync, snapshot = self.client.events(self.interaction, after=5).rest()

        self.assertEqual((resync.name, snapshot.name), ("resync", "snapshot"))
        self.assertEqual(resync.data, {"from": 6, "to": found["last_seq"]})
        self.assertEqual(snapshot.seq, found["last_seq"])
        texts = [m["content"][0]["text"] for m in snapshot.data["messages"]]
        self.assertEqual(texts, ["hello", text_of(log)])

    def test_live_events_follow_the_snapshot(self):
        self.client.run(self.interaction, "one").rest()
        self.compacted()
        running = self.client.run(self.interaction, "two")
        running.until(lambda event: event.name == "delta")

        stream = self.client.events(self.interaction, after=1)
        _, snapshot = stream.take(2)
        rest = stream.rest()

        self.assertEqual([e.seq for e in rest],
                         list(range(snapshot.seq + 1, snapshot.seq + 1 + len(rest))))
        self.assertEqual(rest[-1].name, "run.completed")

    def test_compaction_is_seen_while_somebody_follows_the_interaction(self):
        follower = self.client.events(self.interaction, follow=1)
        log = self.client.run(self.interaction, "hello").rest()
        follower.take(len(log))
        # The follower keeps the interaction in memory: what is known there must not grow stale.
        # So the wait asks the database itself.
        eventually(lambda: '"delta"' not in self.server.run("events", self.interaction).stdout,
                   "the deltas are gone")

        events = self.client.events(self.interaction, after=5).rest()
        found = self.client.get(f"/api/interactions/{self.interaction}").json()

        self.assertEqual([event.name for event in events], ["resync", "snapshot"])
        self.assertEqual(found["compacted_to"], log[-1].seq)

    def test_the_answer_of_a_compacted_run_still_ends_a_conversation(self):
        first = self.client.converse("hello")
        shown = first.rest()
        self.interaction = first.headers["x-interaction-id"]
        self.compacted()

        again = self.client.stream("POST", "/api/stream/stream-conversation", None,
                                   {"Last-Event-ID": shown[3].id})

        self.assertEqual(again.rest()[-1].data["content"], shown[-1].data["content"])

    def test_messages_and_outcomes_stay(self):
        log = self.client.run(self.interaction, "hello").rest()
        self.compacted()

        answer = self.client.messages(self.interaction)[-1]
        printed = self.server.run("events", self.interaction).stdout

        self.assertEqual(answer["content"][0]["text"], text_of(log))
        self.assertNotIn('"delta"', printed)
        self.assertIn('"run.completed"', printed)


class OwnershipTest(ServerTest):
    config = demo_config(server={"drain_timeout_ms": 50})

    def test_another_owners_interaction_does_not_exist(self):
        interaction = self.client.interaction()
        running = self.client.run(interaction, "secret", options=ENDLESS)
        running.until(lambda event: event.name == "delta")
        run = running.headers["x-run-id"]
        path = f"/api/interactions/{interaction}"
        resume = {"Last-Event-ID": f"{run}:1"}
        calls = [("GET", path, None, {}),
                 ("GET", path + "/messages", None, {}),
                 ("GET", path + "/events", None, {}),
                 ("GET", path + "/events?after=2&snapshot=1", None, {}),
                 ("GET", path + "/events", None, {"Last-Event-ID": "1"}),
                 ("GET", path + f"/events?run_id={run}", None, {}),
                 ("POST", path + "/runs", {"message": "mine now"}, {}),
                 ("POST", path + "/runs", None, {"Last-Event-ID": "1"}),
                 ("PATCH", path, {"title": "mine now"}, {}),
                 ("DELETE", path, None, {}),
                 ("GET", f"/api/runs/{run}", None, {}),
                 ("GET", f"/api/runs/{run}?wait_ms=1000", None, {}),
                 ("POST", f"/api/runs/{run}/cancel", {}, {}),
                 ("POST", "/api/stream/stream-conversation", None, resume),
                 ("GET", "/api/stream/stream-simple?message=x", None, resume),
                 ("POST", "/api/stream/stream-conversation",
                  {"message": "mine now", "interaction_id": interaction}, {}),
                 ("GET", f"/api/stream/stream-simple?message=x&interaction_id={interaction}",
                  None, {})]
        strangers = [self.server.client(self.server.key(name="mallory")), self.server.client()]

        for stranger in strangers:  # an administrator is one, too
            for method, target, body, headers in calls:
                with self.subTest(f"{method} {target} {headers}"):
                    answer = stranger.request(method, target, body, headers)

                    self.assertEqual(answer.status, 404, answer.body)
                    self.assertNotIn(b"secret", answer.body)

        self.assertEqual(self.client.get(f"/api/runs/{run}").json()["status"], "running")
        self.assertEqual(len(self.client.messages(interaction)), 1)

    def test_a_list_holds_ones_own_interactions_only(self):
        self.client.interaction()
        stranger = self.server.client(self.server.key(name="mallory"))

        self.assertEqual(stranger.get("/api/interactions").json()["items"], [])

    def test_a_second_key_of_the_same_user_opens_the_same_interactions(self):
        interaction = self.client.interaction()
        other = self.server.client(self.server.key(name="phone", user="alice"))

        self.assertEqual(other.get(f"/api/interactions/{interaction}").status, 200)


if __name__ == "__main__":
    unittest.main()
