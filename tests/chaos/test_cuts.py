"""A1: runs cut at random points and re-attached with the last id seen lose and repeat nothing."""

import random
import unittest
from concurrent.futures import ThreadPoolExecutor

from counts import SEED, count
from harness import Cut, ServerTest, demo_config, text_of, tokens_of

AT_ONCE = 16


class CutTest(ServerTest):
    config = demo_config(demo={"words": 60, "token_delay_ms": 1, "first_token_ms": 1})

    def read_with_cuts(self, stream, reattach, dice):
        """Reads a run to its end through random cuts; returns all events and how many cuts."""
        events, cuts = [], 0
        while True:
            budget = dice.randint(0, 40)
            try:
                while cuts >= 6 or budget > 0:
                    event = stream.next()
                    if event is None:
                        return events, cuts
                    events.append(event)
                    budget -= 1
                if dice.random() < 0.5:  # in the middle of an event, where one is there
                    stream.sock.setblocking(False)
                    stream.sock.recv(dice.randint(1, 30))
            except (Cut, BlockingIOError):
                pass
            stream.reset() if dice.random() < 0.5 else stream.close()
            cuts += 1
            stream = reattach(events[-1] if events else None)
            if stream.status == 204:
                return events, cuts

    def native_run(self, index):
        dice = random.Random(SEED + index)
        interaction = self.client.interaction()
        stream = self.client.run(interaction, f"question {index}")

        def reattach(last):
            after = last.seq if last else 0
            if dice.random() < 0.5:
                return self.client.events(interaction, after)
            return self.client.stream("GET", f"/api/interactions/{interaction}/events", None,
                                      {"Last-Event-ID": str(after)})

        events, cuts = self.read_with_cuts(stream, reattach, dice)
        self.assertEqual([e.seq for e in events], list(range(1, len(events) + 1)))
        self.assertEqual(events[-1].name, "run.completed")
        final = next(e for e in events if e.name == "message.completed")
        self.assertEqual(text_of(events), final.data["content"][0]["text"])
        return cuts

    def conversation(self, index):
        dice = random.Random(SEED - index)
        stream = self.client.converse(f"question {index}")
        run = stream.headers["x-run-id"]

        def reattach(last):
            return self.client.stream("POST", "/api/stream/stream-conversation",
                                      {"message": f"question {index}"},
                                      {"Last-Event-ID": last.id if last else f"{run}:0"})

        events, cuts = self.read_with_cuts(stream, reattach, dice)
        self.assertEqual(events[-1].data["type"], "complete")
        self.assertEqual(len({e.id for e in events}), len(events))
        self.assertEqual(tokens_of(events), events[-1].data["content"])
        return cuts

    def repeat(self, one, times):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            cuts = sum(pool.map(one, range(times)))
        print(f"{times} runs, {cuts} cuts: no gap, no repeat", flush=True)
        self.assertGreater(cuts, times // 5)  # a busy machine brings much at a time

    def test_native_runs_are_whole_through_random_cuts(self):
        self.repeat(self.native_run, count(500))

    def test_conversations_are_whole_through_random_cuts(self):
        self.repeat(self.conversation, count(500))


if __name__ == "__main__":
    unittest.main()
