"""An EventSource that asks again, as browsers do, never makes a second run."""

import unittest

from harness import ServerTest, demo_config
from programs import HERE, NODE, answer_of, base_url, conversations, report

LEFT_OPEN_S = 10


class EventSourceTest(ServerTest):
    config = demo_config()

    def leave_open(self, seconds, *cut_bytes):
        key = self.server.key(name="browser")
        self.client = self.server.client(key)
        return report(NODE, HERE / "eventsource/simple.js", base_url(self.server), key,
                      "What is 2+2?", seconds, *cut_bytes)

    def check_one_run(self):
        self.assertEqual(self.server.metrics()["patchbay_runs_started_total"], 1)
        talks = conversations(self.client)
        self.assertEqual([len(messages) for messages in talks], [2])
        return answer_of(talks[0])

    def check_events(self, found, answer):
        tokens = [event["content"] for event in found["events"] if event["type"] == "token"]
        self.assertEqual("".join(tokens), answer)
        self.assertEqual([event["type"] for event in found["events"]].count("complete"), 1)
        self.assertEqual(found["events"][-1]["content"], answer)

    def test_left_open_after_complete_it_asks_once_more_and_stops(self):
        found = self.leave_open(LEFT_OPEN_S)

        self.check_events(found, self.check_one_run())
        self.assertEqual([request["status"] for request in found["requests"]], [200, 204])
        self.assertEqual(found["requests"][1]["last_event_id"], found["events"][-1]["id"])
        self.assertIs(found["closed"], True)

    def test_cut_off_in_mid_answer_it_goes_on_where_it_was(self):
        found = self.leave_open(0, 1000)

        self.check_events(found, self.check_one_run())
        self.assertEqual([request["status"] for request in found["requests"]], [200, 200])
        self.assertIsNotNone(found["requests"][1]["last_event_id"])


if __name__ == "__main__":
    unittest.main()
