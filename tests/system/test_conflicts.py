"""Two posts at once, posts that come too late, and posts that come twice."""

import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from harness import ServerTest, demo_config, text_of

ENDLESS = {"words": 100000}  # for the options of a run that ends only when it is told to
AT_ONCE = 20


class ConflictTest(ServerTest):
    config = demo_config(server={"drain_timeout_ms": 50})

    def setUp(self):
        super().setUp()
        self.interaction = self.client.interaction()

    def running(self):
        """A run that is answering: its stream and what it has shown so far."""
        stream = self.client.run(self.interaction, "first", options=ENDLESS)
        return stream, stream.until(lambda event: event.name == "delta")

    def post(self, message, **fields):
        return self.client.post(f"/api/interactions/{self.interaction}/runs",
                                {"message": message, **fields})

    def cancel(self, run):
        return self.client.post(f"/api/runs/{run}/cancel").json()

    def statuses(self):
        return [(m["turn"], m["role"], m["status"]) for m in self.client.messages(self.interaction)]

    # ---- enqueue ----

    def test_a_second_message_waits_until_the_first_is_answered(self):
        first, shown = self.running()

        second = self.client.run(self.interaction, "second", options={"words": 5})
        begin = second.take(2)
        self.cancel(first.headers["x-run-id"])
        rest = second.rest()

        self.assertEqual([event.name for event in begin], ["run.queued", "message.user"])
        self.assertEqual(begin[0].data["turn"], 2)
        self.assertEqual(begin[0].data["position"], 1)
        self.assertEqual(rest[0].name, "run.started")
        self.assertEqual(rest[-1].name, "run.completed")

    def test_the_queued_events_lie_in_the_log_between_those_of_the_running_one(self):
        first, shown = self.running()
        second = self.client.run(self.interaction, "second", options={"words": 5})
        second.take(2)
        first.until(lambda event: event.name == "delta")
        self.cancel(first.headers["x-run-id"])
        second.rest()

        log = self.client.events(self.interaction).rest()

        self.assertEqual([event.seq for event in log], list(range(1, len(log) + 1)))
        runs = [event.data["run_id"] for event in log]
        queued = next(i for i, event in enumerate(log) if event.name == "run.queued")
        self.assertIn(first.headers["x-run-id"], runs[:queued])
        self.assertIn(first.headers["x-run-id"], runs[queued + 2:])
        started = [event.data["turn"] for event in log if event.name == "run.started"]
        self.assertEqual(started, [1, 2])

    def test_turns_of_one_interaction_never_overlap(self):
        runs = [self.post(f"question {n}", background=True, options={"words": 10})
                .json()["run_id"] for n in range(5)]

        ended = [self.client.wait_for_run(run) for run in runs]

        self.assertEqual([run["status"] for run in ended], ["completed"] * 5)
        for before, after in zip(ended, ended[1:]):
            self.assertLessEqual(before["ended_at_ms"], after["started_at_ms"])

    def test_the_positions_of_those_who_wait_count_up(self):
        self.running()
        for n in range(3):
            self.post(f"waiting {n}", background=True)

        log = self.client.events(self.interaction)
        queued = []
        while len(queued) < 3:
            event = log.next()
            queued += [event.data["position"]] if event.name == "run.queued" else []

        self.assertEqual(queued, [1, 2, 3])

    def test_a_ninth_that_would_wait_is_429_queue_full(self):
        self.running()
        for n in range(8):
            self.assertEqual(self.post(f"waiting {n}", background=True).status, 202)

        ninth = self.post("one too many")

        self.assertEqual(ninth.status, 429)
        self.assertEqual(ninth.json()["code"], "queue_full")
        self.assertEqual(ninth.json()["error"], "Too Many Requests")
        self.assertGreaterEqual(int(ninth.headers["retry-after"]), 1)
        users = [m for m in self.client.messages(self.interaction) if m["role"] == "user"]
        self.assertEqual(len(users), 9)

    def test_a_queued_run_can_be_cancelled_and_never_starts(self):
        first, _ = self.running()
        queued = self.post("second", background=True).json()["run_id"]

        cancelled = self.cancel(queued)
        self.cancel(first.headers["x-run-id"])

        self.assertEqual(cancelled["status"], "cancelled")
        self.assertIsNone(cancelled["started_at_ms"])

    # ---- reject, interrupt, rollback ----

    def test_reject_is_409_and_names_the_active_run(self):
        first, shown = self.running()

        refused = self.post("second", on_conflict="reject")

        self.assertEqual(refused.status, 409)
        body = refused.json()
        self.assertEqual(body["code"], "conflict")
        self.assertEqual(body["active_run_id"], first.headers["x-run-id"])
        self.assertGreaterEqual(body["last_seq"], shown[-1].seq)
        self.assertEqual(len(self.client.messages(self.interaction)), 1)

    def test_reject_where_nothing_is_active_answers(self):
        events = self.client.run(self.interaction, "alone", on_conflict="reject").rest()

        self.assertEqual(events[-1].name, "run.completed")

    def test_the_policy_may_come_as_a_header_on_the_other_surface(self):
        first, _ = self.running()

        refused = self.client.converse("second", self.interaction,
                                       headers={"X-Patchbay-On-Conflict": "reject"})

        self.assertEqual(refused.status, 409)

    def test_interrupt_cancels_the_active_run_and_keeps_its_text(self):
        first, shown = self.running()

        second = self.client.run(self.interaction, "second", on_conflict="interrupt",
                                 options={"words": 5})
        shown += first.rest()
        events = second.rest()

        self.assertEqual(shown[-1].name, "run.cancelled")
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.statuses(), [(1, "user", "complete"), (1, "assistant", "partial"),
                                           (2, "user", "complete"), (2, "assistant", "complete")])
        partial = self.client.messages(self.interaction)[1]
        self.assertEqual(partial["content"][0]["text"], text_of(shown))

    def test_rollback_takes_the_active_turn_back(self):
        first, shown = self.running()

        second = self.client.run(self.interaction, "second", on_conflict="rollback",
                                 options={"words": 5})
        shown += first.rest()
        events = second.rest()

        self.assertEqual(shown[-1].data["by"], "rollback")
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(self.statuses(), [(1, "user", "rolled_back"),
                                           (1, "assistant", "rolled_back"),
                                           (2, "user", "complete"), (2, "assistant", "complete")])

    def test_what_was_rolled_back_is_left_out_of_the_context(self):
        fresh = self.client.run(self.client.interaction(), "second").rest()
        first, _ = self.running()
        after_rollback = self.client.run(self.interaction, "second", on_conflict="rollback").rest()

        # The demo's answer is a function of the messages that it was given: equal answers mean
        # that it was given the same, namely one.
        self.assertEqual(text_of(after_rollback), text_of(fresh))

    def test_what_was_interrupted_stays_in_the_context(self):
        fresh = self.client.run(self.client.interaction(), "second").rest()
        first, _ = self.running()
        after_interrupt = self.client.run(self.interaction, "second",
                                          on_conflict="interrupt").rest()

        self.assertNotEqual(text_of(after_interrupt), text_of(fresh))

    def test_what_was_rolled_back_is_left_out_of_snapshots(self):
        first, _ = self.running()
        self.client.run(self.interaction, "second", on_conflict="rollback",
                        options={"words": 5}).rest()

        events = self.client.events(self.interaction, snapshot=1).take(2)

        said = [m["status"] for m in events[1].data["messages"]]
        self.assertEqual(said, ["complete", "complete"])

    def test_a_policy_that_does_not_exist_is_400_and_named(self):
        answer = self.post("hello", on_conflict="fight")

        self.assertEqual(answer.status, 400)
        self.assertTrue(answer.json()["error"].startswith("on_conflict"), answer.json())

    # ---- If-Match ----

    def test_if_match_of_the_current_etag_is_taken(self):
        self.client.run(self.interaction, "one").rest()
        etag = self.client.get(f"/api/interactions/{self.interaction}").headers["etag"]

        events = self.client.run(self.interaction, "two", headers={"If-Match": etag}).rest()

        self.assertEqual(events[-1].name, "run.completed")

    def test_if_match_of_an_older_etag_is_412_and_says_where_the_log_is(self):
        etag = self.client.get(f"/api/interactions/{self.interaction}").headers["etag"]
        last = self.client.run(self.interaction, "one").rest()[-1]

        stale = self.client.post(f"/api/interactions/{self.interaction}/runs",
                                 {"message": "two"}, {"If-Match": etag})

        self.assertEqual(stale.status, 412)
        self.assertEqual(stale.json()["code"], "precondition_failed")
        self.assertEqual(stale.json()["last_seq"], last.seq)
        self.assertEqual(len(self.client.messages(self.interaction)), 2)

    def test_the_etag_is_the_last_seq(self):
        last = self.client.run(self.interaction, "one").rest()[-1]

        answer = self.client.get(f"/api/interactions/{self.interaction}")

        self.assertEqual(answer.headers["etag"], f'"{last.seq}"')
        self.assertEqual(answer.json()["last_seq"], last.seq)


