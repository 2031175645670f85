"""What normal requests feel while the server is attacked.

One client asks for its list of conversations (a key to check, SQL to read) on a kept connection and,
every tenth time, on a new one, at a steady pace. Quiet and attacked spells take turns, so that a
busy moment of the machine meets both; each attack is a process of its own, which takes its share of
the machine's processors too. The row `nothing` says what a ratio is worth on this machine just now.
"""

import contextlib
import multiprocessing
import socket
import statistics
import struct
import time
import urllib.parse

import machine
import systems
from report import Row, number, percentile, spread

HOST = "127.0.0.1"
HALF_A_HEAD = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_A_BODY = (b"POST /api/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{")
SMUGGLE = (b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
DEEP = b"POST /api/interactions HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Length: 100000\r\n\r\n" \
    + b"[" * 100_000
READ_NOTHING = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 1000
RESET = struct.pack("ii", 1, 0)
RATE = 400  # normal requests a second
BEYOND_THE_LIMIT = 10_500  # connections: a server with 20,000 open files takes 9,744


# Attacks: each runs in its own process until it is killed. `port`, `key`. ------------------------

def connect(port, source=HOST):
    return socket.create_connection((HOST, port), 5, source_address=(source, 0))


def hold(port, count, data, again_s):
    """Keeps `count` connections that have sent `data`; who is thrown out comes back at once."""
    held = []
    while True:
        for place in range(count):
            if place >= len(held):
                held.append(connect(port))
            else:
                held[place].close()
                held[place] = connect(port)
            held[place].sendall(data)
        time.sleep(again_s)


def nothing(port, key):
    """What the machine's own noise makes of the ratio."""
    time.sleep(3600)


def half_heads(port, key):
    hold(port, 2000, HALF_A_HEAD, 8)


def half_bodies(port, key):
    hold(port, 2000, HALF_A_BODY, 20)


def never_reading(port, key):
    held = []
    while True:
        for _ in range(200):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.connect((HOST, port))
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.send(READ_NOTHING)
            held.append(sock)
        time.sleep(20)
        for sock in held:
            sock.close()
        held.clear()


def too_many(port, key):
    """More connections than the server takes, and again and again one more."""
    held = []
    while True:
        with contextlib.suppress(OSError):
            held.append(connect(port, "127.0.0.2"))
            if len(held) > BEYOND_THE_LIMIT:  # the newest have their 503 already
                held.pop().close()
                time.sleep(0.005)


def at_a_pace(port, rate, data, read):
    """So many connections a second, which send `data`, perhaps read the answer, and reset."""
    due = time.monotonic()
    while True:
        with contextlib.suppress(OSError), connect(port) as sock:
            sock.sendall(data)
            if read:
                sock.recv(4096)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        due = max(due + 1 / rate, time.monotonic() - 0.1)
        time.sleep(max(0, due - time.monotonic()))


def resets(port, key):
    at_a_pace(port, 500, HALF_A_HEAD, False)


def smuggling(port, key):
    at_a_pace(port, 200, SMUGGLE, True)


def deep_json(port, key):
    at_a_pace(port, 50, DEEP % key.encode(), True)


ATTACKS = {attack.__name__: attack for attack in (
    nothing, half_heads, half_bodies, never_reading, too_many, resets, smuggling, deep_json)}


# Normal requests ---------------------------------------------------------------------------------

class Normal:
    def __init__(self, port, key):
        self.port = port
        self.request = (f"GET /api/interactions?limit=5 HTTP/1.1\r\nHost: x\r\n"
                        f"X-API-Key: {key}\r\n\r\n").encode()
        self.kept = connect(port)
        self.asked = self.refused = 0  # new connections

    def spell(self, seconds):
        """Milliseconds of each answer. A new connection that finds no place is counted instead."""
        times, end, turn = [], time.monotonic() + seconds, 0
        while (start := time.monotonic()) < end:
            turn += 1
            if turn % 10:
                ask(self.kept, self.request)
                times.append(time.monotonic() - start)
            else:
                self.asked += 1
                try:
                    with connect(self.port) as sock:
                        ask(sock, self.request)
                        times.append(time.monotonic() - start)
                except ConnectionError:
                    self.refused += 1
            time.sleep(max(0, start + 1 / RATE - time.monotonic()))
        return [1000 * each for each in times]


def ask(sock, request):
    sock.sendall(request)
    data = sock.recv(65536)
    if b" 503 " in data[:20]:
        raise ConnectionRefusedError
    if not data.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"a normal request failed: {data[:200]!r}")


# Rows --------------------------------------------------------------------------------------------

def measure(name, tools, turns, seconds):
    """Turns of quiet and attack against a server of its own: times in ms, and the memory in MiB."""
    quiet, attacked, memory = [], [], []
    with systems.fake_upstream(tools, 1, 1) as upstream, \
            systems.governed(upstream.url, tools) as system:
        port = urllib.parse.urlsplit(system.base).port
        normal = Normal(port, system.key)
        normal.spell(1)
        for _ in range(turns):
            quiet.append(normal.spell(seconds))
            attacker = multiprocessing.Process(target=ATTACKS[name], args=(port, system.key),
                                               daemon=True)
            attacker.start()
            time.sleep(3)  # the crowd gathers
            attacked.append(normal.spell(seconds))
            memory.append(machine.memory_kib(system.process.pid) / 1024)
            attacker.kill()
            attacker.join()
            time.sleep(2)  # and goes
    if normal.refused and name != "too_many":
        raise SystemExit(f"{name}: {normal.refused} normal requests were refused")
    if name == "too_many" and not normal.refused:
        raise SystemExit("too_many: the crowd did not reach the server's limit")
    return quiet, attacked, max(memory), normal


def row(name, tools, turns, seconds):
    quiet, attacked, memory, normal = measure(name, tools, turns, seconds)
    def p99s(spells):
        return [percentile(spell, 0.99) for spell in spells]
    ratios = [under / calm for under, calm in zip(p99s(attacked), p99s(quiet))]
    return Row(f"p99 of normal requests under attack: {name.replace('_', ' ')}",
               statistics.median(ratios), "×", None if name == "nothing" else 2,
               detail=f"{spread(ratios)}; {spread(p99s(quiet))} → {spread(p99s(attacked), 'ms')}; "
                      f"resident {number(memory, 'MiB')}; "
                      f"{normal.refused} of {normal.asked} new connections refused")


def rows(tools, runs, seconds=3):
    return [row(name, tools, runs, seconds) for name in ATTACKS]
