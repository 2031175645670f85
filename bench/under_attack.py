#!/usr/bin/env python3
"""What normal requests feel while the server is attacked: a measurement, which fails nobody.

One client asks for its list of conversations (a key to check, SQL to read) on a kept connection and,
every tenth time, on a new one, at a steady pace. Quiet and attacked spells take turns, so that a
busy moment of the machine meets both; each attack is a process of its own, which takes its share of
the machine's processors too. Prints p50 and p99 of both, the median of the turns' ratios and the
server's memory. The row `nothing` says what a ratio is worth on this machine just now.

    bench/under_attack.py --patchbay build/release/bin/patchbay
"""

import argparse
import contextlib
import json
import multiprocessing
import pathlib
import resource
import signal
import socket
import statistics
import struct
import subprocess
import tempfile
import time

HOST = "127.0.0.1"
HALF_A_HEAD = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_A_BODY = (b"POST /api/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{")
SMUGGLE = (b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
DEEP = b"POST /api/interactions HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Length: 100000\r\n\r\n" \
    + b"[" * 100_000
READ_NOTHING = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 1000
RESET = struct.pack("ii", 1, 0)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patchbay", default="build/release/bin/patchbay", metavar="BIN")
    parser.add_argument("--seconds", type=float, default=3, help="of a spell (default: %(default)s)")
    parser.add_argument("--turns", type=int, default=4, help="of each attack (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=400,
                        help="normal requests a second (default: %(default)s)")
    parser.add_argument("--attack", choices=ATTACKS, action="append", help="this one; may be repeated")
    parser.add_argument("--json", help="write all figures there")
    return parser.parse_args()


def allow_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


# Attacks: each runs in its own process until it is killed. `port`, `key`. ------------------------

def connect(port, source=HOST):
    return socket.create_connection((HOST, port), 5, source_address=(source, 0))


def hold(port, count, data, again_s):
    """Keeps `count` connections that have sent `data`; who is thrown out comes back at once."""
    allow_files()
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
    allow_files()
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
    """As many connections as the server takes, and then more and more of them."""
    allow_files()
    held = []
    while True:
        with contextlib.suppress(OSError):
            held.append(connect(port, "127.0.0.2"))
            if len(held) > 9_000:  # the newest have their 503 already
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
    def __init__(self, port, key, rate):
        self.port, self.rate = port, rate
        self.request = (f"GET /api/interactions?limit=5 HTTP/1.1\r\nHost: x\r\n"
                        f"X-API-Key: {key}\r\n\r\n").encode()
        self.kept = connect(port)

    def spell(self, seconds):
        """Milliseconds of each request; those refused for want of a place are left out."""
        times, end, turn = [], time.monotonic() + seconds, 0
        while (start := time.monotonic()) < end:
            turn += 1
            if turn % 10:
                ask(self.kept, self.request)
                times.append(time.monotonic() - start)
            else:
                with contextlib.suppress(ConnectionError), connect(self.port) as sock:
                    ask(sock, self.request)
                    times.append(time.monotonic() - start)
            time.sleep(max(0, start + 1 / self.rate - time.monotonic()))
        return [1000 * each for each in times]


def ask(sock, request):
    sock.sendall(request)
    data = sock.recv(65536)
    if b" 503 " in data[:20]:
        raise ConnectionRefusedError
    if not data.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"a normal request failed: {data[:200]!r}")


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


# The server --------------------------------------------------------------------------------------

@contextlib.contextmanager
def server(binary):
    with tempfile.TemporaryDirectory(prefix="patchbay-attack-", dir="/var/tmp") as folder:
        config = pathlib.Path(folder, "patchbay.json")
        config.write_text(json.dumps({
            "plugins": {"demo": {"library": "patchbay_provider_demo"},
                        "keys": {"library": "patchbay_auth_api_key"}},
            "auth": ["keys"], "models": {"default": "demo/demo"}}))
        process = subprocess.Popen(
            [binary, "serve", "--config", config, "--listen", f"{HOST}:0", "--data-dir",
             f"{folder}/data"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            line = process.stdout.readline().decode()
            if "listening" not in line:
                raise SystemExit("the server did not start")
            key = pathlib.Path(folder, "data/admin.key").read_text().strip()
            yield process.pid, int(line.rsplit(":", 1)[1]), key
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def measure(binary, name, options):
    """Turns of quiet and attack against a server of its own."""
    quiet, attacked, memory = [], [], []
    with server(binary) as (pid, port, key):
        normal = Normal(port, key, options.rate)
        normal.spell(1)
        for _ in range(options.turns):
            quiet.append(normal.spell(options.seconds))
            attacker = multiprocessing.Process(target=ATTACKS[name], args=(port, key), daemon=True)
            attacker.start()
            time.sleep(3)  # the crowd gathers
            attacked.append(normal.spell(options.seconds))
            memory.append(resident_mib(pid))
            attacker.kill()
            attacker.join()
            time.sleep(2)  # and goes
    ratios = [percentile(under, 0.99) / percentile(calm, 0.99) for calm, under in zip(quiet, attacked)]
    every = {"quiet": sum(quiet, []), "attacked": sum(attacked, [])}
    return {"attack": name, "memory_mib": max(memory), "p99_ratio": statistics.median(ratios),
            "p99_ratios": ratios, "requests": {what: len(times) for what, times in every.items()},
            **{f"{what}_p{int(share * 100)}_ms": percentile(times, share)
               for what, times in every.items() for share in (0.5, 0.99)}}


def main():
    options = arguments()
    allow_files()
    results = []
    print("| attack | quiet p50 · p99, ms | attacked p50 · p99, ms | p99's ratio (range) | memory |\n"
          "|---|---|---|---|---|")
    for name in options.attack or ATTACKS:
        found = measure(options.patchbay, name, options)
        results.append(found)
        print(f"| {name} | {found['quiet_p50_ms']:.2f} · {found['quiet_p99_ms']:.2f} "
              f"| {found['attacked_p50_ms']:.2f} · {found['attacked_p99_ms']:.2f} "
              f"| {found['p99_ratio']:.2f} ({min(found['p99_ratios']):.2f}–"
              f"{max(found['p99_ratios']):.2f}) | {found['memory_mib']:.0f} MiB |", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
