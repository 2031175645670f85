"""providers/openai beside an OpenAI-compatible server that others have written: npm's aimock."""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from harness import Server, demo_config, eventually, text_of
from programs import NODE

ANSWER = "Streamed by others: naïve café, \"quotes\", 你好 🙂 and a\nsecond line."
FIXTURES = {"fixtures": [
    {"match": {"userMessage": "hello"}, "response": {"content": ANSWER}},
    {"match": {"userMessage": "fail"},
     "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429}}]}


def node_version():
    text = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in text.strip().lstrip("v").split("."))


def aimock():
    for folder in os.environ.get("NODE_PATH", "").split(":"):
        script = pathlib.Path(folder, "@copilotkit/aimock/dist/cli.js")
        if script.exists():
            return script
    return None


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def accepts(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@unittest.skipIf(aimock() is None or node_version() < (20, 15), "aimock needs Node.js 20.15")
class ForeignUpstreamTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        pathlib.Path(folder.name, "fixtures.json").write_text(json.dumps(FIXTURES))
        port = free_port()
        upstream = subprocess.Popen([NODE, aimock(), "-p", str(port), "-f", folder.name],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(upstream.wait)
        self.addCleanup(upstream.kill)
        eventually(lambda: accepts(port), "the upstream listens")
        config = demo_config()
        config["plugins"]["foreign"] = {
            "library": "patchbay_provider_openai",
            "config": {"base_url": f"http://127.0.0.1:{port}/v1", "api_key": "any"}}
        config["models"]["default"] = "foreign/gpt-4o"
        self.server = Server(config).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client(self.server.key())

    def test_its_answer_arrives_whole_turn_after_turn(self):
        interaction = self.client.interaction()
        for _ in range(2):
            events = self.client.run(interaction, "hello").rest()

            self.assertEqual(events[-1].name, "run.completed", events[-1])
            self.assertEqual(text_of(events), ANSWER)
            completed = next(e for e in events if e.name == "message.completed")
            self.assertEqual(completed.data["finish_reason"], "stop")

    def test_its_error_ends_the_run_as_failed(self):
        for message, code in (("fail", "rate_limited"), ("what no fixture knows", "upstream")):
            with self.subTest(message):
                events = self.client.run(self.client.interaction(), message).rest()

                self.assertEqual((events[-1].name, events[-1].data["code"]), ("run.failed", code))


if __name__ == "__main__":
    unittest.main()
