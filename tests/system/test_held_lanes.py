"""A plugin that holds its lane, for a while or for ever, holds up nobody who asks for something else."""

import json
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


class HeldDoorTest(unittest.TestCase):
    """An auth plugin that never comes back from one check."""

    def setUp(self):
        library = str(BUILD.resolve() / "tests" / "plugins" / "fixture_holds_checks.so")
        self.config = demo_config(plugins={"holds": {"library": library}}, auth=["holds", "keys"],
                                  plugin_faults={"limit": 3})
        self.server = Server(self.config).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client(self.server.key())

    def test_it_is_named_and_turned_off_and_a_reload_without_it_lets_everybody_in_again(self):
        asked = self.server.client("hold").send("GET", "/api/interactions")
        self.addCleanup(asked.close)
        plugin = eventually(lambda: self.plugin("off"), "it is off while it holds the lane")
        self.assertIn("auth.check has been blocking a lane", plugin["reason"])
        refused = eventually(lambda: self.answer_of(503), "nobody is let in past it")
        self.assertIn("holds", refused.json()["error"])

        del self.config["plugins"]["holds"]
        self.server.write_config({**self.config, "auth": ["keys"]})
        self.server.run("reload")

        eventually(lambda: self.answer_of(200), "another lane has taken over")

    def test_a_server_ends_in_order_though_a_plugin_holds_a_lane(self):
        asked = self.server.client("hold").send("GET", "/api/interactions")
        self.addCleanup(asked.close)
        eventually(lambda: "auth.check has been blocking a lane" in self.server.read_log(),
                   "the lane is held")

        self.assertEqual(self.server.stop(), 0)

        self.assertIn("a plugin does not let go of its lane", self.server.read_log())

    def plugin(self, state):
        items = json.loads(self.server.run("plugin", "list", "--json").stdout)["items"]
        holds = next(item for item in items if item["name"] == "holds")
        return holds if holds["state"] == state else None

    def answer_of(self, status):
        answer = self.client.get("/api/interactions")
        return answer if answer.status == status else None


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
