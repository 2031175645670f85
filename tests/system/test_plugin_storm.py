"""Reloads without end, and the streams that go on beside them."""

import unittest

from harness import eventually, text_of
from paced import WORD, PacedTest, install

STREAMS, RELOADS = 200, 50


class PluginStormTest(PacedTest):
    settings = {"words": 100, "delay_us": 10000}

    def replaced(self, reply):
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.json()["plugins"]["replaced"], ["paced"])

    def shake(self, number, builds):
        """One reload of each kind in turn: another build, other settings, both, by the API."""
        settings = {**self.settings, "note": str(number)}
        if number % 4 == 3:
            reply = self.patch({"note": f"by the API, {number}"})
            self.assertEqual((reply.status, reply.json()["state"]), (200, "on"), reply.body)
            return
        if number % 4 in (0, 2):
            builds.reverse()
            install(builds[0], self.library)
        if number % 4 in (1, 2):
            self.server.write_config(self.config(settings))
        self.replaced(self.reload())

    def test_fifty_reloads_under_two_hundred_streams_drop_none(self):
        builds = ["fixture_paced", "fixture_paced_next"]
        self.server.write_config(self.config({"words": 100000, "delay_us": 100000}))
        self.replaced(self.reload())
        endless = [self.begin() for _ in range(STREAMS)]
        self.server.write_config(self.config())
        self.replaced(self.reload())
        streams = []
        for number in range(RELOADS):
            streams.append((WORD[builds[0]], self.begin()))
            self.shake(number, builds)

        open_now = self.client.get("/api/admin/streams").json()["items"]
        self.assertGreaterEqual(len(open_now), STREAMS)
        for word, stream in streams:
            events = stream.rest()
            self.assertEqual(events[-1].name, "run.completed")
            self.assertEqual(text_of(events), (word + " ") * 100)
        for stream in endless:
            run = stream.headers["x-run-id"]
            self.assertEqual(self.client.post(f"/api/runs/{run}/cancel").status, 200)
            events = stream.rest()
            self.assertEqual(events[-1].name, "run.cancelled")
            self.assertEqual(set(text_of(events).split()), {"one"})
        eventually(lambda: self.alive() == 1, "all that were replaced are destroyed")
        self.assertEqual(self.journal.read_text().count("+"), RELOADS + 3)
        self.assertEqual((self.plugin()["state"], self.plugin()["draining"]), ("on", 0))
        self.assertEqual(self.plugin()["faults"], 0)

    def test_a_library_that_is_written_over_in_place_hurts_nothing_that_runs(self):
        stream = self.begin()
        begun = stream.take(4)

        self.library.write_bytes(b"this is no library any more")
        refused = self.reload()
        begun += stream.take(4)
        self.library.write_bytes((self.library.parents[1] / "next.so").read_bytes())
        self.replaced(self.reload())

        self.assertEqual(refused.status, 422)
        self.assertEqual(refused.json()["problems"][0]["pointer"], "/plugins/paced")
        self.assertEqual(text_of(begun + stream.rest()), "one " * 100)
        self.assertEqual(text_of(self.begin().rest()), "two " * 100)

    def test_copies_of_libraries_go_at_the_next_start(self):
        copies = self.server.data / "plugins-cache"
        first = {path.name for path in copies.iterdir()}
        install("fixture_paced_next", self.library)
        self.replaced(self.reload())
        second = {path.name for path in copies.iterdir()}

        self.restart()

        self.assertEqual(len(second - first), 1)
        self.assertEqual(copies.stat().st_mode & 0o777, 0o700)
        kept = {path.name for path in copies.iterdir()}
        self.assertEqual(len(kept), len(first))
        self.assertIn(self.plugin()["sha256"] + ".so", kept)

    def setUp(self):
        super().setUp()
        install("fixture_paced_next", self.library.parents[1] / "next.so")


if __name__ == "__main__":
    unittest.main()
