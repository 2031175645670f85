"""Starts the real binary on a free port with a folder of its own, and talks to it over real sockets.

Every wait has a limit (WAIT seconds), and waits for a condition, never for time to pass.
"""

import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

BUILD = pathlib.Path(os.environ.get("PATCHBAY_BUILD_DIR", "build/release"))
BINARY = BUILD / "bin" / "patchbay"
SLOW = int(os.environ.get("PATCHBAY_TEST_SLOWNESS", "1"))  # sanitizers are slow
WAIT = 30 * SLOW


def eventually(condition, what, limit=WAIT):
    """Waits until condition() is true; returns its value."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {limit} s: {what}")
        time.sleep(0.005)


def demo_config(**overrides):
    """A config with the demo provider; `demo` holds its own config."""
    demo = {"words": 40, "token_delay_ms": 2, "first_token_ms": 5}
    demo.update(overrides.pop("demo", {}))
    config = {
        "plugins": {
            "demo": {"library": "patchbay_provider_demo", "config": demo},
            "keys": {"library": "patchbay_auth_api_key"},
        },
        "auth": ["keys"],
        "models": {"default": "demo/demo"},
    }
    for name, value in overrides.items():
        if isinstance(value, dict) and isinstance(config.get(name), dict):
            config[name].update(value)
        else:
            config[name] = value
    return config


class Server:
    """One data folder and the server that runs on it; may be killed and started again."""

    def __init__(self, config=None, folder=None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="patchbay-test-"))
        self.data = self.folder / "data"
        self.config = self.folder / "patchbay.json"
        self.write_config(config or demo_config())
        self.process = None
        self.port = None
        self.log = self.folder / "log"

    def write_config(self, config):
        self.config.write_text(json.dumps(config))

    def start(self, expect_ready=True, env=None, file_bytes=None):
        """`file_bytes`: no file may grow beyond, as on a full disk; see free_disk()."""
        def limit_files():
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, hard))

        command = [BINARY, "serve", "--config", self.config, "--listen", "127.0.0.1:0",
                   "--data-dir", self.data]
        environment = dict(os.environ, **(env or {}))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                            cwd=self.folder, env=environment,
                                            preexec_fn=limit_files if file_bytes else None,
                                            restore_signals=False)  # SIGXFSZ stays ignored
        if expect_ready:
            self.port = int(self._ready_line().rsplit(":", 1)[1])
        return self

    def free_disk(self):
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def _ready_line(self):
        timer = threading.Timer(WAIT, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().decode().strip()
        timer.cancel()
        if not line.startswith("patchbay listening on "):
            self.process.wait(WAIT)
            raise AssertionError(f"no ready line but {line!r}; log:\n{self.read_log()}")
        return line

    def read_log(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self):
        """kill -9, as a power switch would."""
        self.process.kill()
        self.process.wait(WAIT)
        self.process.stdout.close()

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT)
        self.process.stdout.close()
        return code

    def close(self):
        if self.process and self.process.poll() is None:
            code = self.stop()
            if code != 0:
                raise AssertionError(f"exit code {code}; log:\n{self.read_log()[-8000:]}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *arguments, check=True):
        """One of the other commands, on this server's data folder."""
        done = subprocess.run([BINARY, *arguments, "--data-dir", self.data], cwd=self.folder,
                              capture_output=True, text=True, timeout=WAIT)
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def key(self, role="user", name="alice", user=None):
        extra = ["--user", user] if user else []
        return self.run("key", "create", "--role", role, "--name", name, *extra).stdout.strip()

    def admin_key(self):
        return (self.data / "admin.key").read_text().strip()

    def client(self, key=None):
        return Client(self.port, key or self.admin_key())

    def metrics(self):
        """The server's counters, as numbers by name."""
        text = self.client().get("/api/metrics").body.decode()
        lines = [line.split(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Event:
    """One event of an event stream."""

    def __init__(self, name, id, data):
        self.name, self.id, self.text = name, id, data

    @property
    def data(self):
        return json.loads(self.text)

    @property
    def seq(self):
        return int(self.id.rsplit(":", 1)[-1])

    def __repr__(self):
        return f"Event({self.name!r}, {self.id!r}, {self.text[:120]!r})"


class Cut(Exception):
    """The stream ended without its final chunk."""


class Stream:
    """An answer being read: head, then events as they come."""

    def __init__(self, sock, raw=b""):
        self.sock = sock
        self.raw = raw           # bytes of the connection, not decoded yet
        self.text = b""          # bytes of the body, not parsed yet
        self.ended = False       # the final chunk was seen
        self.comments = 0
        self.status, self.headers = self._head()
        self.ended = self.status == 204  # nothing is to be shown: there is no body

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Cut()
        self.raw += data

    def _head(self):
        while b"\r\n\r\n" not in self.raw:
            self._more()
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(lines[0].split(" ")[1]), headers

    def body(self):
        """The rest of an answer that is no stream."""
        if "content-length" in self.headers:
            length = int(self.headers["content-length"])
            while len(self.raw) < length:
                self._more()
            body, self.raw = self.raw[:length], self.raw[length:]
            return body
        if self.headers.get("transfer-encoding") == "chunked":
            while not self.ended:
                self._chunk()
            return self.text
        return b""

    def _chunk(self):
        while b"\r\n" not in self.raw:
            self._more()
        size_text, rest = self.raw.split(b"\r\n", 1)
        size = int(size_text, 16)
        while len(self.raw) < len(size_text) + 2 + size + 2:
            self._more()
        start = len(size_text) + 2
        self.text += self.raw[start:start + size]
        self.raw = self.raw[start + size + 2:]
        self.ended = size == 0

    def next(self):
        """The next event; None at the proper end; Cut when it broke."""
        while True:
            while b"\n\n" not in self.text:
                if self.ended:
                    return None
                self._chunk()
            block, self.text = self.text.split(b"\n\n", 1)
            event = self._parse(block.decode())
            if event is not None:
                return event

    def _parse(self, block):
        name, id, data = None, None, []
        for line in block.split("\n"):
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("id: "):
                id = line[4:]
            elif line.startswith("data: "):
                data.append(line[6:])
        return Event(name, id, "\n".join(data)) if data else None

    def take(self, count):
        return [self.next() for _ in range(count)]

    def rest(self):
        """Every event up to the proper end."""
        events = []
        while (event := self.next()) is not None:
            events.append(event)
        return events

    def rest_or_cut(self):
        """Every event up to the proper end, or to the cut."""
        events = []
        try:
            while (event := self.next()) is not None:
                events.append(event)
        except (Cut, OSError):
            pass
        return events

    def until(self, condition):
        events = []
        while True:
            event = self.next()
            if event is None:
                raise AssertionError(f"the stream ended first: {events[-3:]}")
            events.append(event)
            if condition(event):
                return events

    def close(self):
        self.sock.close()

    def reset(self):
        """Leaves with a RST, as a lost network does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Client:
    def __init__(self, port, key, timeout=WAIT):
        self.port, self.key, self.timeout = port, key, timeout

    def send(self, method, path, body=None, headers=None, receive_buffer=None):
        return self.send_bytes(self.bytes(method, path, body, headers), receive_buffer)

    def send_bytes(self, data, receive_buffer=None):
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(self.timeout)
        sock.connect(("127.0.0.1", self.port))
        sock.sendall(data)
        return sock

    def bytes(self, method, path, body=None, headers=None):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = {"Host": "localhost", "Content-Length": str(len(data))}
        if self.key:
            lines["X-API-Key"] = self.key
        if data:
            lines["Content-Type"] = "application/json"
        lines.update(headers or {})
        head = f"{method} {path} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return head.encode() + b"\r\n" + data

    def stream(self, method, path, body=None, headers=None, receive_buffer=None):
        return Stream(self.send(method, path, body, headers, receive_buffer))

    def request(self, method, path, body=None, headers=None):
        stream = self.stream(method, path, body, headers)
        with stream.sock:
            return Response(stream.status, stream.headers, stream.body())

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, path, body=None, headers=None):
        return self.request("POST", path, {} if body is None else body, headers)

    # ---- what most tests do ----

    def converse(self, message, interaction=None, headers=None, **fields):
        """POST stream-conversation; returns the stream."""
        body = {"message": message, **fields}
        if interaction:
            body["interaction_id"] = interaction
        return self.stream("POST", "/api/stream/stream-conversation", body, headers)

    def interaction(self, **fields):
        answer = self.post("/api/interactions", fields)
        assert answer.status == 201, answer.body
        return answer.json()["id"]

    def run(self, interaction, message, headers=None, **fields):
        """POST runs on the native surface; returns the stream."""
        return self.stream("POST", f"/api/interactions/{interaction}/runs",
                           {"message": message, **fields}, headers)

    def events(self, interaction, after=0, **query):
        extra = "".join(f"&{name}={value}" for name, value in query.items())
        return self.stream("GET", f"/api/interactions/{interaction}/events?after={after}{extra}")

    def wait_for_run(self, run):
        """The run, once it has ended."""
        answer = self.get(f"/api/runs/{run}?wait_ms={min(60, WAIT) * 1000}")
        assert answer.status == 200, answer.body
        return answer.json()

    def messages(self, interaction):
        items, page = [], ""
        while page is not None:
            answer = self.get(f"/api/interactions/{interaction}/messages?limit=200"
                              + (f"&page={page}" if page else "")).json()
            items += answer["items"]
            page = answer["next"]
        return items


def text_of(events):
    """The answer that native events show, superseded text left out."""
    text, taken_back = {}, []
    for event in events:
        if event.name == "delta" and event.data["channel"] == "answer":
            text[event.seq] = event.data["text"]
        elif event.name == "attempt.superseded":
            taken_back.append((event.data["from_seq"], event.data["to_seq"]))
    return "".join(part for seq, part in sorted(text.items())
                   if not any(low <= seq <= high for low, high in taken_back))


def tokens_of(events):
    """The answer that stream-conversation's tokens show."""
    return "".join(event.data["content"] for event in events if event.data["type"] == "token")


class ServerTest(unittest.TestCase):
    """A test with a running server: self.server, self.client (a user's), and serve(config)."""

    config = None

    def setUp(self):
        self.server = Server(self.config).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client(self.server.key())

    def serve(self, config):
        server = Server(config).start()
        self.addCleanup(server.close)
        return server