class IdempotencyTest(ServerTest):
    config = demo_config(server={"drain_timeout_ms": 50})

    def converse(self, key, message="hello", client=None, interaction=None):
        return (client or self.client).converse(message, interaction,
                                                headers={"Idempotency-Key": key})

    def interactions(self):
        return self.client.get("/api/interactions?limit=200").json()["items"]

    def test_the_same_key_again_shows_the_same_run_from_its_first_event(self):
        first = self.converse("k1")
        events = first.rest()

        again = self.converse("k1")
        repeated = again.rest()

        self.assertEqual(again.headers["x-run-id"], first.headers["x-run-id"])
        self.assertEqual([e.id for e in repeated], [e.id for e in events])
        self.assertEqual(repeated[-1].text, events[-1].text)
        self.assertEqual(len(self.interactions()), 1)

    def test_the_same_key_while_the_run_is_going_attaches_to_it(self):
        interaction = self.client.interaction()
        headers = {"Idempotency-Key": "k2"}
        first = self.client.run(interaction, "hello", headers)
        shown = first.until(lambda event: event.name == "delta")

        again = self.client.run(interaction, "hello", headers).rest()

        shown += first.rest()
        self.assertEqual([(e.id, e.text) for e in again], [(e.id, e.text) for e in shown])

    def race(self, send):
        """The same request at the same instant from many threads; what they were shown."""
        barrier = threading.Barrier(AT_ONCE)

        def one(_):
            barrier.wait(30)
            stream = send()
            return stream.status, stream.headers.get("x-run-id"), stream.rest()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(AT_ONCE)))

    def test_the_same_key_at_the_same_instant_on_new_interactions_is_one_run(self):
        answers = self.race(lambda: self.converse("k3"))

        self.assertEqual({status for status, _, _ in answers}, {200})
        self.assertEqual(len({run for _, run, _ in answers}), 1)
        self.assertEqual(len({events[-1].text for _, _, events in answers}), 1)
        self.assertEqual(len(self.interactions()), 1)
        self.assertEqual(self.server.metrics()["patchbay_runs_ended_total"], 1)

    def test_the_same_key_at_the_same_instant_on_one_interaction_is_one_run(self):
        interaction = self.client.interaction()

        answers = self.race(lambda: self.client.run(interaction, "hello",
                                                    {"Idempotency-Key": "k4"}))

        self.assertEqual({status for status, _, _ in answers}, {200})
        self.assertEqual(len({run for _, run, _ in answers}), 1)
        self.assertEqual(len({tuple(e.id for e in events) for _, _, events in answers}), 1)
        self.assertEqual(len(self.client.messages(interaction)), 2)

    def test_the_same_key_with_another_body_is_422(self):
        self.converse("k5").rest()

        other = self.converse("k5", "something else")

        self.assertEqual(other.status, 422)
        self.assertIn(b"idempotency_mismatch", other.body())
        self.assertEqual(len(self.interactions()), 1)

    def test_another_body_while_the_first_is_running_is_422_as_well(self):
        interaction = self.client.interaction()
        headers = {"Idempotency-Key": "k6"}
        first = self.client.run(interaction, "hello", headers, options=ENDLESS)
        first.until(lambda event: event.name == "delta")

        other = self.client.run(interaction, "goodbye", headers)

        self.assertEqual(other.status, 422)

    def test_another_owner_may_use_the_same_key(self):
        mine = self.converse("k7")
        bob = self.server.client(self.server.key(name="bob"))

        his = self.converse("k7", "his own question", bob)

        self.assertEqual(his.status, 200)
        self.assertNotEqual(his.headers["x-run-id"], mine.headers["x-run-id"])
        self.assertIn("his own question", his.rest()[-1].data["content"])

    def test_a_repeated_post_finds_its_run_even_where_a_new_one_would_be_refused(self):
        interaction = self.client.interaction()
        headers = {"Idempotency-Key": "k8", "If-Match": '"0"'}
        first = self.client.run(interaction, "hello", headers)
        first.rest()

        again = self.client.run(interaction, "hello", headers)

        self.assertEqual(again.status, 200)
        self.assertEqual(again.headers["x-run-id"], first.headers["x-run-id"])

    def test_the_key_is_remembered_through_a_kill(self):
        first = self.converse("k9")
        first.take(10)
        self.server.kill()
        self.server.start()
        self.client.port = self.server.port

        again = self.converse("k9")

        self.assertEqual(again.headers["x-run-id"], first.headers["x-run-id"])
        self.assertEqual(again.rest()[-1].data["type"], "complete")
        self.assertEqual(len(self.interactions()), 1)

    def test_a_background_run_is_found_by_its_key(self):
        interaction = self.client.interaction()
        answers = [self.client.post(f"/api/interactions/{interaction}/runs",
                                    {"message": "hello", "background": True},
                                    {"Idempotency-Key": "k10"}) for _ in range(3)]

        self.assertEqual({answer.status for answer in answers}, {202})
        self.assertEqual(len({answer.json()["run_id"] for answer in answers}), 1)


if __name__ == "__main__":
    unittest.main()
