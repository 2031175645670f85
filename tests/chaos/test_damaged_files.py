"""B5: damaged files of the store. The server says so in a sentence, or works with what is whole."""

import random
import shutil
import signal
import unittest

from counts import SEED, count, repeat
from harness import WAIT, Server, demo_config

CONFIG = demo_config(demo={"words": 60, "token_delay_ms": 1})
BLOCK = 4096


class Damage:
    """One way to damage a file; each returns what it did."""

    def __init__(self, dice, data):
        self.dice = dice
        self.path = dice.choice([path for path in (data / "patchbay.db", data / "patchbay.db-wal")
                                 if path.exists() and path.stat().st_size > 0])
        self.bytes = bytearray(self.path.read_bytes())

    def do(self):
        way = self.dice.choice([self.cut, self.flip, self.zero, self.swap, self.noise, self.remove])
        did = way()
        if way is not self.remove:
            self.path.write_bytes(self.bytes)
        return f"{self.path.name} of {len(self.bytes)} bytes: {did}"

    def cut(self):
        size = self.dice.randrange(len(self.bytes))
        del self.bytes[size:]
        return f"cut to {size}"

    def flip(self):
        places = [self.dice.randrange(len(self.bytes)) for _ in range(self.dice.randint(1, 20))]
        for at in places:
            self.bytes[at] ^= 1 << self.dice.randrange(8)
        return f"flipped bits at {places}"

    def zero(self):
        at = self.block()
        self.bytes[at:at + BLOCK] = bytes(len(self.bytes[at:at + BLOCK]))
        return f"zeros at {at}"

    def noise(self):
        at = self.block()
        self.bytes[at:at + 512] = self.dice.randbytes(len(self.bytes[at:at + 512]))
        return f"noise at {at}"

    def swap(self):
        one, other = self.block(), self.block()
        copy = self.bytes[one:one + BLOCK]
        self.bytes[other:other + len(copy)] = copy
        return f"{other} overwritten by {one}"

    def remove(self):
        self.path.unlink()
        return "removed"

    def block(self):
        return self.dice.randrange(len(self.bytes)) // BLOCK * BLOCK


class DamagedFileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A store with ended, open and queued runs, as a kill has left it."""
        cls.origin = Server(CONFIG).start()
        cls.key = cls.origin.key()
        client = cls.origin.client(cls.key)
        cls.interactions = [client.interaction() for _ in range(4)]
        for interaction in cls.interactions[:2]:
            for message in ("hello", "and then?"):
                client.run(interaction, message).rest()
        live = [client.run(interaction, "hello") for interaction in cls.interactions[2:]]
        client.post(f"/api/interactions/{cls.interactions[2]}/runs",
                    {"message": "queued", "background": True})
        for stream in live:
            stream.take(10)
        cls.origin.kill()

    @classmethod
    def tearDownClass(cls):
        cls.origin.close()

    def one_damage(self, index):
        server = Server(CONFIG)
        self.addCleanup(shutil.rmtree, server.folder, ignore_errors=True)
        shutil.copytree(self.origin.data, server.data, ignore=shutil.ignore_patterns("*.sock"))
        did = Damage(random.Random(f"{SEED} {index}"), server.data).do()
        try:
            self.check(server)
        except BaseException:
            print(did, flush=True)
            raise
        shutil.rmtree(server.folder)

    def check(self, server):
        try:
            server.start()
        except AssertionError:
            self.assertEqual(server.process.returncode, 1, server.read_log())
            self.assertIn(str(server.data), server.read_log().splitlines()[-1])
            self.outcomes["a sentence"] += 1
            return
        client = server.client(self.key)
        answers = [self.visit(client, interaction) for interaction in self.interactions]
        self.outcomes["whole" if all(answers) else "in part"] += 1
        self.assertIsNone(server.process.poll(), server.read_log()[-2000:])
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(WAIT), 0, server.read_log()[-2000:])
        server.process.stdout.close()

    def visit(self, client, interaction):
        """Reads, lists and asks; whether all of it went well. What is shown has no gap."""
        well = client.get("/api/interactions").status == 200
        well &= client.get(f"/api/interactions/{interaction}/messages").status == 200
        well &= client.get("/livez").status == 200
        log = client.events(interaction)
        shown = [event for event in log.rest_or_cut() if event.id] if log.status == 200 else []
        self.assertEqual([event.seq for event in shown], list(range(1, len(shown) + 1)))
        run = client.run(interaction, "again")
        events = run.rest_or_cut() if run.status == 200 else []
        return well and log.status == 200 and bool(events) and events[-1].name == "run.completed"

    def test_damage_is_told_of_or_does_not_matter_and_never_kills_a_server(self):
        self.outcomes = {"a sentence": 0, "in part": 0, "whole": 0}

        repeat(count(300), self.one_damage)

        print(f"damaged stores: {self.outcomes}", flush=True)


if __name__ == "__main__":
    unittest.main()
