"""Clients as people write them: a naive fetch, aiohttp, and an EventSource that posts."""

import unittest

from harness import ServerTest, demo_config
from programs import HERE, NODE, PYTHON, answer_of, base_url, conversations, report

CLIENTS = {
    "fetch": (NODE, HERE / "js/converse.js"),
    "aiohttp": (PYTHON, HERE / "py/converse.py"),
    "EventSource": (NODE, HERE / "eventsource/converse.js"),
}


class OwnClientTest(ServerTest):
    config = demo_config()

    def each(self, server, message):
        """Each client's name, its own user's connection, and a function that asks."""
        for name, command in CLIENTS.items():
            with self.subTest(client=name):
                key = server.key(name=name)

                def ask(*interaction):
                    return report(*command, base_url(server), key, message, *interaction)

                yield server.client(key), ask

    def check_whole(self, found, answer):
        kinds = [event["type"] for event in found["events"]]
        self.assertEqual((kinds[0], kinds[-1]), ("metadata", "complete"))
        self.assertEqual(set(kinds[1:-1]), {"token"})
        tokens = [event["content"] for event in found["events"] if event["type"] == "token"]
        self.assertEqual("".join(tokens), answer)
        self.assertEqual(found["events"][-1]["content"], answer)

    def test_a_client_reads_a_whole_answer_in_any_script(self):
        for connection, ask in self.each(self.server, "naïve café 你好 🙂"):
            found = ask()

            self.check_whole(found, answer_of(conversations(connection)[0]))
            self.assertIn("naïve café 你好 🙂", found["events"][-1]["content"])

    def test_a_client_goes_on_with_a_conversation(self):
        for connection, ask in self.each(self.server, "and then?"):
            first = ask()["events"][0]
            second = ask(first["interaction_id"])["events"][0]

            self.assertIs(first["is_new_interaction"], True)
            self.assertIs(second["is_new_interaction"], False)
            self.assertEqual([len(messages) for messages in conversations(connection)], [4])

    def test_a_client_reads_an_answer_that_comes_all_at_once(self):
        server = self.serve(demo_config(demo={"words": 200, "token_delay_ms": 0}))

        for connection, ask in self.each(server, "quick"):
            found = ask()

            self.check_whole(found, answer_of(conversations(connection)[0]))

    def test_a_client_is_told_that_a_conversation_is_not_its_own(self):
        other = self.client.interaction()

        for connection, ask in self.each(self.server, "may I?"):
            self.assertEqual(ask(other)["status"], 404)
            self.assertEqual(conversations(connection), [])


if __name__ == "__main__":
    unittest.main()
