"""What the tests of failing upstreams have in common: what has to hold whatever went wrong."""

from fake_upstream import FakeUpstream, chunk, config, says
from harness import SLOW, ServerTest, text_of, tokens_of

SECRET = "sk-very-secret-key-of-ours"
THEIRS = "theirs alone"
LONG_MS = 20_000 * SLOW  # limits that a test is not to meet
SHORT_MS = 200           # and those that it is

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
UNTIL_CLOSE = STREAM + b"Connection: close\r\n\r\n"
HALF = chunk("half an ") + chunk("answer")
HALF_TEXT = "half an answer"


class FailingUpstreamTest(ServerTest):
    def setUp(self):
        self.upstream = self.make_upstream()
        self.addCleanup(self.upstream.close)
        self.config = config(self.upstream, {"api_key": SECRET})
        super().setUp()

    def make_upstream(self):
        return FakeUpstream()

    def client_of(self, plugin, **overrides):
        """A client of another server, whose upstream's config is this."""
        return self.serve(config(self.upstream, {"api_key": SECRET, **plugin}, **overrides)).client()

    def assert_fails(self, code, recoverable=None, text="", answer=None, client=None,
                     recovers=lambda upstream: None):
        """The right error within its time limit, what had come kept as a partial message and never
        shown as complete, the log and the run settled, nothing of the vendor's or ours shown, the
        upstream's connection closed, and the next turn as if nothing had been, once `recovers` has
        mended what is not its answer (None: nothing can). Returns run.failed.
        """
        client = client or self.client
        self.upstream.answer = answer or self.upstream.answer
        interaction = client.interaction()
        events = client.run(interaction, "hello").rest()
        failed = self.assert_failed_natively(events, code, recoverable, text)
        self.assert_settled(client, interaction, events, text)
        self.assert_conversation_fails(client, text)
        self.upstream.settled()
        if recovers:
            self.assert_next_turn_works(client, interaction, recovers)
        return failed

    def assert_failed_natively(self, events, code, recoverable, text):
        names = [event.name for event in events]
        self.assertEqual(names[-1], "run.failed", events[-1])
        self.assertEqual(names.count("run.failed"), 1)
        self.assertNotIn("message.completed", names)
        self.assertEqual(text_of(events), text)
        failed = events[-1].data
        self.assertEqual(failed["code"], code)
        if recoverable is not None:
            self.assertIs(failed["recoverable"], recoverable)
        for shown in events:
            self.assert_leaks_nothing(shown.text)
        return failed

    def assert_leaks_nothing(self, text):
        for secret in (SECRET, THEIRS, "127.0.0.1", "Bearer"):
            self.assertNotIn(secret, text)

    def assert_settled(self, client, interaction, events, text):
        shown = [(event.id, event.name) for event in events]
        stored = [(event.id, event.name) for event in client.events(interaction).rest()]
        self.assertEqual(stored[-len(shown):], shown)
        run = client.get(f"/api/runs/{events[-1].data['run_id']}")
        self.assert_leaks_nothing(run.body.decode())
        run = run.json()
        self.assertEqual(run["status"], "failed")
        self.assertEqual(run["error"]["code"], events[-1].data["code"])
        self.assertEqual(run["last_seq"], events[-1].seq)
        answer = client.messages(interaction)[-1]
        self.assertEqual((answer["role"], answer["status"]), ("assistant", "partial"))
        self.assertEqual(answer["content"], [{"type": "text", "text": text}] if text else [])

    def assert_conversation_fails(self, client, text):
        events = client.converse("hello").rest()
        self.assertEqual(events[-1].data["type"], "error")
        self.assertNotIn("complete", [event.data["type"] for event in events])
        self.assertEqual(tokens_of(events), text)
        self.assert_leaks_nothing(events[-1].text)

    def assert_next_turn_works(self, client, interaction, recovers):
        self.upstream.answer = says("fine")
        recovers(self.upstream)
        events = client.run(interaction, "and now?").rest()
        self.assertEqual(events[-1].name, "run.completed", events[-1])
        roles = [message["role"] for message in self.upstream.requests[-1]["messages"]]
        self.assertTrue(all(a != b for a, b in zip(roles, roles[1:])), roles)

    def assert_each_fails(self, rows):
        """Rows of name, answer, code, recoverable and the text that is kept."""
        for name, answer, code, recoverable, text in rows:
            with self.subTest(name):
                self.assert_fails(code, recoverable, text, answer)

    def assert_each_is_whole(self, rows, text="all of it"):
        for name, answer in rows:
            with self.subTest(name):
                self.upstream.answer = answer
                events = self.client.run(self.client.interaction(), "hello").rest()

                self.assertEqual(events[-1].name, "run.completed", events[-1])
                self.assertEqual(text_of(events), text)
                self.upstream.settled()
