"""What clients do, one thing after the other, each in a thread of its own until it is told to stop."""

import collections
import random
import threading
import uuid

from harness import text_of

KEPT = 5  # interactions of a client; with a new one the oldest is deleted
TINY = 2048  # bytes of a stalled reader's receive buffer
ENDED = ("run.completed", "run.failed", "run.cancelled")


class Broken(Exception):
    """An answer that is not what was promised."""


def check(condition, what):
    if not condition:
        raise Broken(what)


class SoakClient(threading.Thread):
    """Does one thing after the other until it is told to stop; `failures` says what went wrong."""

    def __init__(self, client, seed, stopping):
        super().__init__()
        self.client, self.stopping = client, stopping
        self.dice = random.Random(seed)
        self.done = collections.Counter()
        self.failures = []
        self.kept = collections.deque()
        self.actions = {self.turn: 4, self.cut_and_reattach: 4, self.cancel: 2, self.reload: 2,
                        self.stall: 1, self.retry: 2, self.queue: 1}

    def run(self):
        while not self.stopping.is_set():
            action = self.dice.choices(list(self.actions), list(self.actions.values()))[0]
            try:
                self.take_turns_of_interactions()
                action()
                self.done[action.__name__] += 1
            except Exception as error:  # whatever it is, the report has it and the others go on
                self.failures.append(f"{action.__name__}: {type(error).__name__}: {error}"[:300])

    def take_turns_of_interactions(self):
        """A steady number: a new one for each that goes."""
        if len(self.kept) >= KEPT:
            old = self.kept.popleft()
            answer = self.client.request("DELETE", f"/api/interactions/{old}")
            check(answer.status == 204, f"DELETE: {answer.status}")
        self.kept.append(self.client.interaction(metadata={"for": "the soak test"}))

    def ask(self, **fields):
        """A new run on one of the kept interactions, at one of the providers."""
        interaction = self.dice.choice(self.kept)
        fields.setdefault("model", self.dice.choice(["demo/demo", "upstream/fake"]))
        headers = fields.pop("headers", None)
        stream = self.client.run(interaction, "tell me more", headers, **fields)
        check(stream.status == 200, f"a run: {stream.status}")
        return interaction, stream

    def check_whole(self, events, first=None):
        """No gap, an outcome at the end, and a text that is the message's."""
        seqs = [event.seq for event in events]
        check(first is None or seqs[0] == first, f"it begins with {seqs[0]}, not {first}")
        check(all(b > a for a, b in zip(seqs, seqs[1:])), f"seqs {seqs}")
        check(events[-1].name in ENDED, f"the last event is {events[-1].name}")
        for event in events:
            if event.name == "message.completed":
                run = [e for e in events if e.data.get("run_id") == event.data["run_id"]]
                check(text_of(run) == event.data["content"][0]["text"], "the text is not whole")

    def some_of(self, stream):
        """The first few events, or all when there are fewer."""
        events, wanted = [], self.dice.randint(1, 10)
        while len(events) < wanted and (event := stream.next()) is not None:
            events.append(event)
        return events

    # ---- what a client does ----

    def turn(self):
        _, stream = self.ask()
        self.check_whole(stream.rest())
        stream.close()

    def cut_and_reattach(self):
        """Leaves in the middle, some times, and comes back with the last id it has seen."""
        interaction, stream = self.ask()
        run = stream.headers["x-run-id"]
        events = []
        for _ in range(self.dice.randint(1, 4)):
            budget = self.dice.randint(1, 30)
            while budget > 0 and (event := stream.next()) is not None:
                events.append(event)
                budget -= 1
            stream.reset() if self.dice.random() < 0.5 else stream.close()
            stream = self.client.events(interaction, events[-1].seq, run_id=run)
            if stream.status == 204:
                break
        else:
            events += stream.rest()
        stream.close()
        self.check_whole(events)

    def cancel(self):
        _, stream = self.ask(model="demo/demo")
        events = self.some_of(stream)
        answer = self.client.post(f"/api/runs/{stream.headers['x-run-id']}/cancel")
        check(answer.status == 200, f"cancel: {answer.status}")
        self.check_whole(events + stream.rest())
        stream.close()

    def reload(self):
        """A page that is loaded again: it reads what there is, and follows what is written."""
        interaction, stream = self.ask()
        self.some_of(stream)
        stream.reset()
        check(self.client.messages(interaction), "no messages")
        stream = self.client.events(interaction, snapshot=1)
        if stream.status == 200:
            names = [event.name for event in stream.rest()]
            check("snapshot" in names, f"no snapshot in {names}")
        stream.close()

    def stall(self):
        """Takes nothing for so long that it is cut off; the run goes on without it."""
        interaction = self.kept[-1]
        sock = self.client.send("POST", f"/api/interactions/{interaction}/runs",
                                {"message": "a lot", "model": "demo/demo",
                                 "options": {"words": 20000, "token_delay_ms": 0}},
                                receive_buffer=TINY)
        while not self.stopping.wait(0.1):
            runs = self.client.get(f"/api/interactions/{interaction}").json()["last_seq"]
            if runs > 2:
                break
        self.stopping.wait(self.dice.uniform(0, 4))  # some leave before they are cut off
        sock.close()

    def retry(self):
        """The same request with its key, at once or afterwards: one run."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        interaction, stream = self.ask(headers=key, model="demo/demo")
        again = self.client.run(interaction, "tell me more", key, model="demo/demo")
        check(again.status == 200, f"again: {again.status}")
        check(again.headers["x-run-id"] == stream.headers["x-run-id"], "a second run")
        events, repeated = stream.rest(), again.rest()
        self.check_whole(events)
        check([e.text for e in repeated] == [e.text for e in events], "another stream")
        stream.close()
        again.close()

    def queue(self):
        interaction, stream = self.ask()
        answers = [self.client.post(f"/api/interactions/{interaction}/runs",
                                    {"message": f"and {n}?", "background": True,
                                     "model": "demo/demo"}) for n in range(2)]
        check(all(answer.status == 202 for answer in answers), "not queued")
        self.check_whole(stream.rest())
        for answer in answers:
            ended = self.client.wait_for_run(answer.json()["run_id"])
            check(ended["status"] == "completed", f"queued: {ended['status']}")
        stream.close()
