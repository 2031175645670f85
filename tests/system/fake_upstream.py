"""An upstream that speaks OpenAI's chat completions, and misbehaves on request.

Every connection has a thread. What a request is answered with is a function of the connection; the
functions below make the usual ones. An answer of which nothing more comes holds its connection until
the other side leaves, so that a test can see that it did: `settled` waits for that. The upstream
counts the bytes that it could send.
"""

import json
import socket
import struct
import threading

from harness import WAIT, demo_config, eventually


def config(upstream, plugin=None, **overrides):
    """A server's config whose only model is the upstream's."""
    plugin = {"base_url": upstream.url, "models": ["fake"], **(plugin or {})}
    made = demo_config(**overrides)
    made["plugins"]["upstream"] = {"library": "patchbay_provider_openai", "config": plugin}
    made["models"] = {"default": "upstream/fake"}
    return made


def chunk(content=None, finish_reason=None, **delta):
    """One chat.completion.chunk, as an event."""
    if content is not None:
        delta["content"] = content
    data = {"id": "c1", "object": "chat.completion.chunk", "model": "fake",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}
    return event(data)


def event(data):
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def usage(prompt, completion):
    return event({"id": "c1", "object": "chat.completion.chunk", "choices": [],
                  "usage": {"prompt_tokens": prompt, "completion_tokens": completion}})


DONE = b"data: [DONE]\n\n"


class Connection:
    """One request that the upstream got, and the way to answer it."""

    def __init__(self, upstream, sock, head, body):
        self.upstream, self.sock = upstream, sock
        self.head = head
        self.body = json.loads(body) if body else None
        self.left = threading.Event()  # the other side has closed
        self.keep = False              # the connection takes a next request when this is answered

    def header(self, name):
        for line in self.head.split("\r\n")[1:]:
            key, value = line.split(":", 1)
            if key.lower() == name.lower():
                return value.strip()
        return None

    def send(self, data):
        self.sock.sendall(data)
        self.upstream.sent += len(data)

    def begin(self):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n")

    def piece(self, data):
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def finish(self):
        self.send(b"0\r\n\r\n")

    def wait_until_left(self):
        try:
            while self.sock.recv(4096):
                pass
        except OSError:
            pass
        self.left.set()


    def chunked(self, *pieces):
        """A body's beginning, a text being a chunk of content."""
        self.begin()
        for piece in pieces:
            self.piece(chunk(piece) if isinstance(piece, str) else piece)


# ---- answers ----

def answers(*pieces):
    """A stream that ends properly; a text becomes a chunk of content."""
    def answer(connection):
        connection.chunked(*pieces)
        connection.finish()
    return answer


def says(text, *more):
    """A whole and proper answer; `more` comes before [DONE]."""
    words = [word + " " for word in text.split(" ")]
    return answers(*words, chunk(finish_reason="stop"), *more, DONE)


def cut(*pieces, reset_after=None):
    """A stream that breaks in the middle of a chunk; by a reset, once the given event has come."""
    def answer(connection):
        connection.chunked(*pieces)
        connection.send(b"ff\r\ndata: {")
        if reset_after:
            reset_after.wait(WAIT)
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            raise ConnectionResetError
    return answer


def error(status, body, **headers):
    def answer(connection):
        data = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} Error\r\nContent-Type: application/json\r\n"
        head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        connection.send(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
    return answer


def holds(*pieces):
    """A stream that begins and then says nothing until the other side leaves."""
    def answer(connection):
        connection.chunked(*pieces)
        connection.wait_until_left()
    return answer


def sends(data, hold=False):
    """These bytes as they are, with head and framing; then closes, or holds the connection."""
    def answer(connection):
        connection.send(data)
        if hold:
            connection.wait_until_left()
    return answer


def floods(beginning, more):
    """`beginning`, and `more` again and again until the other side leaves."""
    def answer(connection):
        connection.send(beginning)
        while not connection.upstream.stopping:
            connection.send(more)
    return answer


def endless(text="All work and no play makes Jack a dull boy. "):
    """A stream as fast as the socket takes it, until the other side leaves."""
    def answer(connection):
        piece = chunk(text)
        connection.begin()
        try:
            while not connection.upstream.stopping:
                connection.piece(piece)
        except OSError:
            connection.left.set()
    return answer


class FakeUpstream:
    """`tls`: an ssl.SSLContext to serve with. `talk`: a function of the socket that stands in for
    the whole conversation, for what fails before a request is read."""

    def __init__(self, answer=says("Hello from upstream"), tls=None, talk=None, port=0):
        self.answer = answer
        self.tls, self.talk = tls, talk
        self.accepted = 0      # connections
        self.open = 0          # of them, those that neither side has closed yet
        self.lock = threading.Lock()
        self.connections = []  # in the order of their requests
        self.sent = 0          # bytes that sockets took, of all connections together
        self.stopping = False
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def requests(self):
        return [connection.body for connection in self.connections]

    def settled(self):
        """Waits until no connection is open."""
        eventually(lambda: self.open == 0, "the upstream's connections are closed")

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            sock.settimeout(WAIT * 2)
            with self.lock:
                self.accepted += 1
                self.open += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            with self.tls.wrap_socket(sock, server_side=True) if self.tls else sock as sock:
                if self.talk:
                    return self.talk(sock)
                keep = True
                while keep and (connection := self._read(sock)):
                    self.connections.append(connection)
                    self.answer(connection)
                    keep = connection.keep
                if self.tls and not keep:
                    sock.unwrap()  # TLS's own end
        except OSError:
            pass  # the other side left
        finally:
            sock.close()
            with self.lock:
                self.open -= 1

    def _read(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return None
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        connection = Connection(self, sock, head.decode("latin-1"), b"")
        length = int(connection.header("content-length") or 0)
        while len(body) < length:
            body += sock.recv(65536)
        connection.body = json.loads(body) if body else None
        return connection

    def close(self):
        self.stopping = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # else accept() takes one more
        except OSError:
            pass  # closed already
        self.listener.close()
