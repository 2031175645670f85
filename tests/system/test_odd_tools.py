"""Tools that behave oddly: they hurt nobody, and what they say is told as it is meant."""

import pathlib
import unittest

from harness import BUILD, SLOW
from test_agents import ToolServer, named
from tool_model import wants

ODD = {"odd": {"library": str(BUILD.resolve() / "tests" / "plugins" / "fixture_odd_tools.so")}}
MOST = 200  # MiB, with what the server has anyway; a sanitizer keeps more


class OddToolTest(unittest.TestCase):
    def setUp(self):
        self.made = ToolServer(self, agents=ODD, settings={"plugin_faults": {"limit": 0}})
        self.client = self.made.client

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.made.server.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) // 1024

    def test_a_tool_that_ignores_pause_fails_alone_and_fills_no_memory(self):
        stream = self.client.run(self.client.interaction(), wants([("spam", {})]),
                                 agent="assistant")

        result = named(stream.rest(), "tool.result")[0].data

        self.assertIn("error", result)
        faults = self.client.get("/api/admin/plugins/odd").json()["newest_faults"]
        self.assertIn("after PAUSE", faults[-1]["text"])
        self.assertLess(self.resident_mib(), MOST * SLOW)

    def test_a_tool_may_say_that_something_was_cancelled(self):
        events = self.client.run(self.client.interaction(), wants([("booking", {})]),
                                 agent="assistant").rest()

        self.assertEqual(named(events, "tool.result")[0].data["error"],
                         "The hotel cancelled the booking.")
        self.assertEqual(events[-1].name, "run.completed")


if __name__ == "__main__":
    unittest.main()
