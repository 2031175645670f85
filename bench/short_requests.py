"""Short JSON requests a second, beside Poco's plain server."""

import contextlib
import re
import statistics
import subprocess

import machine
import systems
from report import Row, spread

CONNECTIONS = 256
FEW_THREADS = 16


@contextlib.contextmanager
def poco(tools, threads):
    process, url = systems.start([tools.bin / "poco_server", "--threads", str(threads)],
                                 "poco_server listening on ")
    try:
        yield process, url + "/api/stream/health"
    finally:
        systems.stop(process)


@contextlib.contextmanager
def patchbay(tools):
    with systems.fake_upstream(tools, 1, 1) as upstream, \
            systems.governed(upstream.url, tools) as system:
        yield system.process, system.base + "/api/stream/health"


def requests_a_second(process, url, seconds):
    """(requests a second, CPU microseconds a request)"""
    before = machine.cpu_seconds(process.pid)
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url], check=True,
                          capture_output=True, text=True).stdout
    used = machine.cpu_seconds(process.pid) - before
    if "Non-2xx" in done or "Socket errors" in done:
        raise OSError("short_requests: " + done)
    count = int(re.search(r"(\d+) requests in", done)[1])
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1]), used / count * 1e6


def rows(tools, runs, seconds=3):
    # A thread of Poco's stays with its connection. With fewer threads than connections it answers
    # more requests a second and some connections never, which is no server's best: beside it only.
    servers = {"poco": lambda: poco(tools, CONNECTIONS), "patchbay": lambda: patchbay(tools),
               "few": lambda: poco(tools, FEW_THREADS)}
    figures = {name: [] for name in servers}
    for _ in range(runs):
        for name, server in servers.items():
            machine.wait_until_quiet(tools.quiet_limit_s)
            with server() as (process, url):
                figures[name].append(requests_a_second(process, url, seconds))
    rates = {name: [rate for rate, _ in of] for name, of in figures.items()}
    ratios = [mine / its for mine, its in zip(rates["patchbay"], rates["poco"])]
    def cpu(name):
        return spread([us for _, us in figures[name]], "µs")
    return [Row(f"short JSON requests, {CONNECTIONS} connections, beside Poco's plain server",
                statistics.median(ratios), "×", 0.8, 1, more_is_better=True,
                detail=f"{spread(rates['patchbay'])} a second, {cpu('patchbay')} of CPU each; "
                       f"Poco with a thread a connection {spread(rates['poco'])}, {cpu('poco')}; "
                       f"with {FEW_THREADS}, most connections unanswered, {spread(rates['few'])}")]
