"""A running server takes over a changed config: whole, or not at all, beside the streams that go on."""

import json
import os
import shutil
import signal
import unittest

from harness import BUILD, Server, demo_config, eventually, text_of

GONE = "plugin demo: an instance without users goes"


def words_of(events):
    """How many words the answer has: the demo provider's `words`, so its instance can be told."""
    return len(text_of(events).split())


def applying(applies_to):
    """A middleware that is for those."""
    return {"prompt": {"library": "patchbay_middleware_system_prompt",
                       "config": {"text": "Be kind."}, "applies_to": applies_to}}


class ReloadTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(demo_config(demo={"words": 12})).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()

    def reload(self, config=None):
        if config is not None:
            self.server.write_config(config)
        return self.client.post("/api/admin/reload", {})

    def begin(self, **fields):
        return self.client.run(self.client.interaction(), "hello", **fields)

    def answer(self, **fields):
        return self.begin(**fields).rest()

    def instances(self):
        return {item["name"]: item for item in self.client.get("/api/admin/plugins").json()["items"]}

    def test_a_new_instance_answers_beside_the_old_ones(self):
        config = demo_config(demo={"words": 12})
        config["plugins"]["second"] = {"library": "patchbay_provider_demo", "config": {"words": 5}}

        reply = self.reload(config)

        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.json(), {"plugins": {"added": ["second"], "replaced": [], "removed": [],
                                                    "unchanged": ["demo", "keys", "chat"]},
                                        "needs_restart": []})
        self.assertEqual(words_of(self.answer(model="second/demo")), 5)
        self.assertEqual(words_of(self.answer()), 12)

    def test_a_stream_goes_on_with_the_instance_that_it_began_with(self):
        self.reload(demo_config(demo={"words": 150, "token_delay_ms": 10}))
        eventually(lambda: self.server.read_log().count(GONE) == 1, "the first one is destroyed")
        stream = self.begin()
        events = stream.take(4)

        reply = self.reload(demo_config(demo={"words": 7}))

        self.assertEqual(reply.json()["plugins"]["replaced"], ["demo"])
        self.assertEqual(words_of(self.answer()), 7)
        self.assertEqual(self.server.read_log().count(GONE), 1, "a run still needs the second one")
        events += stream.rest()
        self.assertEqual(words_of(events), 150)
        self.assertEqual(events[-1].name, "run.completed")
        eventually(lambda: self.server.read_log().count(GONE) == 2, "the second one is destroyed")

    def test_a_removed_instance_answers_nobody_and_its_models_are_unknown(self):
        config = demo_config()
        config["plugins"]["second"] = {"library": "patchbay_provider_demo", "config": {}}
        self.reload(config)
        self.assertIn("second", self.instances())

        reply = self.reload(demo_config())

        self.assertEqual(reply.json()["plugins"]["removed"], ["second"])
        self.assertNotIn("second", self.instances())
        refused = self.begin(model="second/demo")
        self.assertEqual(refused.status, 400)
        self.assertIn(b"model_not_found", refused.body())

    def test_a_repeated_request_finds_its_run_though_its_model_is_gone(self):
        interaction = self.client.interaction()
        key = {"Idempotency-Key": "once"}
        first = self.client.run(interaction, "hello", headers=key, model="demo/demo").rest()
        config = demo_config()
        config["plugins"]["other"] = config["plugins"].pop("demo")
        config["models"]["default"] = "other/demo"
        self.assertEqual(self.reload(config).status, 200)

        again = self.client.run(interaction, "hello", headers=key, model="demo/demo")

        self.assertEqual(again.status, 200)
        self.assertEqual([event.id for event in again.rest()], [event.id for event in first])

    def test_models_runs_billing_and_cors_change(self):
        config = demo_config(billing={"points_per_1000_tokens": 1000000},
                             server={"cors_origins": ["https://app.example.com"]})
        config["models"]["aliases"] = {"fast": ["demo/demo"]}
        before = self.answer()

        self.assertEqual(self.reload(config).status, 200)

        after = self.answer(model="fast")
        self.assertEqual(after[-1].name, "run.completed")
        self.assertGreater(after[-1].data["points"], 100 * before[-1].data["points"])
        live = self.client.get("/livez", headers={"Origin": "https://app.example.com"})
        self.assertEqual(live.headers["access-control-allow-origin"], "https://app.example.com")

    def test_a_config_with_mistakes_changes_nothing_and_every_mistake_is_named(self):
        config = demo_config(demo={"words": 3})
        config["runs"] = {"queue_limit": "many"}
        config["serve"] = {}

        reply = self.reload(config)

        self.assertEqual(reply.status, 422)
        self.assertEqual(reply.json()["code"], "unprocessable")
        self.assertEqual({problem["pointer"] for problem in reply.json()["problems"]},
                         {"/runs/queue_limit", "/serve"})
        self.assertIn("/runs/queue_limit", reply.json()["error"])
        self.assertEqual(words_of(self.answer()), 12)

    def test_a_file_that_is_gone_or_broken_changes_nothing(self):
        self.server.config.write_text('{"plugins": ')
        broken = self.reload()
        self.server.config.unlink()
        gone = self.reload()

        self.assertEqual((broken.status, gone.status), (422, 422))
        self.assertEqual(words_of(self.answer()), 12)

    def test_a_plugin_that_does_not_start_changes_nothing(self):
        config = demo_config(demo={"words": 3})
        config["plugins"]["ghost"] = {"library": "patchbay_provider_ghost"}

        reply = self.reload(config)

        self.assertEqual(reply.status, 422)
        self.assertEqual([problem["pointer"] for problem in reply.json()["problems"]],
                         ["/plugins/ghost"])
        self.assertEqual(words_of(self.answer()), 12)
        self.assertNotIn("ghost", self.instances())

    def test_a_plugin_that_is_off_may_stay_off_and_comes_back_when_its_cause_is_gone(self):
        library = self.server.folder / "late.so"
        config = demo_config()
        config["plugins"]["late"] = {"library": str(library)}
        self.server.stop()
        self.server.write_config(config)
        self.server.start()
        self.client = self.server.client()

        self.assertEqual(self.reload().status, 200)
        self.assertEqual(self.instances()["late"]["state"], "off")

        shutil.copy(BUILD / "lib/patchbay/plugins/patchbay_provider_demo.so", library)
        self.assertEqual(self.reload().status, 200)
        self.assertEqual(self.instances()["late"]["state"], "on")
        self.assertEqual(self.answer(model="late/demo")[-1].name, "run.completed")

    def test_a_library_that_cannot_be_looked_at_is_off_at_the_start_and_refused_by_a_reload(self):
        config = demo_config()
        config["plugins"]["odd"] = {"library": f"/{'x' * 300}.so"}

        refused = self.reload(config)
        self.server.stop()
        self.server.start()
        self.client = self.server.client()

        self.assertEqual(refused.status, 422)
        self.assertEqual(refused.json()["problems"][0]["pointer"], "/plugins/odd")
        self.assertIn("File name too long", refused.json()["problems"][0]["found"])
        self.assertEqual(self.instances()["odd"]["state"], "off")
        self.assertEqual(self.answer()[-1].name, "run.completed")

    def test_what_needs_a_restart_is_named(self):
        config = demo_config(server={"head_bytes": 20000}, store={"retention_ms": 5000})

        reply = self.reload(config)

        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.json()["needs_restart"], ["/server/head_bytes", "/store/retention_ms"])

    def test_sighup_and_the_command_line_reload_too(self):
        self.server.write_config(demo_config(demo={"words": 8}))
        os.kill(self.server.process.pid, signal.SIGHUP)
        eventually(lambda: words_of(self.answer()) == 8, "the signal's config is in use")

        self.server.write_config(demo_config(demo={"words": 9}))
        done = self.server.run("reload")
        self.assertIn("Plugin demo: replaced.", done.stdout)
        self.assertEqual(words_of(self.answer()), 9)

        self.server.write_config({"plugins": {}})
        refused = self.server.run("reload", check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("/auth", refused.stderr)
        as_json = self.server.run("reload", "--json", check=False)
        self.assertEqual(as_json.returncode, 2)
        self.assertIn("/auth", [problem["pointer"] for problem in
                                json.loads(as_json.stdout)["problems"]])

    def test_nobody_gets_in_past_an_auth_plugin_that_did_not_start(self):
        library = self.server.folder / "late.so"
        config = demo_config()
        config["plugins"]["first"] = {"library": str(library)}
        config["auth"] = ["first", "keys"]
        self.server.stop()
        self.server.write_config(config)
        self.server.start()
        self.client = self.server.client()

        at_start = self.client.get("/api/interactions")
        self.server.run("reload")
        after_reload = self.client.get("/api/interactions")
        shutil.copy(BUILD / "lib/patchbay/plugins/patchbay_auth_api_key.so", library)
        self.server.run("reload")

        for refused in (at_start, after_reload):
            self.assertEqual((refused.status, refused.json()["code"]), (503, "unavailable"))
            self.assertIn("The auth plugin 'first' is off.", refused.json()["error"])
        self.assertEqual(self.client.get("/api/interactions").status, 200)

    def test_auth_that_is_taken_away_lets_nobody_in(self):
        config = demo_config()
        config["plugins"]["other"] = {"library": "patchbay_auth_api_key"}
        config["auth"] = ["other"]
        del config["plugins"]["keys"]
        alice = self.server.key()

        self.assertEqual(self.reload(config).status, 200)
        self.assertEqual(self.server.client(alice).get("/api/interactions").status, 200)

        config["plugins"]["other"]["enabled"] = False
        refused = self.reload(config)
        self.assertEqual(refused.status, 422, "the file names a plugin in auth that is off")

    def test_plugins_that_do_not_offer_what_the_config_expects_change_nothing(self):
        wrong = {"/auth/0": {"auth": ["demo"]},
                 "/agents/default": {"agents": {"default": "demo"}},
                 "/models/default": {"models": {"default": "demo/nosuch"}},
                 "/models/aliases/fast/0": {"models": {"default": "demo/demo",
                                                       "aliases": {"fast": ["nope/x"]}}},
                 "/plugins/demo": {"demo": {"bogus": 1}},
                 "/plugins/prompt/applies_to/surfaces/0": {
                     "plugins": applying({"surfaces": ["nativ"]})},
                 "/plugins/prompt/applies_to/agents/1": {
                     "plugins": applying({"agents": ["chat", "demo"]})},
                 "/plugins/prompt/applies_to/providers/0": {
                     "plugins": applying({"providers": ["keys"]})}}
        for pointer, change in wrong.items():
            with self.subTest(pointer):
                reply = self.reload(demo_config(**change))
                check = self.server.run("config", "check", "--config", str(self.server.config),
                                        check=False)

                self.assertEqual(reply.status, 422)
                self.assertIn(pointer, [problem["pointer"] for problem in reply.json()["problems"]])
                self.assertEqual(check.returncode, 2, check.stdout)
                self.assertIn(pointer + ":", check.stderr)
        self.assertEqual(words_of(self.answer()), 12)

    def test_a_plugin_that_is_turned_off_is_reported_as_removed(self):
        config = demo_config(demo={"words": 12})
        config["plugins"]["second"] = {"library": "patchbay_provider_demo"}
        self.reload(config)
        config["plugins"]["second"]["enabled"] = False

        reply = self.reload(config)

        self.assertEqual(reply.json()["plugins"]["removed"], ["second"])
        self.assertEqual(self.instances()["second"]["state"], "off")

    def test_only_admins_reload(self):
        alice = self.server.client(self.server.key())

        self.assertEqual(alice.post("/api/admin/reload", {}).status, 403)

    def test_fifty_reloads_under_two_hundred_streams_drop_none(self):
        slow = {"words": 60, "token_delay_ms": 20}
        self.reload(demo_config(demo=slow))
        streams = [self.begin() for _ in range(200)]

        for i in range(50):
            reply = self.reload(demo_config(demo={**slow, "first_token_ms": i}))
            self.assertEqual(reply.json()["plugins"]["replaced"], ["demo"])

        for stream in streams:
            self.assertEqual(words_of(stream.rest()), 60)
        eventually(lambda: self.server.read_log().count(GONE) == 51,
                   "all that were replaced are destroyed")


if __name__ == "__main__":
    unittest.main()
