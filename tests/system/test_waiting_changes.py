"""A plugin whose create() or destroy() does not return: it is named, administrators are told, everybody
else is answered, and the server stops."""

import pathlib
import tempfile
import unittest

from harness import BUILD, Server, demo_config, eventually, text_of

LIBRARY = str(BUILD.resolve() / "tests" / "plugins" / "fixture_waits_in_control.so")


class WaitingChangeTest(unittest.TestCase):
    def serve(self, at, enabled):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.door = pathlib.Path(folder.name) / "open"
        waiter = {"library": LIBRARY, "enabled": enabled,
                  "config": {"at": at, "until": str(self.door)}}
        self.server = Server(demo_config(plugins={"waiter": waiter}, demo={"words": 5})).start()
        self.addCleanup(self.server.close)
        self.addCleanup(self.door.touch)
        self.client = self.server.client()

    def state(self):
        return self.client.get("/api/admin/plugins/waiter").json()["state"]

    def check_whole(self):
        events = self.client.run(self.client.interaction(), "hello").rest()
        self.assertEqual((events[-1].name, len(text_of(events).split())), ("run.completed", 5))

    def named(self, slot):
        words = f"plugin waiter: {slot} has been blocking all changes of plugins"
        eventually(lambda: words in self.server.read_log(), f"{slot} is named")

    def test_changes_that_wait_for_it_are_503_and_happen_when_it_returns(self):
        self.serve("create", enabled=False)
        first = self.client.send("POST", "/api/admin/plugins/waiter/enable", {})
        self.addCleanup(first.close)
        self.named("create")  # it has begun

        refused = self.client.post("/api/admin/reload", {})

        self.assertEqual((refused.status, refused.json()["code"]), (503, "unavailable"))
        self.assertIn("does not return", refused.json()["error"])
        self.assertEqual(self.state(), "off")
        self.check_whole()
        self.door.touch()
        eventually(lambda: self.client.post("/api/admin/plugins/waiter/enable", {}).status == 200,
                   "changes are made again")
        self.assertEqual(self.state(), "on")

    def test_the_server_stops_beside_a_destroy_that_never_returns(self):
        self.serve("destroy", enabled=True)
        self.assertEqual(self.client.post("/api/admin/plugins/waiter/disable", {}).status, 200)
        self.named("destroy")
        self.check_whole()

        code = self.server.stop()

        self.assertEqual(code, 0)
        self.assertIn("being made or destroyed does not return: it is left behind",
                      self.server.read_log())


if __name__ == "__main__":
    unittest.main()
