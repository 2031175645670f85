#!/usr/bin/env python3
"""What a relayed token costs in CPU time, beside nginx relaying the same bytes.

A fake upstream streams tokens at a fixed pace through each system to the same load program. While
all streams are open, the user and system time of the system's processes (/proc/PID/stat) and the
tokens that the upstream has sent are read twice; their differences give the cost of a token. The
systems take turns, so that a busy moment of the machine meets all of them.

    bench/token_path.py --bin build/release/bin --patchbay build/release/bin/patchbay
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TICK = os.sysconf("SC_CLK_TCK")
START_LIMIT_S = 30
RAMP_MS = 1000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin",
                        help="folder of fake_upstream and load (default: %(default)s)")
    parser.add_argument("--patchbay", metavar="BIN", help="measure this Patchbay, too")
    parser.add_argument("--nginx", default=shutil.which("nginx") or "/usr/sbin/nginx",
                        help="nginx's program (default: %(default)s)")
    parser.add_argument("--streams", default="1000,100", help="sizes (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=50,
                        help="tokens a second in each stream (default: %(default)s)")
    parser.add_argument("--token-bytes", type=int, default=16,
                        help="text of a token, at least 13 (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=8,
                        help="how long each run is measured (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of each system (default: %(default)s)")
    parser.add_argument("--quiet-limit", type=float, default=30, metavar="SECONDS",
                        help="wait up to so long before each run until the machine is idle "
                             "(default: %(default)s)")
    parser.add_argument("--data-root", default="/var/tmp",
                        help="where Patchbay's data goes; no tmpfs (default: %(default)s)")
    parser.add_argument("--json", help="write all figures there")
    return parser.parse_args()


# Processes ---------------------------------------------------------------------------------------

def start(command, ready, **options):
    """Starts a program and waits for the line of its output that begins with `ready`."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if line.startswith(ready):
            return process, line[len(ready):].strip()
        if line == "" and process.poll() is not None:
            break
    stop(process)
    sys.exit(f"token_path: {command[0]} did not start")


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_seconds(pid):
    """User and system time of a process and its living descendants."""
    parents, times = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{entry}/stat").read_text()
            fields = text[text.rindex(")") + 2:].split()
            parents[int(entry)] = int(fields[1])
            times[int(entry)] = (int(fields[11]) + int(fields[12])) / TICK
    tree, grown = {pid}, True
    while grown:
        children = {p for p, parent in parents.items() if parent in tree}
        grown = not children <= tree
        tree |= children
    return sum(times.get(p, 0) for p in tree)


