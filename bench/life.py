"""How a server begins, is left, and comes back."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import statistics
import tempfile
import time
import urllib.parse

import machine
import systems
from report import Row, number, percentile, spread


# Talking to it -----------------------------------------------------------------------------------

def connect(base):
    address = urllib.parse.urlsplit(base)
    return http.client.HTTPConnection(address.hostname, address.port, timeout=30)


def get(base, path, key=""):
    connection = connect(base)
    try:
        connection.request("GET", path, headers={"X-API-Key": key} if key else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Stream:
    """A conversation's stream over a socket of our own, which can be cut at will."""

    def __init__(self, system, headers=(), message="go"):
        body = json.dumps({"message": message})
        address = urllib.parse.urlsplit(system.base)
        self.socket = socket.create_connection((address.hostname, address.port), 30)
        lines = [f"POST /api/stream/stream-conversation HTTP/1.1", f"Host: {address.netloc}",
                 f"X-API-Key: {system.key}", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *headers, "", body]
        self.socket.sendall("\r\n".join(lines).encode())
        self.text = ""

    def read_until(self, what, limit_s=30):
        self.socket.settimeout(limit_s)
        while what not in self.text:
            more = self.socket.recv(65536)
            if not more:
                raise OSError("the stream ended early: " + self.text[-200:])
            self.text += more.decode(errors="replace")

    def interaction(self):
        return self.text.split('"interaction_id":"')[1][:36]

    def last_seq(self):
        whole = self.text[:self.text.rindex("\n\n")]
        return int(whole[whole.rindex("\nid: "):].split(":")[2].split("\n")[0])

    def close(self):
        self.socket.close()


# Rows --------------------------------------------------------------------------------------------

def start_rows(tools, runs):
    """Cold start to the first answer, and memory at rest."""
    first, again, idle = [], [], []
    for _ in range(max(runs, 5)):
        data = tempfile.mkdtemp(prefix="patchbay-bench-", dir=tools.data_root)
        try:
            config = pathlib.Path(data) / "bench.json"
            config.write_text(json.dumps(systems.patchbay_config("http://127.0.0.1:9", True)))
            with open(os.devnull, "w", encoding="utf-8") as log:
                for times in (first, again):
                    begun = time.perf_counter()
                    process, base = systems.serve(tools, config, data, log)
                    try:
                        assert get(base, "/api/stream/health")[0] == 200
                        times.append((time.perf_counter() - begun) * 1000)
                        time.sleep(1)
                        idle.append(machine.memory_kib(process.pid) / 1024)
                    finally:
                        systems.stop(process)
        finally:
            shutil.rmtree(data, ignore_errors=True)
    return [Row("cold start to the first answer", statistics.median(again) / 1000, "s", 0.5, 0.05,
                detail=f"{spread(again, 'ms')}; with a new data folder {spread(first, 'ms')}"),
            Row("memory at rest", statistics.median(idle), "MB", 40, 20,
                detail="resident, libraries included, a second after its first answer")]


def leaving_row(tools, runs):
    """From a client's close() to the upstream's seeing its own connection closed."""
    times = []
    with systems.fake_upstream(tools, 5000, 20) as upstream, \
            systems.governed(upstream.url, tools) as system:
        for count in range(1, 10 * runs + 1):
            stream = Stream(system, ["X-Patchbay-On-Disconnect: cancel"])
            stream.read_until('"type":"token"')
            left_us = time.monotonic_ns() / 1000
            stream.close()
            while upstream.stats()["streams_closed_by_peer"] < count:
                if time.monotonic_ns() / 1000 - left_us > 10e6:
                    return Row("client gone → upstream closed", None, "ms", 500, 50,
                               detail="the upstream was not closed within 10 s")
                time.sleep(0.002)
            times.append((upstream.stats()["last_closed_by_peer_us"] - left_us) / 1000)
    return Row("client gone → upstream closed, p99", percentile(times, 0.99), "ms", 500, 50,
               detail=spread(times, "ms") + f", {len(times)} clients, policy cancel")


def open_runs(data):
    with contextlib.closing(sqlite3.connect(f"file:{data}/patchbay.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM runs WHERE status <= 3").fetchone()[0]


def restart_once(tools, streams):
    """(ms until every open run was settled, ms until a re-attached stream's first byte)"""
    with systems.fake_upstream(tools, 5000, 20) as upstream, \
            systems.governed(upstream.url, tools) as system:
        readers = [Stream(system, ["X-Patchbay-On-Crash: settle"]) for _ in range(streams)]
        for reader in readers:
            reader.read_until('"type":"token"')
        system.process.kill()
        system.process.wait()
        config = pathlib.Path(system.data) / "bench.json"
        begun = time.perf_counter()
        with open(os.devnull, "w", encoding="utf-8") as log:
            process, base = systems.serve(tools, config, system.data, log)
            try:
                reader = readers[0]
                connection = connect(base)
                connection.request("GET", f"/api/interactions/{reader.interaction()}/events"
                                          f"?after={reader.last_seq()}",
                                   headers={"X-API-Key": system.key})
                answer = connection.getresponse()
                assert answer.status == 200 and answer.read(1)
                attached = (time.perf_counter() - begun) * 1000
                while open_runs(system.data) > 0:
                    if time.perf_counter() - begun > 30:
                        return None, attached
                    time.sleep(0.002)
                settled = (time.perf_counter() - begun) * 1000
                connection.close()
            finally:
                systems.stop(process)
                for reader in readers:
                    reader.close()
    return settled, attached


def restart_row(tools, runs, streams=100):
    settled, attached = zip(*(restart_once(tools, streams) for _ in range(runs)))
    if None in settled:
        return Row("restart after kill -9", None, "s", 1, 0.2, detail="runs were left open")
    return Row(f"restart after kill -9 with {streams} open runs: all settled, first re-attached byte",
               statistics.median(map(max, settled, attached)) / 1000, "s", 1, 0.2,
               detail=f"settled {spread(settled, 'ms')}, first byte {spread(attached, 'ms')}, "
                      "from the start of the program")


def rows(tools, runs):
    return [*start_rows(tools, runs), leaving_row(tools, runs), restart_row(tools, runs)]
