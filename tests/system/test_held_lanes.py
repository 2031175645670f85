"""A plugin that holds its lane, for a while or for ever, holds up nobody who asks for something else."""

import pathlib
import unittest

from harness import BUILD, Server, demo_config, eventually

FAULTY = BUILD.resolve() / "tests" / "faulty_plugins"
MANY = 12  # conversations: some live on every lane


class HeldLanesTest(unittest.TestCase):
    def setUp(self):
        plugins = {"hangs": {"library": str(FAULTY / "faulty_hangs.so")}}
        self.server = Server(demo_config(plugins=plugins)).start()
        self.addCleanup(self.server.close)
        self.addCleanup(self.server.kill)  # a lane that never comes back cannot be stopped

    def test_other_users_are_let_in_while_lanes_are_held_for_ever(self):
        hostile = self.server.client()
        other = self.server.client(self.server.key())
        asked = [hostile.send("POST", f"/api/interactions/{hostile.interaction()}/runs",
                              {"message": "hello", "model": "hangs/relentless"})]
        eventually(lambda: "provider.open has been blocking a lane" in self.server.read_log(),
                   "a lane is held")

        answers = [other.get("/api/interactions").status for _ in range(MANY)]

        self.assertEqual(answers, [200] * MANY)
        self.assertEqual(self.server.client("pb_1_nobody").get("/api/interactions").status, 403)
        for sock in asked:
            sock.close()


class ShortDelaysTest(unittest.TestCase):
    @unittest.skipUnless(pathlib.Path("/proc/self/schedstat").exists(),
                         "this kernel does not say how long threads wait for a processor")
    def test_short_delays_add_up_until_the_instance_is_off(self):
        plugins = {"slow": {"library": str(FAULTY / "faulty_blocks_lane.so")}}  # 12 ms an answer
        server = Server(demo_config(plugins=plugins, plugin_faults={"limit": 1})).start()
        self.addCleanup(server.close)
        client = server.client()

        def refused():
            answer = client.run(client.interaction(), "hello", model="slow/any")
            if answer.status == 200:
                answer.rest()
            return answer.status == 503

        self.assertFalse(refused(), "one delay is forgiven")
        eventually(refused, "many are not")

        plugin = client.get("/api/admin/plugins/slow").json()
        self.assertEqual(plugin["state"], "off")
        self.assertIn("held its lane for", plugin["reason"])


if __name__ == "__main__":
    unittest.main()
