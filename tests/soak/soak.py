"""A server under a steady load of everything that clients do; at the end, what grew.

Exit code 1 when memory, descriptors, threads, files or rows have grown, a stream was not whole, an
event was neither committed nor refused, or the server did not come to rest.
"""

import argparse
import collections
import json
import pathlib
import random
import signal
import threading
import time

from clients import SoakClient
from harness import Server, demo_config, eventually
from samples import Sampler, judge, table
from upstream import KilledUpstream

RETENTION_MS = 10_000  # short, so that rows come to a steady number
SAMPLE_EVERY = 5       # seconds
RELOAD_EVERY = 20
KILL_EVERY = 30        # the upstream, which is away for a moment each time


def config(upstream, variant):
    """Two of them, which take turns: an instance is replaced, and one comes and goes."""
    made = demo_config(demo={"words": 60 + 10 * variant, "token_delay_ms": 5},
                       server={"stall_timeout_ms": 2000, "heartbeat_ms": 1000},
                       store={"retention_ms": RETENTION_MS})
    made["plugins"]["upstream"] = {"library": "patchbay_provider_openai",
                                   "config": {"base_url": upstream.url, "models": ["fake"]}}
    if variant:
        made["plugins"]["second"] = {"library": "patchbay_provider_demo"}
    return made


class Soak:
    def __init__(self, arguments):
        self.arguments = arguments
        self.seconds = arguments.minutes * 60
        self.upstream = KilledUpstream(tokens=60, delay_ms=5)
        self.server = Server(config(self.upstream, 0)).start()
        self.sampler = Sampler(self.server)
        self.stopping = threading.Event()
        client = self.server.client(self.server.key())
        self.clients = [SoakClient(client, seed, self.stopping) for seed in range(arguments.clients)]
        self.reloads = 0
        self.problems = []

    def run(self):
        at_start = self.sampler.take()
        for client in self.clients:
            client.start()
        self.keep_disturbing()
        self.stopping.set()
        for client in self.clients:
            client.join()
        self.come_to_rest(at_start)
        return self.report()

    def keep_disturbing(self):
        """Samples, reloads and kills, each at its times, until the time is over."""
        dice = random.Random(1)
        due = {self.sampler.take: SAMPLE_EVERY, self.reload: RELOAD_EVERY, self.kill: KILL_EVERY}
        next_time = {do: time.monotonic() + every for do, every in due.items()}
        end = time.monotonic() + self.seconds
        while time.monotonic() < end and self.server.process.poll() is None:
            do = min(next_time, key=next_time.get)
            time.sleep(max(0, next_time[do] - time.monotonic()))
            next_time[do] += due[do] * (1 if do == self.sampler.take else dice.uniform(0.5, 1.5))
            do()

    def reload(self):
        self.reloads += 1
        self.server.write_config(config(self.upstream, self.reloads % 2))
        self.server.process.send_signal(signal.SIGHUP)

    def kill(self):
        self.upstream.kill()
        time.sleep(0.5)
        self.upstream.start()

    def come_to_rest(self, at_start):
        """Nothing runs and nobody watches; all that was handed to the log's writer has come back."""
        try:
            eventually(lambda: self.is_at_rest(at_start), "the server comes to rest", 60)
        except AssertionError as error:
            self.problems.append(f"{error}: {self.sampler.take()}, at the start {at_start}")
        sample = self.sampler.take()
        if sample["enqueued"] != sample["committed"] + sample["refused"]:
            self.problems.append("events were neither committed nor refused")
        code = self.server.stop()
        if code != 0:
            self.problems.append(f"exit code {code}: {self.server.read_log()[-2000:]}")

    def is_at_rest(self, at_start):
        metrics = self.server.metrics()
        threads_and_files = self.sampler.process()
        return (metrics["patchbay_runs_open"] == 0 and metrics["patchbay_viewers"] == 0 and
                metrics["patchbay_connections_open"] <= 1 and
                threads_and_files["threads"] == at_start["threads"] and
                # Readers of the store, and connections to upstreams that are kept.
                threads_and_files["files"] <= at_start["files"] + 40)

    def report(self):
        samples = self.sampler.samples
        verdicts = judge(samples[:-1], warm_up=self.seconds / 4)
        done = collections.Counter()
        for client in self.clients:
            done += client.done
            self.problems += client.failures
        self.problems += [f"{v['what']} has grown" for v in verdicts if v["grown"]]
        last = samples[-1]
        print(table(verdicts))
        print(f"\n{self.arguments.minutes:g} minutes, {len(self.clients)} clients: "
              + ", ".join(f"{count} {name}" for name, count in sorted(done.items())))
        print(f"{self.reloads} reloads, {self.upstream.kills} kills of the upstream, "
              f"{last['ended']} runs ended; {last['enqueued']} events enqueued, "
              f"{last['committed']} committed, {last['refused']} refused")
        for problem in self.problems[:20]:
            print(f"PROBLEM {problem}")
        if self.arguments.json:
            self.arguments.json.write_text(json.dumps(
                {"minutes": self.arguments.minutes, "done": done, "verdicts": verdicts,
                 "samples": samples, "problems": self.problems}, indent=1))
        return 1 if self.problems else 0

    def close(self):
        self.upstream.close()
        if self.server.process.poll() is None:
            self.server.kill()
        if not self.problems:
            self.server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--json", type=pathlib.Path, default=None)
    soak = Soak(parser.parse_args())
    try:
        return soak.run()
    finally:
        soak.close()


if __name__ == "__main__":
    raise SystemExit(main())
