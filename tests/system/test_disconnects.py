"""Leaving is not cancelling, unless asked for: each on_disconnect, at each moment of a run."""

import socket
import struct
import unittest

from harness import Client, ServerTest, demo_config, eventually, text_of

ENDLESS = {"words": 100000}
LATE = {"words": 20, "first_token_ms": 600000}  # silent for as long as a test may take
SOON = {"words": 20, "first_token_ms": 300}     # silent until the client has surely left
POLICIES = ("continue", "grace", "cancel")


class DisconnectTest(ServerTest):
    """Grace is short here: whoever does not come back at once does not come back in time."""

    config = demo_config(demo={"words": 60}, runs={"grace_ms": 50},
                         server={"drain_timeout_ms": 50})

    def setUp(self):
        super().setUp()
        self.interaction = self.client.interaction()

    def send(self, options, **fields):
        """Sends the request and reads nothing."""
        return self.client.send("POST", f"/api/interactions/{self.interaction}/runs",
                                {"message": "hello", "options": options, **fields})

    def last_turn(self, turn=1):
        """The run of that turn, once its message is stored; None before."""
        for message in self.client.messages(self.interaction):
            if message["turn"] == turn:
                return message["run_id"]
        return None

    def ended(self, turn=1):
        run = eventually(lambda: self.last_turn(turn), "the message is stored")
        return self.client.wait_for_run(run)

    def no_viewers(self):
        eventually(lambda: self.server.metrics()["patchbay_viewers"] == 0, "the viewer is gone")

    def assert_left(self, run, policy):
        """What the run has come to after its client left in the middle."""
        if policy == "continue":
            self.assertEqual(run["status"], "completed")
            return
        self.assertEqual(run["status"], "cancelled")
        log = self.client.events(self.interaction).rest()
        self.assertEqual(log[-1].data["by"], "disconnect")

    # ---- before the head ----

    def test_leaving_before_the_head_never_loses_the_message(self):
        for policy in POLICIES:
            with self.subTest(policy):
                self.interaction = self.client.interaction()
                options = SOON if policy == "continue" else LATE
                sock = self.send(options, on_disconnect=policy)
                sock.close()

                self.assert_left(self.ended(), policy)

                said = [m["role"] for m in self.client.messages(self.interaction)]
                self.assertEqual(said[0], "user")

    def test_leaving_with_a_reset_before_the_head_is_the_same(self):
        for policy in POLICIES:
            with self.subTest(policy):
                self.interaction = self.client.interaction()
                options = SOON if policy == "continue" else LATE
                sock = self.send(options, on_disconnect=policy)
                # The request must have been read: a reset throws away what was not.
                eventually(self.last_turn, "the message is stored")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()

                self.assert_left(self.ended(), policy)

    # ---- before the first token ----

    def test_leaving_before_the_first_token(self):
        for policy in POLICIES:
            with self.subTest(policy):
                self.interaction = self.client.interaction()
                options = SOON if policy == "continue" else LATE
                stream = self.client.run(self.interaction, "hello", on_disconnect=policy,
                                         options=options)
                stream.until(lambda event: event.name == "run.started")
                stream.reset()

                self.assert_left(self.ended(), policy)

    # ---- in the middle of a token ----

    def test_leaving_in_the_middle_of_an_event(self):
        for policy in POLICIES:
            with self.subTest(policy):
                self.interaction = self.client.interaction()
                options = {"words": 100} if policy == "continue" else ENDLESS
                stream = self.client.run(self.interaction, "hello", on_disconnect=policy,
                                         options=options)
                shown = stream.until(lambda event: event.name == "delta")
                stream.sock.recv(10)
                stream.reset()

                run = self.ended()

                self.assert_left(run, policy)
                answer = self.client.messages(self.interaction)[-1]
                self.assertTrue(answer["content"][0]["text"].startswith(text_of(shown)))
                wanted = "complete" if policy == "continue" else "partial"
                self.assertEqual(answer["status"], wanted)

    def test_the_policy_may_come_as_a_header(self):
        for policy in POLICIES:
            with self.subTest(policy):
                stream = self.client.converse("hello", headers={
                    "X-Patchbay-On-Disconnect": policy})
                self.interaction = stream.headers["x-interaction-id"]
                stream.take(2)
                stream.close()

                run = self.ended()

                wanted = "completed" if policy == "continue" else "cancelled"
                self.assertEqual(run["status"], wanted)

    def test_both_surfaces_go_on_when_nothing_is_said(self):
        native = self.client.run(self.interaction, "hello")
        native.take(3)
        conversation = self.client.converse("hello")
        conversation.take(2)

        native.close()
        conversation.close()

        for stream in (native, conversation):
            run = self.client.wait_for_run(stream.headers["x-run-id"])
            self.assertEqual(run["status"], "completed")

    # ---- while queued ----

    def leave_while_queued(self, policy):
        """A first run that goes on, and a second whose client left while it waited."""
        self.interaction = self.client.interaction()
        first = self.client.run(self.interaction, "first", options=ENDLESS)
        first.until(lambda event: event.name == "delta")
        second = self.client.run(self.interaction, "second", options={"words": 5},
                                 on_disconnect=policy)
        second.take(2)
        second.reset()
        return first, second.headers["x-run-id"]

    def test_a_queued_run_that_is_to_go_on_starts_when_its_turn_comes(self):
        first, queued = self.leave_while_queued("continue")

        self.client.post(f"/api/runs/{first.headers['x-run-id']}/cancel")
        run = self.client.wait_for_run(queued)

        self.assertEqual(run["status"], "completed")

    def test_a_queued_run_whose_client_left_for_good_never_starts(self):
        for policy in ("grace", "cancel"):
            with self.subTest(policy):
                first, queued = self.leave_while_queued(policy)

                run = self.client.wait_for_run(queued)
                other = self.client.get(f"/api/runs/{first.headers['x-run-id']}").json()
                first.close()

                self.assertEqual(run["status"], "cancelled")
                self.assertIsNone(run["started_at_ms"])
                self.assertEqual(other["status"], "running")

    # ---- other viewers ----

    def test_a_run_is_not_cancelled_while_another_viewer_watches(self):
        stream = self.client.run(self.interaction, "hello", on_disconnect="cancel",
                                 options={"words": 300})
        stream.take(3)
        other = self.client.events(self.interaction)
        other.take(3)
        stream.reset()

        events = other.rest()

        self.assertEqual(events[-1].name, "run.completed")

    def test_a_background_run_has_no_client_that_could_leave(self):
        answer = self.client.post(f"/api/interactions/{self.interaction}/runs", {
            "message": "hello", "background": True, "on_disconnect": "cancel"})

        run = self.client.wait_for_run(answer.json()["run_id"])

        self.assertEqual(run["status"], "completed")

    def test_nothing_is_left_of_those_who_left(self):
        for policy in POLICIES:
            self.send({"words": 5}, on_disconnect=policy).close()
            stream = self.client.converse("x", headers={"X-Patchbay-On-Disconnect": policy})
            stream.reset()

        eventually(lambda: self.server.metrics()["patchbay_runs_open"] == 0, "no open run")
        self.no_viewers()
        # The connection that asks is the one that is left.
        eventually(lambda: self.server.metrics()["patchbay_connections_open"] <= 1,
                   "connections are closed")


