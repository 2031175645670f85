"""What other people's streams feel while a plugin misbehaves.

Paced streams of another provider run all the time; their tokens bear the moment at which they were
sent. Quiet and hostile spells take turns: in the latter somebody asks the hostile plugin, over and
over, always in one conversation, so that one lane is the hostile one. A plugin that blocks its lane
holds up the streams on it: those are shown apart, and the budget is about the others. The rows
`nothing` and `says much` ask plugins without a fault, at the same pace; the latter says as much as one
that ignores PAUSE is allowed to. Beside the streams somebody else lists his
conversations: whoever comes anew must not wait at the door for a lane that is held.
"""

import json
import multiprocessing
import pathlib
import selectors
import socket
import statistics
import threading
import time
import urllib.parse
import urllib.request

import systems
from report import Row, percentile, spread

STREAMS = 32
RATE = 20      # tokens a second, of each
ASKED = 10     # times a second
NEWCOMERS = 50  # new requests a second
PATIENCE = 0.08  # seconds of an answer that the asker waits for: some never end
FAULTLESS = ("nothing", "says_much")
BLOCKING = ("blocks_lane", "blocks_lane_long")
# What answers in silence, or ends itself at once, has nothing that could disturb anybody.
PLUGINS = (*FAULTLESS, "throws", "finishes_twice", "emits_after_finish", "foreign_thread",
           "dead_handle", "invalid_utf8", "broken_json", "never_finishes", "ignores_cancel",
           "ignores_pause", *BLOCKING)


