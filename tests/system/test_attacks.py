"""Roads on which the server once fell: each a bug that was found, with its test."""

import socket
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

from harness import Server, ServerTest, demo_config


class AttackTest(ServerTest):
    config = demo_config(models={"unknown": "default"})

    def assert_alive(self):
        self.assertEqual(self.client.get("/livez").status, 200)

    def test_a_query_that_is_no_utf8_is_400_and_hurts_nobody(self):
        for query in ("message=hi&model=%FF", "message=hi&agent=%C3", "message=%FF", "%FF=1"):
            answer = self.client.get(f"/api/stream/stream-simple?{query}")
            self.assertEqual(answer.status, 400, query)
        self.assert_alive()

    def test_a_retry_whose_client_leaves_at_once_hurts_nobody(self):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        self.client.converse("hello", headers=key).rest()

        for _ in range(200):
            sock = self.client.send("POST", "/api/stream/stream-conversation",
                                    {"message": "hello"}, key)
            sock.close()

        self.assert_alive()
        self.assertEqual(self.client.converse("hello", headers=key).rest()[-1].data["type"],
                         "complete")

    def test_a_used_key_beside_other_posts_leaves_the_interaction_usable(self):
        interaction = self.client.interaction()
        key = {"Idempotency-Key": str(uuid.uuid4())}
        self.client.converse("first", interaction, key).rest()

        def post(headers):
            return self.client.converse("again" if not headers else "first", interaction,
                                        headers).rest()

        for _ in range(5):
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(post, [None, key, None]))
        self.server.kill()
        self.server.start()
        self.client.port = self.server.port

        events = self.client.converse("and now?", interaction).rest()

        self.assertEqual(events[-1].data["type"], "complete")

    def test_if_match_lets_exactly_one_of_parallel_posts_in(self):
        interaction = self.client.interaction()

        def post(_):
            return self.client.post(f"/api/interactions/{interaction}/runs",
                                    {"message": "hello", "background": True},
                                    {"If-Match": '"0"'}).status

        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(post, range(8)))

        self.assertEqual(statuses, [202] + [412] * 7)

    def test_empty_parts_are_400(self):
        interaction = self.client.interaction()
        empty_text = self.client.post(f"/api/interactions/{interaction}/runs",
                                      {"content": [{"type": "text", "text": ""}]})
        empty_url = self.client.post("/api/stream/stream-conversation",
                                     {"message": "hi", "media_files": [{"url": ""}]})

        self.assertEqual([empty_text.status, empty_url.status], [400, 400])

    def test_a_cancelled_run_tells_its_last_seq_at_once(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello", options={"words": 100000})
        stream.until(lambda event: event.name == "delta")

        run = self.client.post(f"/api/runs/{stream.headers['x-run-id']}/cancel").json()

        self.assertEqual(run["last_seq"], self.client.events(interaction).rest()[-1].seq)

    def test_deleting_while_used_keys_are_posted_leaves_no_ghost(self):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        self.client.converse("hello", headers=key).rest()
        for _ in range(30):
            interaction = self.client.interaction()
            sock = self.client.send("POST", "/api/stream/stream-conversation",
                                    {"message": "hello", "interaction_id": interaction}, key)
            deleted = self.client.request("DELETE", f"/api/interactions/{interaction}")
            sock.close()

            self.assertIn(deleted.status, (204, 404))
            self.assertEqual(self.client.get(f"/api/interactions/{interaction}").status, 404)


class FailedStartTest(unittest.TestCase):
    def test_a_start_that_cannot_listen_leaves_open_runs_as_they_are(self):
        server = Server(demo_config(demo={"words": 500})).start()
        self.addCleanup(server.close)
        client = server.client()
        interaction = client.interaction()
        stream = client.run(interaction, "tell me")
        stream.until(lambda event: event.name == "delta")
        server.kill()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            failed = server.run("serve", "--config", server.config, "--listen", address, check=False)
        server.start()
        client.port = server.port

        log = client.events(interaction).rest()

        self.assertEqual(failed.returncode, 1)
        self.assertEqual(log[-1].name, "run.completed")


if __name__ == "__main__":
    unittest.main()
