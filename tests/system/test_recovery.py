"""kill -9 in mid-answer: what was shown stays, and every run is continued or settled."""

import unittest

from harness import Cut, Server, ServerTest, demo_config, eventually, text_of, tokens_of

# Long enough that the kill comes in the middle.
LONG = {"words": 300, "token_delay_ms": 2, "first_token_ms": 1}


def read_until_cut(stream, events):
    try:
        while (event := stream.next()) is not None:
            events.append(event)
    except (Cut, OSError):
        pass


class RecoveryTest(ServerTest):
    config = demo_config(demo=LONG)

    def setUp(self):
        super().setUp()
        self.interaction = self.client.interaction()

    def crash_during(self, shown_deltas=20, **fields):
        """Starts a run, kills the server in the middle, starts it again; returns what was shown."""
        stream = self.client.run(self.interaction, "tell me a long story", **fields)
        events = []
        while sum(event.name == "delta" for event in events) < shown_deltas:
            events.append(stream.next())
        self.server.kill()
        read_until_cut(stream, events)
        self.server.start()
        self.client.port = self.server.port
        return events

    def test_what_was_shown_is_in_the_log_after_a_kill(self):
        shown = self.crash_during()

        log = self.client.events(self.interaction).rest()

        stored = {event.seq: event.text for event in log}
        for event in shown:
            self.assertEqual(stored.get(event.seq), event.text)

    def test_a_continued_answer_equals_an_uninterrupted_one(self):
        other = self.client.interaction()
        whole = text_of(self.client.run(other, "tell me a long story").rest())

        shown = self.crash_during()
        rest = self.client.events(self.interaction, after=shown[-1].seq).rest()

        self.assertEqual(rest[-1].name, "run.completed")
        self.assertIn("run.recovered", [event.name for event in rest])
        self.assertEqual(text_of(shown + rest), whole)
        self.assertEqual([e.seq for e in shown + rest], list(range(1, rest[-1].seq + 1)))

    def test_stream_conversation_goes_on_from_the_last_id_after_a_kill(self):
        stream = self.client.converse("tell me a long story")
        shown = stream.take(30)
        self.server.kill()
        read_until_cut(stream, shown)
        self.server.start()
        self.client.port = self.server.port

        again = self.client.stream("POST", "/api/stream/stream-conversation", None,
                                   {"Last-Event-ID": shown[-1].id})
        rest = again.rest()

        self.assertEqual(rest[-1].data["type"], "complete")
        self.assertEqual(tokens_of(shown + rest), rest[-1].data["content"])

    def test_a_regenerated_answer_supersedes_what_was_shown(self):
        shown = self.crash_during(on_crash="regenerate")

        rest = self.client.events(self.interaction, after=shown[-1].seq).rest()

        taken_back = [event.data for event in rest if event.name == "attempt.superseded"]
        self.assertEqual(len(taken_back), 1)
        first_delta = next(event.seq for event in shown if event.name == "delta")
        self.assertEqual(taken_back[0]["from_seq"], first_delta)
        final = next(event for event in rest if event.name == "message.completed")
        self.assertEqual(text_of(shown + rest), final.data["content"][0]["text"])

    def test_a_dialect_that_cannot_take_back_ends_with_an_error_when_text_is_replaced(self):
        stream = self.client.converse("tell me a long story", headers={
            "X-Patchbay-On-Crash": "regenerate"})
        shown = stream.take(30)
        self.server.kill()
        stream.close()
        self.server.start()
        self.client.port = self.server.port

        rest = self.client.stream("POST", "/api/stream/stream-conversation", None,
                                  {"Last-Event-ID": shown[-1].id}).rest()

        self.assertEqual(rest[-1].data["type"], "error")
        self.assertIn("started again", rest[-1].data["error"])
        first_token = next(e.data["content"] for e in shown if e.data["type"] == "token")
        self.assertNotIn(first_token, [e.data.get("content") for e in rest])

    def test_an_event_source_whose_text_was_replaced_comes_to_an_end(self):
        """It returns with each stream's last id until it is told that there is nothing more."""
        stream = self.client.stream("GET", "/api/stream/stream-simple?message=hello", None,
                                    {"X-Patchbay-On-Crash": "regenerate"})
        shown = stream.take(30)
        self.server.kill()
        stream.close()
        self.server.start()
        self.client.port = self.server.port

        answers, last_id = [], shown[-1].id
        while (again := self.client.stream("GET", "/api/stream/stream-simple?message=hello", None,
                                           {"Last-Event-ID": last_id})).status == 200:
            answers.append(again.rest())
            last_id = answers[-1][-1].id or last_id
            self.assertLess(len(answers), 5, answers)

        self.assertEqual(again.status, 204)
        kinds = [[event.data["type"] for event in answer] for answer in answers]
        self.assertEqual(kinds, [["error"], ["complete"]])
        self.assertEqual(len(answers[1][0].data["content"].split()), LONG["words"])
        items = self.client.get("/api/interactions").json()["items"]
        self.assertEqual(len(items), 2, "the set-up's and this one: nothing was asked twice")

    def test_what_was_shown_is_kept_when_the_run_is_cancelled_right_after_the_start(self):
        shown = self.crash_during(shown_deltas=60)
        run = shown[0].data["run_id"]

        self.client.post(f"/api/runs/{run}/cancel")
        answer = self.client.messages(self.interaction)[-1]

        self.assertEqual(answer["role"], "assistant")
        self.assertTrue(answer["content"][0]["text"].startswith(text_of(shown)))

    def test_a_snapshot_right_after_the_start_has_the_text_so_far(self):
        shown = self.crash_during(shown_deltas=60)

        stream = self.client.events(self.interaction, after=0, snapshot=1)
        resync, snapshot = stream.take(2)

        self.assertTrue(snapshot.data["partial"]["text"].startswith(text_of(shown)))
        whole = snapshot.data["partial"]["text"] + text_of(stream.rest())
        self.assertEqual(len(whole.split()), LONG["words"])

    def test_a_settled_run_is_interrupted_and_keeps_its_text(self):
        shown = self.crash_during(on_crash="settle")

        log = self.client.events(self.interaction).rest()

        self.assertEqual(log[-1].name, "run.interrupted")
        partial = self.client.messages(self.interaction)[-1]
        self.assertEqual(partial["status"], "partial")
        self.assertTrue(partial["content"][0]["text"].startswith(text_of(shown)))

    def test_the_next_turn_succeeds_after_every_way_of_recovering(self):
        for policy in ("continue", "regenerate", "settle"):
            with self.subTest(policy):
                self.interaction = self.client.interaction()
                shown = self.crash_during(on_crash=policy)
                self.client.wait_for_run(shown[0].data["run_id"])

                # The demo provider refuses what a strict vendor refuses.
                events = self.client.run(self.interaction, "and then?").rest()

                self.assertEqual(events[-1].name, "run.completed")

    def test_no_run_is_running_that_nobody_runs(self):
        self.crash_during()

        eventually(lambda: self.server.metrics()["patchbay_runs_open"] == 0, "all runs ended")
        items = self.server.client().get("/api/admin/streams").json()["items"]

        self.assertEqual(items, [])

    def test_queued_runs_survive_in_order(self):
        first = self.client.run(self.interaction, "first")
        first.until(lambda event: event.name == "delta")
        queued = [self.client.post(f"/api/interactions/{self.interaction}/runs",
                                   {"message": text, "background": True}).json()["run_id"]
                  for text in ("second", "third", "fourth")]
        self.server.kill()
        self.server.start()
        self.client.port = self.server.port

        runs = [self.client.wait_for_run(run) for run in queued]

        self.assertEqual([run["status"] for run in runs], ["completed"] * 3)
        self.assertEqual([run["turn"] for run in runs], [2, 3, 4])
        starts = [run["started_at_ms"] for run in runs]
        self.assertEqual(starts, sorted(starts))
        said = [m["content"][0]["text"] for m in self.client.messages(self.interaction)
                if m["role"] == "user"]
        self.assertEqual(said, ["first", "second", "third", "fourth"])

    def test_a_run_that_crashes_too_often_is_settled(self):
        shown = self.crash_during(shown_deltas=2)
        run = shown[0].data["run_id"]
        for _ in range(6):
            if self.client.get(f"/api/runs/{run}").json()["status"] != "running":
                break
            self.server.kill()
            self.server.start()
            self.client.port = self.server.port

        ended = self.client.wait_for_run(run)

        self.assertIn(ended["status"], ("completed", "interrupted"))
        self.assertLessEqual(ended["attempt"], 5)

    def test_who_comes_back_before_the_run_is_taken_up_again_misses_nothing(self):
        """Viewers stand in line at once after the start, before, beside and after the recovery."""
        shown = self.crash_during(on_crash="continue")

        viewers = [self.client.events(self.interaction, after=cursor)
                   for cursor in (0, 1, shown[-2].seq, shown[-1].seq)]

        for viewer, cursor in zip(viewers, (0, 1, shown[-2].seq, shown[-1].seq)):
            seqs = [event.seq for event in viewer.rest()]
            self.assertEqual(seqs, list(range(cursor + 1, seqs[-1] + 1)))

    def test_grace_is_counted_anew_after_a_restart(self):
        config = demo_config(demo={**LONG, "words": 100000}, runs={"grace_ms": 100})
        self.server.write_config(config)
        shown = self.crash_during(on_disconnect="grace")

        ended = self.client.wait_for_run(shown[0].data["run_id"])

        self.assertEqual(ended["status"], "cancelled")


if __name__ == "__main__":
    unittest.main()
