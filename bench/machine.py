"""The machine that a benchmark runs on, and what processes use of it."""

import contextlib
import os
import pathlib
import platform
import statistics
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


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


def file_system_of(path):
    best = ("", "unknown")
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, mount, kind = line.split()[:3]
        inside = os.path.realpath(path).startswith(mount.rstrip("/") + "/") or mount == "/"
        if inside and len(mount) > len(best[0]):
            best = (mount, kind)
    return best[1]


def is_in_memory(path):
    return file_system_of(path) in ("tmpfs", "ramfs")


def sync_ms(folder, count=200):
    """What an fdatasync of 4 KiB more costs in this folder: {p50, p99} in milliseconds."""
    path = os.path.join(folder, "sync-probe")
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        times = []
        for _ in range(count):
            os.write(file, b"x" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file)
            times.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(file)
        os.unlink(path)
    return {"p50": statistics.median(times), "p99": sorted(times)[int(len(times) * 0.99)]}


def about(nginx, data_root):
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False)
    return {"processor": model, "processors": os.cpu_count(), "memory_gib": round(memory),
            "kernel": platform.release(), "file_system": file_system_of(data_root),
            "nginx": version.stderr.strip().removeprefix("nginx version: "),
            "load_average": os.getloadavg()[0]}
