"""The commands beside `serve`: they go through the running server, or do without it."""

import json
import shutil
import unittest

from harness import Server, ServerTest, demo_config, text_of


class KeyTest(ServerTest):
    config = demo_config()

    def status(self, key):
        return self.server.client(key).get("/api/interactions").status

    def list(self):
        return {item["name"]: item
                for item in json.loads(self.server.run("key", "list", "--json").stdout)["items"]}

    def test_a_new_key_works_at_once(self):
        self.assertEqual(self.status(self.server.key(name="bob")), 200)

    def test_a_revoked_key_is_403_at_once(self):
        key = self.server.key(name="bob")
        self.assertEqual(self.status(key), 200)

        self.server.run("key", "revoke", self.list()["bob"]["id"])

        answer = self.server.client(key).get("/api/interactions")
        self.assertEqual(answer.status, 403)
        self.assertEqual(answer.json()["error"], "Forbidden: Invalid API key.")
        self.assertIsNotNone(self.list()["bob"]["revoked_at_ms"])

    def test_keys_can_be_made_and_revoked_without_a_server(self):
        self.server.stop()
        good = self.server.key(name="good")
        bad = self.server.key(name="bad")
        self.server.run("key", "revoke", self.list()["bad"]["id"])
        names = set(self.list())
        self.server.start()

        self.assertEqual(names, {"admin", "alice", "good", "bad"})
        self.assertEqual(self.status(good), 200)
        self.assertEqual(self.status(bad), 403)

    def test_a_list_shows_no_secret(self):
        key = self.server.key(name="bob")
        secret = key.rsplit("_", 1)[-1]

        shown = self.server.run("key", "list").stdout + self.server.run("key", "list",
                                                                        "--json").stdout

        self.assertIn("user:bob", shown)
        self.assertNotIn(secret, shown)

    def test_roles_are_kept_apart(self):
        user = self.server.client(self.server.key(name="bob"))
        admin = self.server.client(self.server.key(role="admin", name="root"))

        for path in ("/api/metrics", "/api/admin/keys", "/api/admin/plugins"):
            self.assertEqual(user.get(path).status, 403)
            self.assertEqual(admin.get(path).status, 200)

    def test_a_name_that_is_taken_is_a_sentence(self):
        for running in (True, False):
            with self.subTest(running=running):
                done = self.server.run("key", "create", "--role", "user", "--name", "alice",
                                       check=False)

                self.assertEqual(done.returncode, 1)
                self.assertIn("alice", done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            if running:
                self.server.stop()

    def test_a_key_that_does_not_exist_cannot_be_revoked(self):
        done = self.server.run("key", "revoke", "nosuchkey", check=False)

        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_role_that_does_not_exist_is_a_sentence(self):
        done = self.server.run("key", "create", "--role", "king", "--name", "x", check=False)

        self.assertNotEqual(done.returncode, 0)
        self.assertIn("admin, premium or user", done.stderr)


class DataTest(ServerTest):
    config = demo_config()

    def test_events_prints_the_log_of_a_running_server_and_of_none(self):
        interaction = self.client.interaction()
        log = self.client.run(interaction, "hello").rest()

        running = self.server.run("events", interaction).stdout
        self.server.stop()
        stopped = self.server.run("events", interaction).stdout

        self.assertEqual(running, stopped)
        printed = [json.loads(line) for line in running.splitlines()]
        self.assertEqual([(line["seq"], line["event"]) for line in printed],
                         [(event.seq, event.name) for event in log])
        text = "".join(line["data"]["text"] for line in printed if line["event"] == "delta")
        self.assertEqual(text, text_of(log))

    def test_events_shows_a_run_that_is_still_going(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello", options={"words": 2000})
        shown = stream.until(lambda event: event.name == "delta")

        printed = [json.loads(line)
                   for line in self.server.run("events", interaction).stdout.splitlines()]

        self.assertGreaterEqual(len(printed), len(shown))
        self.assertEqual([line["seq"] for line in printed], list(range(1, len(printed) + 1)))
        stream.rest()

    def test_events_of_what_does_not_exist_is_a_sentence(self):
        for wrong in ("nonsense", "01a1f95b-6ac0-7a08-a0ec-34108d219948"):
            done = self.server.run("events", wrong, check=False)

            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_backup_of_a_running_server_opens_and_equals(self):
        interaction = self.client.interaction()
        log = self.client.run(interaction, "hello").rest()
        busy = self.client.run(self.client.interaction(), "busy", options={"words": 2000})
        busy.until(lambda event: event.name == "delta")
        copy = self.server.folder / "copy.db"

        self.server.run("backup", str(copy))

        other = Server(demo_config())
        self.addCleanup(other.close)
        other.data.mkdir()
        shutil.copy(copy, other.data / "patchbay.db")
        other.start()
        client = other.client(self.client.key)
        self.assertEqual([(e.id, e.text) for e in client.events(interaction).rest()],
                         [(e.id, e.text) for e in log])
        self.assertEqual(client.messages(interaction), self.client.messages(interaction))
        # What was running in the original is taken up again in the copy.
        ended = client.wait_for_run(busy.headers["x-run-id"])
        self.assertEqual(ended["status"], "completed")
        busy.rest()

    def test_a_backup_without_a_server_is_the_same(self):
        interaction = self.client.interaction()
        self.client.run(interaction, "hello").rest()
        before = self.server.run("events", interaction).stdout
        self.server.stop()
        other = Server()
        self.addCleanup(other.close)
        other.data.mkdir()

        self.server.run("backup", str(other.data / "patchbay.db"))

        self.assertEqual(other.run("events", interaction).stdout, before)

    def test_a_backup_never_overwrites_a_file(self):
        there = self.server.folder / "there"
        there.write_text("precious")

        done = self.server.run("backup", str(there), check=False)

        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertEqual(there.read_text(), "precious")

    def test_a_backup_is_for_its_owner_alone(self):
        copy = self.server.folder / "copy.db"

        self.server.run("backup", str(copy))

        self.assertEqual(copy.stat().st_mode & 0o077, 0)


if __name__ == "__main__":
    unittest.main()
