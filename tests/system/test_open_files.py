"""No file descriptor is left: clear errors, no busy loop, and all goes on when there are some again."""

import json
import os
import resource
import subprocess
import time
import unittest

from fake_upstream import FakeUpstream, config, says
from harness import BINARY, WAIT, ServerTest, eventually


class KeptConnection:
    """A client's connection that is open already, for one request after the other."""

    def __init__(self, client):
        self.client = client
        self.stream = client.stream("GET", "/livez")
        self.stream.body()

    def request(self, method, path, body=None):
        stream = self.stream
        stream.sock.sendall(self.client.bytes(method, path, body))
        stream.raw, stream.text, stream.ended = b"", b"", False
        stream.status, stream.headers = stream._head()
        return stream

    def answer(self, method, path, body=None):
        """Status, and the body where it is JSON."""
        stream = self.request(method, path, body)
        json_body = stream.headers.get("content-type", "").startswith("application/json")
        data = stream.body()
        return stream.status, json.loads(data) if json_body else data


class OpenFileTest(ServerTest):
    def setUp(self):
        self.upstream = FakeUpstream(says("Hello from upstream"))
        self.addCleanup(self.upstream.close)
        self.upstream.url = self.upstream.url.replace("127.0.0.1", "localhost")  # is looked up
        type(self).config = config(self.upstream)
        super().setUp()
        self.kept = KeptConnection(self.client)
        self.admin = KeptConnection(self.server.client())
        self.interaction = self.client.interaction()
        self.client.run(self.interaction, "hello").rest()  # the upstream closes its connection

    def open_files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def limit_files(self, count):
        hard = resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (count, hard))

    def exhaust(self):
        """Only what is open stays: descriptors 0, 1 and 2 are never closed."""
        self.limit_files(3)

    def processor_seconds(self):
        with open(f"/proc/{self.server.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_who_connects_waits_without_a_busy_loop_and_is_served_later(self):
        self.exhaust()
        waiting = [self.client.send("GET", "/livez") for _ in range(20)]
        used, since = self.processor_seconds(), time.monotonic()
        while time.monotonic() < since + 1:  # the time in which a busy loop would take all of it
            self.assertEqual(self.kept.answer("GET", "/livez"), (200, b"ok\n"))
            time.sleep(0.05)
        used = self.processor_seconds() - used
        for sock in waiting:
            sock.setblocking(False)
            self.assertRaises(BlockingIOError, sock.recv, 1)

        self.limit_files(4096)

        self.assertLess(used, 0.5)
        for sock in waiting:
            sock.settimeout(30)
            self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 200 "))
            sock.close()

    def test_a_run_whose_upstream_cannot_be_reached_fails_with_the_reason_and_the_next_one_works(self):
        self.exhaust()
        run = self.kept.request("POST", f"/api/interactions/{self.interaction}/runs",
                                {"message": "again"})
        events = run.rest() if run.status == 200 else []
        if events:
            self.assertEqual(events[-1].name, "run.failed")
            self.assertIn("Too many open files", self.server.read_log())
        else:
            self.assertEqual((run.status, json.loads(run.body())["code"]), (503, "storage"))

        self.limit_files(4096)

        again = self.client.run(self.interaction, "and again").rest()
        self.assertEqual(again[-1].name, "run.completed")
        log = self.client.events(self.interaction).rest()
        self.assertEqual([event.seq for event in log], list(range(1, len(log) + 1)))

    def test_streams_that_run_go_on_and_what_needs_a_file_is_an_error(self):
        words = {"words": 200, "token_delay_ms": 5}
        live = self.client.run(self.client.interaction(), "hello", model="demo/demo", options=words)
        live.until(lambda event: event.name == "delta")
        before = self.open_files()
        self.exhaust()
        own = f"/api/interactions/{self.interaction}"
        answers = [self.kept.answer("GET", path)
                   for path in ("/api/interactions", f"{own}/messages", f"{own}/events?after=0")]
        backup = {"path": str(self.server.data / "backup.db")}
        answers.append(self.admin.answer("POST", "/api/admin/backup", backup))

        self.assertEqual(live.rest()[-1].name, "run.completed")
        self.assertLessEqual({status for status, _ in answers}, {200, 503})
        self.assertEqual(answers[-1][0], 503)
        self.assertIn("Too many open files", answers[-1][1]["error"])
        self.limit_files(4096)
        self.assertEqual(self.kept.answer("GET", "/api/interactions")[0], 200)
        eventually(lambda: self.open_files() <= before, "no descriptor has leaked")

    def test_a_limit_that_is_too_low_to_start_with_is_a_sentence(self):
        self.server.stop()

        done = subprocess.run([BINARY, "serve", "--config", self.server.config, "--data-dir",
                               self.server.data], preexec_fn=lambda: set_limit(100),
                              capture_output=True, text=True, timeout=WAIT)

        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"may open 100 files only: raise the limit to \d+ or more")


def set_limit(count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


if __name__ == "__main__":
    unittest.main()
