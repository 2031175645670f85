"""The wall clock steps: back by an hour, on by ten years and back. Streams and limits do not notice."""

import time
import unittest

from faults import FaultyServer
from harness import Client, eventually, text_of
from test_jwt import SECRET, config_with, hs256

HOUR = 3600 * 1000  # milliseconds
TEN_YEARS = 10 * 365 * 24 * HOUR
STEPS = [-HOUR, TEN_YEARS, 0, -HOUR, 0]
WORDS = 400


class ClockStepTest(unittest.TestCase):
    def setUp(self):
        jwt = {"algorithms": ["HS256"], "secret": SECRET}
        self.server = FaultyServer(config_with(
            jwt, demo={"words": WORDS, "token_delay_ms": 4},
            server={"heartbeat_ms": 5000, "stall_timeout_ms": 5000},
            runs={"timeout_ms": 60000, "grace_ms": 20000})).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client(self.server.key())

    def step(self, offset_ms):
        self.server.faults.clock_offset_ms = offset_ms

    def assert_clock(self, stamp_ms, offset_ms):
        """Rows bear what the clock says, right or wrong."""
        self.assertLess(abs(stamp_ms - (time.time() * 1000 + offset_ms)), 60000)

    def test_streams_are_whole_and_no_limit_is_reached_before_its_time(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello")
        left = self.client.run(self.client.interaction(), "hello", on_disconnect="grace")
        left.until(lambda event: event.name == "delta")
        left.close()
        shown = []
        for offset in STEPS:
            self.step(offset)
            shown += stream.until(lambda event: event.name == "delta")
            shown += stream.take(5)
        second = self.client.events(interaction)
        shown += stream.rest()

        self.assertEqual([event.seq for event in shown], list(range(1, len(shown) + 1)))
        self.assertEqual(shown[-1].name, "run.completed")
        self.assertEqual(len(text_of(shown).split()), WORDS)
        self.assertEqual([e.text for e in second.rest()], [e.text for e in shown])
        self.assertEqual(stream.comments, 0)
        self.assertEqual(self.client.wait_for_run(left.headers["x-run-id"])["status"], "completed")

    def test_ids_are_unique_and_grow_and_times_are_those_of_the_clock(self):
        ids = []
        for offset in STEPS:
            self.step(offset)
            made = [self.client.post("/api/interactions").json() for _ in range(20)]
            ids += [item["id"] for item in made]
            for item in made:
                self.assert_clock(item["created_at_ms"], offset)

        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual({item["id"] for item in self.all_interactions()}, set(ids))

    def all_interactions(self):
        items, page = [], ""
        while page is not None:
            answer = self.client.get("/api/interactions?limit=7" + (f"&page={page}" if page else ""))
            items += answer.json()["items"]
            page = answer.json()["next"]
        return items

    def test_an_idempotency_key_is_known_after_steps_in_both_directions(self):
        interaction = self.client.interaction()
        for first, later in ((0, -HOUR), (-HOUR, 0), (TEN_YEARS, 0)):
            with self.subTest(first=first, later=later):
                key = {"Idempotency-Key": f"{first} {later}"}
                self.step(first)
                run = self.client.run(interaction, "hello", key, options={"words": 3})
                run.rest()

                self.step(later)
                again = self.client.run(interaction, "hello", key, options={"words": 3})

                self.assertEqual(again.headers["x-run-id"], run.headers["x-run-id"])
                again.rest()

    def test_tokens_are_held_against_the_clock_and_keys_are_not(self):
        token = hs256(nbf=time.time())

        def status():
            client = Client(self.server.port, None)
            return client.get("/api/interactions", {"Authorization": f"Bearer {token}"}).status

        statuses = []
        for offset in (0, -HOUR, 0, TEN_YEARS, 0):
            self.step(offset)
            statuses.append(status())
            self.assertEqual(self.client.get("/api/interactions").status, 200)

        self.assertEqual(statuses, [200, 401, 200, 401, 200])

    def test_retention_waits_when_the_clock_goes_back_and_messages_outlive_a_step_ahead(self):
        interaction = self.client.interaction()
        whole = self.client.run(interaction, "hello", options={"words": 20}).rest()
        self.step(-HOUR)
        later = self.client.run(interaction, "and then?", options={"words": 20}).rest()
        log = self.client.events(interaction).rest()
        self.assertEqual([e.text for e in log], [e.text for e in whole + later])

        self.step(TEN_YEARS)
        eventually(lambda: self.client.get(f"/api/interactions/{interaction}").json()["compacted_to"]
                   == later[-1].seq, "the deltas of both runs have gone")
        self.step(0)

        kinds = [event.name for event in self.client.events(interaction).rest()]
        self.assertEqual(kinds[:2], ["resync", "snapshot"])
        texts = [m["content"][0]["text"] for m in self.client.messages(interaction)]
        self.assertEqual(texts, ["hello", text_of(whole), "and then?", text_of(later)])
        self.assertEqual(self.client.run(interaction, "again", options={"words": 3}).rest()[-1].name,
                         "run.completed")

    def test_a_server_that_starts_an_hour_before_its_last_end_goes_on(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello")
        shown = stream.until(lambda event: event.name == "delta")
        self.server.kill()
        self.step(-HOUR)

        self.server.start()
        self.client.port = self.server.port
        shown += self.client.events(interaction, after=shown[-1].seq).rest()
        again = self.client.run(interaction, "again", options={"words": 3}).rest()

        log = self.client.events(interaction).rest()
        self.assertEqual([event.text for event in log], [event.text for event in shown + again])
        self.assertEqual(len(text_of(shown).split()), WORDS)
        said = [m["content"][0]["text"] for m in self.client.messages(interaction)]
        self.assertEqual([said[0], said[2]], ["hello", "again"])
        self.assertEqual(len(set(self.client.interaction() for _ in range(50))), 50)


if __name__ == "__main__":
    unittest.main()
