#!/usr/bin/env python3
"""The whole table of budgets: Patchbay beside nginx and a direct connection, in one run.

    bench/run                    all of it, about half an hour
    bench/run --only token,life  some of it: token, crowd, requests, life, stores, attacks,
                                 hostile, micro
    bench/run --quick            few and short runs: to see that it works, not for figures
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import time

import attacks
import hostile
import life
import machine
import report
import short_requests
import stores
import systems
import token_path

PARTS = ("token", "crowd", "requests", "life", "stores", "attacks", "hostile", "micro")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin",
                        help="folder of patchbay and the bench programs (default: %(default)s)")
    parser.add_argument("--nginx", default=shutil.which("nginx") or "/usr/sbin/nginx",
                        help="nginx's program (default: %(default)s)")
    parser.add_argument("--only", default=",".join(PARTS), help="parts (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of each system (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=8,
                        help="how long each run of the token path lasts (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--quiet-limit", type=float, default=30, metavar="SECONDS",
                        help="wait up to so long before each run until the machine is idle "
                             "(default: %(default)s)")
    parser.add_argument("--data-root", default="/var/tmp",
                        help="where Patchbay's data goes; no tmpfs (default: %(default)s)")
    parser.add_argument("--json", default="build/bench.json",
                        help="write all figures there (default: %(default)s)")
    args = parser.parse_args()
    unknown = set(args.only.split(",")) - set(PARTS)
    if unknown:
        parser.error("no such part: " + ", ".join(sorted(unknown)))
    if machine.is_in_memory(args.data_root):
        parser.error(f"{args.data_root} is in memory; give a --data-root on a disk")
    if args.quick:
        args.runs, args.seconds = 1, 2
    return args


def micro(tools):
    """Google Benchmark's own table and figures."""
    out = pathlib.Path("build/bench-micro.json")
    subprocess.run([tools.bin / "micro_bench", f"--benchmark_out={out}",
                    "--benchmark_out_format=json", "--benchmark_min_time=0.2"], check=True)
    return json.loads(out.read_text())["benchmarks"]


def micro_rows(benchmarks):
    """The steps that have a budget, in nanoseconds of processor time."""
    took = {each["name"]: each["cpu_time"] for each in benchmarks if each["time_unit"] == "ns"}
    hops = [took.get(f"middleware_hops/{count}") for count in (0, 1, 5)]
    emit, taken = took.get("emit_token"), took.get("middleware_hop_taken")
    known = None not in hops
    return [
        report.Row("a typed emit() through the ABI, with its checks", emit, "ns", 100),
        report.Row("a middleware hop of a batch that passes", known and (hops[2] - hops[0]) / 5 or None,
                   "ns", 200, detail=f"none, one, five: {' · '.join(map(report.number, hops))} ns"),
        report.Row("a middleware hop of a batch that is taken", taken, "ns", 200,
                   detail="one event, emitted again: copied"),
    ]


def main():
    args = arguments()
    systems.raise_open_file_limit()
    tools = systems.Tools(pathlib.Path(args.bin).absolute(), args.nginx, args.data_root,
                          args.quiet_limit)
    about = machine.about(args.nginx, args.data_root)
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    parts = args.only.split(",")
    rows, figures = [], {}

    def token():
        made, figures["token"] = token_path.rows(tools, args.runs, args.seconds)
        return made

    def in_process():
        figures["micro"] = micro(tools)
        return micro_rows(figures["micro"])

    measured = {
        "token": token,
        "crowd": lambda: token_path.crowd_rows(tools, seconds=args.seconds),
        "requests": lambda: short_requests.rows(tools, args.runs, 1 if args.quick else 3),
        "life": lambda: life.rows(tools, args.runs),
        "stores": lambda: stores.rows(tools, 20_000 if args.quick else stores.MANY_INTERACTIONS,
                                      20 if args.quick else 100),
        "attacks": lambda: attacks.rows(tools, args.runs, 1 if args.quick else 3),
        "hostile": lambda: hostile.rows(tools, args.runs, 1 if args.quick else 3),
        "micro": in_process,
    }
    for part in parts:  # what was measured stays, whatever becomes of the next
        rows += measured[part]()
        print()
        report.print_table(rows)
        pathlib.Path(args.json).write_text(json.dumps(
            {"machine": about, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
             "command": sys.argv, "rows": report.as_json(rows), "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
