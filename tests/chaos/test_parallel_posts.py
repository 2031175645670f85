"""C2 and C3: parallel posts on one interaction keep their order, and do not hold up the others."""

import statistics
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from counts import count
from harness import SLOW, ServerTest, demo_config

POSTS = 100


class ParallelPostTest(ServerTest):
    config = demo_config(demo={"words": 3, "token_delay_ms": 0, "first_token_ms": 0},
                         runs={"queue_limit": POSTS})

    def post_all(self, interaction):
        """POSTS messages at once; returns their runs."""
        def post(index):
            answer = self.client.post(f"/api/interactions/{interaction}/runs",
                                      {"message": f"message {index}", "background": True})
            self.assertEqual(answer.status, 202, answer.body)
            return answer.json()["run_id"]

        with ThreadPoolExecutor(POSTS) as pool:
            return list(pool.map(post, range(POSTS)))

    def check(self, interaction):
        runs = [self.client.wait_for_run(run) for run in self.post_all(interaction)]
        self.assertEqual({run["status"] for run in runs}, {"completed"})
        self.assertEqual(sorted(run["turn"] for run in runs), list(range(1, POSTS + 1)))
        spans = sorted((run["turn"], run["started_at_ms"], run["ended_at_ms"]) for run in runs)
        for (_, _, ended), (_, started, _) in zip(spans, spans[1:]):
            self.assertLessEqual(ended, started)

        messages = self.client.messages(interaction)
        self.assertEqual([m["role"] for m in messages], ["user", "assistant"] * POSTS)
        said = [m["content"][0]["text"] for m in messages if m["role"] == "user"]
        self.assertEqual(sorted(said), sorted(f"message {n}" for n in range(POSTS)))
        seqs = [event.seq for event in self.client.events(interaction).rest()]
        self.assertEqual(seqs, list(range(1, len(seqs) + 1)))

    def test_100_parallel_posts_an_interaction_become_turns_in_a_total_order(self):
        interactions = [self.client.interaction() for _ in range(count(50))]

        for interaction in interactions:
            self.check(interaction)

        print(f"{len(interactions)} interactions x {POSTS} posts: turns in order", flush=True)


class BusyNeighbourTest(ServerTest):
    config = demo_config(demo={"words": 20, "token_delay_ms": 1, "first_token_ms": 1},
                         runs={"queue_limit": POSTS})

    def turns(self, rounds):
        """How long a turn takes, in seconds, for some users who ask one after the other."""
        def ask(_):
            started = time.monotonic()
            self.client.converse("hello").rest()
            return time.monotonic() - started

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(ask, range(rounds)))

    def test_one_busy_interaction_does_not_hold_up_the_others(self):
        rounds = count(400)
        quiet = self.turns(rounds)
        busy = self.client.interaction()
        last = None
        for index in range(POSTS):
            last = self.client.post(f"/api/interactions/{busy}/runs",
                                    {"message": f"message {index}", "background": True,
                                     "options": {"words": 200}}).json()["run_id"]

        beside = self.turns(rounds)

        self.assertIn(self.client.get(f"/api/runs/{last}").json()["status"], ("queued", "running"))
        p99 = [statistics.quantiles(times, n=100)[98] for times in (quiet, beside)]
        print(f"p99 of a turn: quiet {p99[0] * 1000:.0f} ms, beside a busy one {p99[1] * 1000:.0f} ms")
        # Other processes share the machine, so that some noise is allowed; had they waited for the
        # busy one, they would have taken its seconds.
        self.assertLess(p99[1], 2 * p99[0] + 0.1 * SLOW)
        self.client.request("DELETE", f"/api/interactions/{busy}")


if __name__ == "__main__":
    unittest.main()
