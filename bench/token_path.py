#!/usr/bin/env python3
"""What a relayed token costs in CPU time, beside nginx relaying the same bytes.

A fake upstream streams tokens at a fixed pace through each system to the same load program. While
all streams are open, the user and system time of the system's processes (/proc/PID/stat) and the
tokens that the upstream has sent are read twice; their differences give the cost of a token. The
systems take turns, so that a busy moment of the machine meets all of them.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import machine
import systems
from report import Row, number, spread

RAMP_MS = 1000
JOINED_AT_MOST = 1.1  # tokens an event: joined ones look cheaper than they are
SYSTEMS = {"direct": systems.direct, "nginx": systems.nginx, "bare": systems.bare,
           "governed": systems.governed}


# One run -----------------------------------------------------------------------------------------

def wait_until_open(upstream, streams, load):
    deadline = time.monotonic() + systems.START_LIMIT_S
    while upstream.stats()["open_streams"] < streams:
        if time.monotonic() > deadline or load.poll() is not None:
            return False
        time.sleep(0.05)
    return True


def used_meanwhile(system, upstream, load, seconds):
    """The differences over `seconds` of what has been used and sent."""
    def sample():
        return {"tokens": upstream.stats()["tokens_sent"],
                "system": machine.cpu_seconds(system.process.pid) if system.process else 0.0,
                "upstream": machine.cpu_seconds(upstream.process.pid),
                "load": machine.cpu_seconds(load.pid), "time": time.monotonic()}
    before = sample()
    time.sleep(seconds)
    after = sample()
    return {name: after[name] - before[name] for name in before}


def run(system, streams, rate, seconds, tools, ramp_ms=RAMP_MS):
    """One system under so many streams of `rate` tokens a second: its figures."""
    idle = machine.wait_until_quiet(tools.quiet_limit_s)
    tokens = int(rate * (seconds + ramp_ms / 1000 + 6))
    with systems.fake_upstream(tools, tokens, 1000 // rate) as upstream, \
            system(upstream.url, tools) as under_test, \
            tempfile.TemporaryDirectory(prefix="token-path-") as folder:
        figures = run_load(under_test, upstream, streams, tokens, seconds, tools, folder, ramp_ms,
                           tokens / rate * 4 + 60)
    figures["pace"] = figures["tokens_per_second"] / (streams * rate)
    figures["idle_before"] = idle
    return figures


def run_load(system, upstream, streams, tokens, seconds, tools, folder, ramp_ms, limit_s):
    report = pathlib.Path(folder) / "load.json"
    pid = system.process.pid if system.process else None
    idle_kib = machine.memory_kib(pid) if pid else 0
    load = subprocess.Popen([tools.bin / "load", system.url, "--streams", str(streams),
                             "--ramp-ms", str(ramp_ms), "--expect-tokens", str(tokens),
                             "--json", str(report), *system.load], stdout=subprocess.DEVNULL)
    try:
        all_open = wait_until_open(upstream, streams, load)
        time.sleep(1)
        used = used_meanwhile(system, upstream, load, seconds)
        open_kib = machine.memory_kib(pid) if pid else 0
        load.wait(limit_s)
    finally:
        systems.stop(load)
    def per_token(name):
        return used[name] / used["tokens"] * 1e6 if used["tokens"] else 0.0
    return {"us_per_token": per_token("system"), "upstream_us_per_token": per_token("upstream"),
            "load_us_per_token": per_token("load"),
            "tokens_per_second": used["tokens"] / used["time"], "all_open": all_open,
            "idle_kib": idle_kib, "open_kib": open_kib, "load": json.loads(report.read_text())}


def kept_pace(figures):
    return abs(figures["pace"] - 1) < 0.03


# Several, in turns -------------------------------------------------------------------------------

def compare(names, sizes, rate, seconds, runs, tools):
    """{size: {system: [figures of each run]}}"""
    results = {size: {name: [] for name in names} for size in sizes}
    for turn in range(runs):
        for size in sizes:
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                figures = run(SYSTEMS[name], size, rate, seconds, tools)
                results[size][name].append(figures)
                print(f"run {turn + 1}, {size} streams, {name}: "
                      f"{figures['us_per_token']:.1f} µs/token, pace {figures['pace']:.0%}, "
                      f"machine idle {figures['idle_before']:.0%} before, "
                      f"lost {figures['load']['failed']}", file=sys.stderr)
    return results


def good(runs):
    """Those that kept the pace; all, where none did."""
    return [figures for figures in runs if kept_pace(figures)] or runs


def paired(mine, its, value):
    """value(mine) beside value(its), of the turns where both kept the pace."""
    pairs = [(m, i) for m, i in zip(mine, its) if kept_pace(m) and kept_pace(i)]
    return [(value(m), value(i)) for m, i in pairs or zip(mine, its)]


def cpu(figures):
    return figures["us_per_token"]


def way_p99(figures):
    return figures["load"]["way_ms"]["p99"]


def first_p99(figures):
    return figures["load"]["first_token_ms"]["p99"]


COLUMNS = (
    ("streams", 7, lambda size, name, runs: str(size)),
    ("system", 9, lambda size, name, runs: name),
    ("runs", 4, lambda size, name, runs: str(len(runs))),
    ("µs/token", 18, lambda size, name, runs: spread(map(cpu, runs))),
    ("tok/event", 9, lambda size, name, runs: number(median(runs, "tokens_per_event"))),
    ("tok/read", 8, lambda size, name, runs: number(median(runs, "tokens_per_read"))),
    ("pace", 5, lambda size, name, runs: f"{statistics.median(r['pace'] for r in runs):.0%}"),
    ("first p50", 9, lambda size, name, runs: number(median(runs, "first_token_ms", "p50"))),
    ("p99 ms", 7, lambda size, name, runs: number(median(runs, "first_token_ms", "p99"))),
    ("way p50", 8, lambda size, name, runs: number(median(runs, "way_ms", "p50"))),
    ("p99 ms", 7, lambda size, name, runs: number(median(runs, "way_ms", "p99"))),
    ("lost", 4, lambda size, name, runs: str(sum(r["load"]["failed"] for r in runs))),
)


def median(runs, *path):
    def value(figures):
        figures = figures["load"]
        for name in path:
            figures = figures[name]
        return figures
    return statistics.median(map(value, runs))


def print_systems(results):
    print(" ".join(f"{heading:>{width}}" for heading, width, _ in COLUMNS))
    for size, by_system in results.items():
        for name, runs in by_system.items():
            runs = good(runs)
            print(" ".join(f"{cell(size, name, runs):>{width}}" for _, width, cell in COLUMNS))


# Rows of the budget ------------------------------------------------------------------------------

def cost_row(results, size, must, stretch, name="governed"):
    mine, its = results[size][name], results[size]["nginx"]
    pairs = paired(mine, its, cpu)
    joined = median(good(mine), "tokens_per_event")
    return Row(f"CPU a token beside nginx's, {size:,} streams, {name}",
               statistics.median(ours / theirs for ours, theirs in pairs), "×", must, stretch,
               detail=f"{spread([ours for ours, _ in pairs], 'µs')}; nginx "
                      f"{spread([theirs for _, theirs in pairs], 'µs')}; "
                      f"{number(joined)} tokens an event",
               void=void_of(mine, its) or ("tokens were joined" if joined > JOINED_AT_MOST else ""))


def void_of(mine, its):
    """Why the turns of two systems do not compare; "" = they do."""
    kept = any(kept_pace(m) and kept_pace(i) for m, i in zip(mine, its))
    return "" if kept else "the pace was not kept"


def added_row(results, size, what, value, must, stretch, detail):
    pairs = paired(results[size]["governed"], results[size]["direct"], value)
    return Row(what, statistics.median(mine - its for mine, its in pairs), "ms", must, stretch,
               detail=f"{spread([mine for mine, _ in pairs], 'ms')}, direct "
                      f"{spread([its for _, its in pairs], 'ms')}{detail}",
               void=void_of(results[size]["governed"], results[size]["direct"]))


def rows(tools, runs, seconds, print_all=True):
    """The rows of the token path, and all that was measured."""
    results = compare(list(SYSTEMS), [1000, 100], 50, seconds, runs, tools)
    if print_all:
        print_systems(results)
    sync = machine.sync_ms(tools.data_root)
    made = [
        cost_row(results, 1000, 1.6, 1.1),
        cost_row(results, 100, 2, 1.4),
        cost_row(results, 1000, None, None, "bare"),
        cost_row(results, 100, None, None, "bare"),
        added_row(results, 100, "added time to first token, p99, 100 streams", first_p99, 2, 0.4,
                  f"; a sync of the disk alone: p50 {number(sync['p50'])}, "
                  f"p99 {number(sync['p99'])} ms"),
        added_row(results, 1000, "added to a token's way, p99, 1,000 streams", way_p99, 5, 1,
                  f"; nginx {spread(map(way_p99, good(results[1000]['nginx'])), 'ms')}"),
    ]
    return made, results


def crowd_rows(tools, sizes=((1000, 50), (5000, 10), (2000, 50), (9000, 10)), seconds=5):
    """Many paced streams: how many were whole, and the memory that each takes."""
    made = []
    for streams, rate in sizes:
        figures = run(systems.governed, streams, rate, seconds, tools,
                      ramp_ms=max(RAMP_MS, streams))
        load = figures["load"]
        required = (streams, rate) in ((1000, 50), (5000, 10))
        made.append(Row(
            f"{streams:,} streams at {rate} tokens/s: lost", load["failed"], "",
            0 if required else None, 0 if required else None,
            detail=f"{load['whole']:,} whole, at most {load['most_open']:,} open, pace "
                   f"{figures['pace']:.0%}, {number(load['tokens_per_event'])} tokens an event, "
                   f"first token p99 {number(load['first_token_ms']['p99'])} ms; one run",
            void="" if kept_pace(figures) else "the pace was not kept"))
        if (streams, rate) == (5000, 10):
            per_stream = (figures["open_kib"] - figures["idle_kib"]) / streams
            made.append(Row("memory a stream, our buffers of both sockets included", per_stream,
                            "KiB", 32, 16, detail=f"resident {figures['idle_kib'] // 1024} MiB idle, "
                                                  f"{figures['open_kib'] // 1024} MiB at 5,000; "
                                                  "the kernel's buffers are not in it"))
    return made