def request(system, body, **headers):
    fields = {"Host": "bench", "X-API-Key": system.key, "Content-Type": "application/json",
              "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /api/stream/stream-conversation HTTP/1.1\r\n{head}\r\n{body}".encode()


def connect(system):
    address = urllib.parse.urlsplit(system.base)
    return socket.create_connection((address.hostname, address.port), 5)


# The hostile plugin's asker: a process of its own ------------------------------------------------

def ask_for_ever(system, model, interaction):
    body = json.dumps({"message": "go", "model": f"{model}/relentless",
                       "interaction_id": interaction})
    data = request(system, body, **{"X-Patchbay-On-Disconnect": "cancel",
                                    "X-Patchbay-On-Conflict": "interrupt", "Connection": "close"})
    while True:
        due = time.monotonic() + 1 / ASKED
        with connect(system) as sock:
            sock.settimeout(PATIENCE)
            sock.sendall(data)
            try:
                while sock.recv(65536):
                    pass
            except OSError:
                pass
        time.sleep(max(0, due - time.monotonic()))


def make_interaction(system):
    """A conversation, and the lane that answers it."""
    with connect(system) as sock:
        sock.sendall(request(system, '{"message": "go"}'))
        made = head_of(sock)["x-interaction-id"]
        return made, lanes(system)[made]


# The streams that are watched --------------------------------------------------------------------

def head_of(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(4096)
    head = data.split(b"\r\n\r\n")[0].decode()
    if " 200 " not in head.split("\r\n")[0]:
        raise SystemExit(f"bench: a stream was refused: {head}")
    lines = (line.split(": ", 1) for line in head.split("\r\n")[1:])
    return {name.lower(): value for name, value in lines}


def lanes(system):
    """The lane of each conversation that is answered now."""
    asked = urllib.request.Request(system.base + "/api/admin/streams",
                                   headers={"X-API-Key": system.admin_key})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return {item["interaction_id"]: item["lane"] for item in json.load(answer)["items"]}


class Watched:
    """Paced streams, and how long their tokens are on their way."""

    def __init__(self, system):
        self.selector = selectors.DefaultSelector()
        interactions = []
        for _ in range(STREAMS):
            sock = connect(system)
            sock.sendall(request(system, '{"message": "go"}'))
            interactions.append((sock, head_of(sock)["x-interaction-id"]))
            time.sleep(1 / RATE / STREAMS)  # their tokens come spread over the time
        lane_of = lanes(system)
        for sock, interaction in interactions:
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_READ, lane_of[interaction])

    def spell(self, seconds):
        """{lane: milliseconds of each token}"""
        times, end = {}, time.monotonic() + seconds
        while time.monotonic() < end:
            for key, _ in self.selector.select(0.05):
                data = key.fileobj.recv(65536)
                if not data:
                    raise SystemExit("bench: a watched stream has ended")
                now = time.monotonic_ns() / 1000
                for token in data.split(b"~")[1:]:
                    way = (now - int(token[:12], 16)) / 1000
                    times.setdefault(key.data, []).append(way)
        return times

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()


class Newcomer(threading.Thread):
    """Somebody's new requests, each on a connection of its own, and how long they take."""

    def __init__(self, system):
        super().__init__(daemon=True)
        self.system, self.took, self.stopped = system, [], False

    def run(self):
        data = (f"GET /api/interactions HTTP/1.1\r\nHost: bench\r\nX-API-Key: {self.system.key}\r\n"
                "Connection: close\r\n\r\n").encode()
        while not self.stopped:
            began = time.monotonic()
            with connect(self.system) as sock:
                sock.sendall(data)
                sock.recv(4096)
            self.took.append((time.monotonic() - began) * 1000)
            time.sleep(1 / NEWCOMERS)

    def spell(self):
        """Milliseconds of each request since the last spell."""
        taken, self.took = self.took, []
        return taken


# Rows --------------------------------------------------------------------------------------------

def measure(system, name, turns, seconds):
    """[(quiet, hostile)] of the hostile lane's streams, of the others', and of new requests: p99s in
    ms."""
    interaction, lane = make_interaction(system)
    watched, same, others, new = Watched(system), [], [], []
    newcomer = Newcomer(system)
    newcomer.start()

    def p99s():
        newcomer.spell()
        times = watched.spell(seconds)
        apart = [way for each, ways in times.items() if each != lane for way in ways]
        return (percentile(times[lane], 0.99), percentile(apart, 0.99),
                percentile(newcomer.spell(), 0.99))

    for _ in range(turns):
        watched.spell(1)
        quiet = p99s()
        asker = multiprocessing.Process(target=ask_for_ever, args=(system, name, interaction),
                                        daemon=True)
        asker.start()
        watched.spell(0.5)
        hostile = p99s()
        asker.kill()
        asker.join()
        same.append((quiet[0], hostile[0]))
        others.append((quiet[1], hostile[1]))
        new.append((quiet[2], hostile[2]))
    newcomer.stopped = True
    newcomer.join()
    watched.close()
    return same, others, new


def row(what, pairs, must):
    ratios = [hostile / quiet for quiet, hostile in pairs]
    return Row(what, statistics.median(ratios), "×", must,
               detail=f"{spread(ratios)}; {spread([quiet for quiet, _ in pairs])} → "
                      f"{spread([hostile for _, hostile in pairs], 'ms')}")


def rows(tools, turns, seconds):
    folder = pathlib.Path(tools.bin).parent / "tests" / "faulty_plugins"
    more = {name: {"library": str(folder / f"faulty_{name}.so")} for name in PLUGINS}
    made = []
    tokens = int(RATE * (3 * seconds * turns + 60))
    for name in PLUGINS:
        with systems.fake_upstream(tools, tokens, 1000 // RATE) as upstream, \
                systems.governed(upstream.url, tools, more) as system:
            system.admin_key = systems.create_key(tools, system.data, "admin")
            same, others, new = measure(system, name, turns, seconds)
        what = f"p99 of others' tokens beside a plugin: {name.replace('_', ' ')}"
        apart = name in BLOCKING
        made.append(row(what, others if apart else [
            (max(a[0], b[0]), max(a[1], b[1])) for a, b in zip(same, others)],
            None if name in FAULTLESS else 2))
        if apart:
            made.append(row(what + ", on its lane", same, None))
        made.append(row(f"p99 of new requests beside a plugin: {name.replace('_', ' ')}", new,
                        None if name in FAULTLESS else 2))
    return made
