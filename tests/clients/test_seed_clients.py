"""The clients of the streaming API's guide work unchanged."""

import ast
import json
import sys
import unittest

import seed_document
from harness import Client, ServerTest, demo_config
from programs import HERE, NODE, PYTHON, answer_of, base_url, conversations, run

UNREACHABLE = "http://127.0.0.1:1/v1"  # nobody may listen on port 1


def setUpModule():
    if not seed_document.DOCUMENT.exists():
        reason = f"{seed_document.NAME} is not beside this checkout"
        print(f"skipped: {reason}", file=sys.stderr)
        raise unittest.SkipTest(reason)


def failing_config():
    """The model's upstream is not there."""
    openai = {"library": "patchbay_provider_openai",
              "config": {"base_url": UNREACHABLE, "models": [{"id": "gone"}]}}
    config = demo_config(models={"default": "openai/gone"})
    config["plugins"]["openai"] = openai
    return config


class SeedClientTest(ServerTest):
    config = demo_config()

    def setUp(self):
        super().setUp()
        self.key = self.server.key(name="guide")
        self.client = self.server.client(self.key)

    def program(self, name, text):
        path = self.server.folder / name
        path.write_text(text)
        return path

    def only_answer(self):
        talks = conversations(self.client)
        self.assertEqual([len(messages) for messages in talks], [2])
        return answer_of(talks[0])


class JavaScriptTest(SeedClientTest):
    def converse(self, server, key):
        text = seed_document.client("JavaScript/TypeScript Client", "javascript")
        text = seed_document.replaced(text, base_url(server), key)
        return run(NODE, "--require", HERE / "stubs/dom.js", self.program("client.js", text))

    def shown(self, done):
        return done.stdout.splitlines()[-1].removeprefix("SHOWN ")

    def test_it_shows_the_answer_as_one_message(self):
        done = self.converse(self.server, self.key)

        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Metadata: {", done.stdout)
        self.assertIn("Complete: {", done.stdout)
        self.assertEqual(json.loads(self.shown(done)), [self.only_answer()])

    def test_it_shows_that_a_model_failed(self):
        server = self.serve(failing_config())

        done = self.converse(server, server.key())

        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"^Error: \S")
        self.assertNotIn("Complete:", done.stdout)

    def test_it_throws_the_status_when_the_key_is_no_key(self):
        done = self.converse(self.server, "wrong")

        self.assertNotEqual(done.returncode, 0)
        self.assertIn("HTTP error! status: 401", done.stderr)


class PythonTest(SeedClientTest):
    def converse(self, server, key=None):
        text = seed_document.client("Python Client", "python")
        text = seed_document.replaced(text, base_url(server), key)
        return run(PYTHON, "-B", self.program("client.py", text))

    def check(self, done, answer):
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text, complete = done.stdout.split("\n\nComplete: ")
        self.assertEqual(text, answer)
        self.assertEqual(ast.literal_eval(complete.strip())["content"], answer)

    def test_it_prints_the_answer_as_it_comes(self):
        done = self.converse(self.server, self.key)

        self.check(done, self.only_answer())

    def test_without_a_token_it_works_where_anybody_may_come_in(self):
        server = self.serve(demo_config(anonymous="allow"))

        done = self.converse(server)

        self.check(done, answer_of(conversations(Client(server.port, None))[0]))

    def test_it_prints_that_a_model_failed(self):
        server = self.serve(failing_config())

        done = self.converse(server, server.key())

        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^\nError: \S")


class ReactNativeTest(SeedClientTest):
    # The document shows a class and no call of it.
    call = """
const service = new StudyGuruStreamingService("http://localhost:8000", "your-jwt-token");
const found = { tokens: "", complete: null as any, error: null as string | null };
const print = () => console.log(JSON.stringify(found));
service.streamConversation(
  "What is 2+2?",
  (token) => { found.tokens += token; },
  (data) => { found.complete = data; print(); },
  (error) => { found.error = error; print(); }
);
"""

    def converse(self, server, key):
        text = seed_document.client("React Native Client", "typescript") + self.call
        text = seed_document.replaced(text, base_url(server), key)
        done = run(NODE, HERE / "stubs/typescript_program.js", self.program("client.ts", text))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 1, lines)  # told one end, and once
        return json.loads(lines[0])

    def test_it_hands_on_every_token_and_the_end(self):
        found = self.converse(self.server, self.key)

        answer = self.only_answer()
        self.assertEqual(found["tokens"], answer)
        self.assertEqual(found["complete"]["content"], answer)
        self.assertIsNone(found["error"])

    def test_it_hands_on_that_a_model_failed(self):
        server = self.serve(failing_config())

        found = self.converse(server, server.key())

        self.assertIsNone(found["complete"])
        self.assertNotIn(found["error"], [None, "", "Connection error"])

    def test_it_reports_a_connection_error_when_the_key_is_no_key(self):
        found = self.converse(self.server, "wrong")

        self.assertEqual(found["error"], "Connection error")


del SeedClientTest  # it has no tests of its own

if __name__ == "__main__":
    unittest.main()
