"""A crowd of connections, held by a process of its own: a process may open so many files only.

As a program: python3 crowd.py PORT COUNT SOURCE, which prints what became of them, as JSON, holds
those that were kept, and leaves with a RST from each when its standard input ends.
"""

import contextlib
import json
import pathlib
import resource
import select
import socket
import struct
import subprocess
import sys
import threading

from harness import SLOW, WAIT, Client, Stream

RESET = struct.pack("ii", 1, 0)  # of SO_LINGER


def allow_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def open_many(port, count, data=b"", source="127.0.0.1"):
    """Connections that have sent `data`."""
    allow_files()
    made = []
    for _ in range(count):
        sock = socket.create_connection(("127.0.0.1", port), WAIT, source_address=(source, 0))
        if data:
            sock.sendall(data)
        made.append(sock)
    return made


def leave(socks, reset=True):
    for sock in socks:
        if reset:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sock.close()


def endings(socks, limit=WAIT):
    """What each has received when the other side ended it, as its status; "closed" without a word.
    Those that still wait when nothing has happened for `limit` seconds are left out."""
    found, poll = {}, select.poll()
    for sock in socks:
        poll.register(sock, select.POLLIN)
    by_fd = {sock.fileno(): sock for sock in socks}
    heads = dict.fromkeys(by_fd, b"")
    while by_fd and (ready := poll.poll(limit * 1000)):
        for fd, _ in ready:
            try:
                data = by_fd[fd].recv(65536)
            except OSError:
                data = b""
            heads[fd] += data
            if not data:
                status = heads[fd].split(b" ")[1].decode() if heads[fd] else "closed"
                found[status] = found.get(status, 0) + 1
                poll.unregister(fd)
                del by_fd[fd]
    return found


class Crowd:
    """crowd.py as a process."""

    def __init__(self, port, count, source):
        self.process = subprocess.Popen(
            [sys.executable, "-B", pathlib.Path(__file__), str(port), str(count), source],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def result(self):
        return json.loads(self.process.stdout.readline())

    def leave(self):
        self.process.stdin.close()
        self.process.wait(WAIT)
        self.process.stdout.close()


class NormalRequests:
    """What others do meanwhile: short requests on a kept connection and on new ones, and answers of
    a model. `with` runs them beside an attack, and fails when one of them fails or none was made."""

    def __init__(self, server, new_connections=True):
        self.client = Client(server.port, server.key(name="normal"))
        self.new_connections = new_connections
        self.made, self.failure = 0, None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.kept = self.client.stream("GET", "/livez")
        self.kept.body()
        self.thread.start()
        return self

    def __exit__(self, failed, *_):
        self.ended.set()
        self.thread.join()
        self.kept.close()
        if failed is None:
            if self.failure:
                raise self.failure
            assert self.made > 0, "no normal request was made"

    def _run(self):
        try:
            while not self.ended.is_set() or not self.made:
                self._ask()
                self.made += 1
        except Exception as failure:  # told by the thread that waits
            self.failure = AssertionError(f"after {self.made} normal requests: {failure!r}")

    def _ask(self):
        self.kept.sock.sendall(self.client.bytes("GET", "/api/interactions?limit=1"))
        self.kept = Stream(self.kept.sock)
        self.kept.body()
        assert self.kept.status == 200, self.kept.status
        if self.new_connections:
            assert self.client.get("/livez").status == 200
            events = self.client.converse("hello").rest()
            assert events[-1].data["type"] == "complete", events[-1]


def hold(port, count, source):
    allow_files()
    kept, refused, closed = [], 0, 0
    for _ in range(count):
        try:
            kept.append(socket.create_connection(("127.0.0.1", port), WAIT,
                                                 source_address=(source, 0)))
        except OSError:
            closed += 1
    ended = endings(kept, 2 * SLOW)  # until nothing has happened for so many seconds
    refused = ended.get("503", 0)
    closed += sum(ended.values()) - refused
    print(json.dumps({"kept": count - refused - closed, "refused": refused, "closed": closed,
                      "other": sorted(set(ended) - {"503", "closed"})}), flush=True)
    sys.stdin.read()
    leave(kept)


if __name__ == "__main__":
    hold(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