class GraceTest(ServerTest):
    """Grace is long here: coming back is always in time."""

    config = demo_config(demo={"words": 200}, runs={"grace_ms": 600000},
                         server={"drain_timeout_ms": 50})

    def test_coming_back_in_time_saves_the_run(self):
        interaction = self.client.interaction()
        stream = self.client.run(interaction, "hello", on_disconnect="grace")
        shown = stream.until(lambda event: event.name == "delta")
        stream.reset()
        eventually(lambda: self.server.metrics()["patchbay_viewers"] == 0, "the viewer is gone")

        rest = self.client.events(interaction, after=shown[-1].seq).rest()

        self.assertEqual(rest[-1].name, "run.completed")
        self.assertEqual([e.seq for e in shown + rest], list(range(1, rest[-1].seq + 1)))

    def test_coming_back_stops_the_clock(self):
        server = self.serve(demo_config(runs={"grace_ms": 1500}, server={"drain_timeout_ms": 50}))
        client = Client(server.port, server.admin_key())
        interaction = client.interaction()
        stream = client.run(interaction, "hello", on_disconnect="grace", options=ENDLESS)
        run = stream.headers["x-run-id"]
        shown = stream.until(lambda event: event.name == "delta")
        stream.reset()
        eventually(lambda: server.metrics()["patchbay_viewers"] == 0, "the viewer is gone")
        again = client.events(interaction, after=shown[-1].seq)
        again.next()

        # Twice the grace: had the clock gone on, the run would end within.
        answer = client.get(f"/api/runs/{run}?wait_ms=3000")

        self.assertEqual(answer.json()["status"], "running")
        again.reset()
        self.assertEqual(client.wait_for_run(run)["status"], "cancelled")

    def test_a_queued_run_is_saved_as_well(self):
        interaction = self.client.interaction()
        first = self.client.run(interaction, "first", options=ENDLESS)
        first.until(lambda event: event.name == "delta")
        second = self.client.run(interaction, "second", on_disconnect="grace")
        seen = second.take(2)
        run = second.headers["x-run-id"]
        second.reset()

        again = self.client.events(interaction, after=seen[-1].seq, run_id=run)
        self.client.post(f"/api/runs/{first.headers['x-run-id']}/cancel")
        rest = again.rest()

        self.assertEqual(rest[-1].name, "run.completed")


if __name__ == "__main__":
    unittest.main()