def memory_kib(pid):
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Systems: each is (name, context manager that gives (process or None, URL, load's arguments)) ------

@contextlib.contextmanager
def direct(upstream, folder, args):
    yield None, upstream + "/v1/chat/completions", ["--mode", "openai"]


NGINX_CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; {user}
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    access_log off; keepalive_requests 1000000; keepalive_timeout 300s;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream model {{ server {upstream}; keepalive 4096; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffering off; proxy_read_timeout 300s;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(upstream, folder, args):
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(
        folder=folder, port=port, upstream=upstream.removeprefix("http://"),
        connections=resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 64,
        user="user root;" if os.geteuid() == 0 else ""))
    process = subprocess.Popen([args.nginx, "-p", str(folder), "-e", "stderr", "-c", str(config)])
    try:
        wait_for_port(process, port)
        yield process, f"http://127.0.0.1:{port}/v1/chat/completions", ["--mode", "openai"]
    finally:
        stop(process)


def wait_for_port(process, port):
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    sys.exit("token_path: nginx did not start")


def patchbay_config(upstream):
    return {
        "server": {"max_connections": 20000},
        "plugins": {
            "openai": {"library": "patchbay_provider_openai", "required": True,
                       "config": {"base_url": upstream + "/v1", "api_key": "bench",
                                  "models": ["fake"]}},
            "keys": {"library": "patchbay_auth_api_key", "required": True},
        },
        "auth": ["keys"],
        "models": {"default": "openai/fake", "unknown": "default"},
    }


@contextlib.contextmanager
def patchbay(upstream, folder, args):
    config = folder / "patchbay.json"
    config.write_text(json.dumps(patchbay_config(upstream)))
    data = tempfile.mkdtemp(prefix="patchbay-bench-", dir=args.data_root)
    log = open(folder / "patchbay.log", "w")
    try:
        key = subprocess.run([args.patchbay, "key", "create", "--data-dir", data, "--role", "user",
                              "--name", "bench"], check=True, capture_output=True, text=True,
                             timeout=START_LIMIT_S).stdout.strip()
        process, url = start([args.patchbay, "serve", "--config", str(config), "--listen",
                              "127.0.0.1:0", "--data-dir", data], "patchbay listening on ",
                             stderr=log)
        try:
            yield process, url + "/api/stream/stream-conversation", [
                "--mode", "patchbay", "--header", f"Authorization: Bearer {key}"]
        finally:
            stop(process)
    finally:
        log.close()
        shutil.rmtree(data, ignore_errors=True)


# The machine -------------------------------------------------------------------------------------

def idle_share(seconds=0.5):
    def read():
        fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        values = [int(field) for field in fields]
        return values[3] + values[4], sum(values)
    idle_before, all_before = read()
    time.sleep(seconds)
    idle_after, all_after = read()
    return (idle_after - idle_before) / max(1, all_after - all_before)


def wait_until_quiet(limit):
    """How idle the machine was in the end."""
    deadline = time.monotonic() + limit
    idle = idle_share()
    while idle < 0.9 and time.monotonic() < deadline:
        idle = idle_share()
    return idle


# One run -----------------------------------------------------------------------------------------

def stats(upstream):
    with urllib.request.urlopen(upstream + "/stats", timeout=10) as answer:
        return json.load(answer)


def wait_until_open(upstream, streams, load):
    deadline = time.monotonic() + START_LIMIT_S
    while stats(upstream)["open_streams"] < streams:
        if time.monotonic() > deadline or load.poll() is not None:
            return False
        time.sleep(0.05)
    return True


def measure(system, upstream, load, process, seconds):
    """The differences over `seconds` of what has been used and sent."""
    def sample():
        return {"tokens": stats(upstream["url"])["tokens_sent"],
                "system_cpu": cpu_seconds(process.pid) if process else 0.0,
                "upstream_cpu": cpu_seconds(upstream["process"].pid),
                "load_cpu": cpu_seconds(load.pid), "time": time.monotonic()}
    before = sample()
    time.sleep(seconds)
    after = sample()
    return {name: after[name] - before[name] for name in before}


def run(system, streams, args):
    idle = wait_until_quiet(args.quiet_limit)
    tokens = int(args.rate * (args.seconds + RAMP_MS / 1000 + 6))
    tools = pathlib.Path(args.bin)
    with tempfile.TemporaryDirectory(prefix="token-path-") as temporary:
        folder = pathlib.Path(temporary)
        process, url = start([tools / "fake_upstream", "--tokens", str(tokens), "--delay-ms",
                              str(1000 // args.rate), "--token-bytes", str(args.token_bytes)],
                             "fake_upstream listening on ")
        upstream = {"process": process, "url": url}
        try:
            with system(url, folder, args) as (under_test, target, extra):
                figures = run_load(system, upstream, under_test, target, extra, streams, tokens,
                                   folder, args)
        finally:
            stop(process)
    figures["pace"] = figures["tokens_per_second"] / (streams * args.rate)
    figures["idle_before"] = idle
    return figures


def run_load(system, upstream, under_test, target, extra, streams, tokens, folder, args):
    report = folder / "load.json"
    load = subprocess.Popen([pathlib.Path(args.bin) / "load", target, "--streams", str(streams),
                             "--ramp-ms", str(RAMP_MS), "--expect-tokens", str(tokens),
                             "--json", str(report), *extra], stdout=subprocess.DEVNULL)
    try:
        all_open = wait_until_open(upstream["url"], streams, load)
        time.sleep(1)
        used = measure(system, upstream, load, under_test, args.seconds)
        memory = memory_kib(under_test.pid) if under_test else 0
        load.wait(tokens / args.rate * 4 + 60)
    finally:
        stop(load)
    figures = json.loads(report.read_text())
    per_token = {name: used[name] / used["tokens"] * 1e6 if used["tokens"] else 0.0
                 for name in ("system_cpu", "upstream_cpu", "load_cpu")}
    return {"us_per_token": per_token["system_cpu"],
            "upstream_us_per_token": per_token["upstream_cpu"],
            "load_us_per_token": per_token["load_cpu"],
            "tokens_per_second": used["tokens"] / used["time"], "all_open": all_open,
            "memory_kib": memory, "load": figures}


# The report --------------------------------------------------------------------------------------

def file_system_of(path):
    best = ("", "unknown")
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, mount, kind = line.split()[:3]
        inside = os.path.realpath(path).startswith(mount.rstrip("/") + "/") or mount == "/"
        if inside and len(mount) > len(best[0]):
            best = (mount, kind)
    return best[1]


def machine(args):
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = subprocess.run([args.nginx, "-v"], capture_output=True, text=True, check=False)
    return {"processor": model, "processors": os.cpu_count(), "memory_gib": round(memory),
            "kernel": platform.release(), "file_system": file_system_of(args.data_root),
            "nginx": version.stderr.strip().removeprefix("nginx version: "),
            "load_average": os.getloadavg()[0]}


def median_of(runs, *path):
    def value(figures):
        for name in path:
            figures = figures[name]
        return figures
    return statistics.median(value(figures) for figures in runs)


def kept_pace(figures):
    return abs(figures["pace"] - 1) < 0.03


def summary(results):
    """One row a system and size, of the runs that kept the pace; of all, where none did."""
    rows = []
    for streams, systems in results.items():
        for name, all_runs in systems.items():
            runs = [figures for figures in all_runs if kept_pace(figures)] or all_runs
            costs = [figures["us_per_token"] for figures in runs]
            ratios = [mine["us_per_token"] / its["us_per_token"]
                      for mine, its in zip(all_runs, systems["nginx"])
                      if kept_pace(mine) and kept_pace(its)]
            rows.append({
                "streams": streams, "system": name, "runs": len(runs),
                "kept_pace": any(map(kept_pace, all_runs)),
                "us_per_token": statistics.median(costs),
                "us_per_token_range": [min(costs), max(costs)],
                "ratio_to_nginx":
                    statistics.median(ratios) if ratios and name != "direct" else None,
                "tokens_per_event": median_of(runs, "load", "tokens_per_event"),
                "tokens_per_read": median_of(runs, "load", "tokens_per_read"),
                "tokens_per_second": median_of(runs, "tokens_per_second"),
                "pace": median_of(runs, "pace"),
                "first_token_p50_ms": median_of(runs, "load", "first_token_ms", "p50"),
                "first_token_p99_ms": median_of(runs, "load", "first_token_ms", "p99"),
                "way_p50_ms": median_of(runs, "load", "way_ms", "p50"),
                "way_p99_ms": median_of(runs, "load", "way_ms", "p99"),
                "memory_kib": median_of(runs, "memory_kib"),
                "upstream_us_per_token": median_of(runs, "upstream_us_per_token"),
                "load_us_per_token": median_of(runs, "load_us_per_token"),
                "lost": sum(figures["load"]["failed"] for figures in all_runs)})
    return rows


# Heading, width, and how a row's cell reads.
COLUMNS = (
    ("streams", 7, lambda row: str(row["streams"])),
    ("system", 9, lambda row: row["system"]),
    ("runs", 4, lambda row: str(row["runs"])),
    ("µs/token", 8, lambda row: f"{row['us_per_token']:.1f}"),
    ("range", 13, lambda row: "–".join(f"{us:.1f}" for us in row["us_per_token_range"])),
    ("× nginx", 7, lambda row: f"{row['ratio_to_nginx']:.2f}" if row["ratio_to_nginx"] else ""),
    ("tok/event", 9, lambda row: f"{row['tokens_per_event']:.2f}"),
    ("tok/read", 8, lambda row: f"{row['tokens_per_read']:.2f}"),
    ("pace", 5, lambda row: f"{row['pace']:.0%}"),
    ("first p50", 9, lambda row: f"{row['first_token_p50_ms']:.1f}"),
    ("p99 ms", 7, lambda row: f"{row['first_token_p99_ms']:.1f}"),
    ("way p50", 8, lambda row: f"{row['way_p50_ms']:.2f}"),
    ("p99 ms", 7, lambda row: f"{row['way_p99_ms']:.1f}"),
    ("lost", 4, lambda row: str(row["lost"])),
)


def print_table(rows):
    print(" ".join(f"{heading:>{width}}" for heading, width, _ in COLUMNS))
    for row in rows:
        print(" ".join(f"{cell(row):>{width}}" for _, width, cell in COLUMNS))


def main():
    args = arguments()
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    systems = {"direct": direct, "nginx": nginx}
    if args.patchbay:
        systems["patchbay"] = patchbay
        if file_system_of(args.data_root) in ("tmpfs", "ramfs"):
            sys.exit(f"token_path: {args.data_root} is in memory; give a --data-root on a disk")
    sizes = [int(size) for size in args.streams.split(",")]
    about = machine(args)
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    results = {size: {name: [] for name in systems} for size in sizes}
    for turn in range(args.runs):
        for size in sizes:
            order = list(systems)
            for name in order[turn % len(order):] + order[:turn % len(order)]:
                figures = run(systems[name], size, args)
                results[size][name].append(figures)
                print(f"run {turn + 1}, {size} streams, {name}: "
                      f"{figures['us_per_token']:.1f} µs/token, pace {figures['pace']:.0%}, "
                      f"machine idle {figures['idle_before']:.0%} before, "
                      f"lost {figures['load']['failed']}", file=sys.stderr)
    rows = summary(results)
    print_table(rows)
    if not all(row["kept_pace"] for row in rows):
        print("Not all kept the pace: what is behind reads several tokens at once, and looks cheaper "
              "than it is.")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(
            {"machine": about, "rate": args.rate, "seconds": args.seconds, "summary": rows,
             "runs": results}, indent=1))
    return 1 if any(row["lost"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
