"""What a server holds, over time, and whether it has grown."""

import os
import sqlite3
import statistics
import time

TABLES = ["interactions", "runs", "messages", "segments", "journal", "idempotency", "credentials"]
# What is noise: so much of the earlier median, and so much beside.
NOISE = {"memory_kib": (0.05, 2048), "files": (0.1, 8), "threads": (0, 0),
         "database_kib": (0.1, 4096), "log_kib": (0.1, 8192)}
ROW_NOISE = (0.1, 50)
METRICS = {"runs": "patchbay_runs_open", "viewers": "patchbay_viewers",
           "connections": "patchbay_connections_open",
           "enqueued": "patchbay_log_events_enqueued_total",
           "committed": "patchbay_log_events_total", "refused": "patchbay_log_events_refused_total",
           "ended": "patchbay_runs_ended_total",
           "maintenance_failures": "patchbay_log_maintenance_failures_total"}


class Sampler:
    def __init__(self, server):
        self.server, self.began, self.samples = server, time.monotonic(), []

    def take(self):
        sample = {"second": round(time.monotonic() - self.began), **self.process(), **self._files(),
                  **self._rows()}
        metrics = self.server.metrics()
        sample.update({name: int(metrics[key]) for name, key in METRICS.items()})
        self.samples.append(sample)
        return sample

    def process(self):
        folder = f"/proc/{self.server.process.pid}"
        with open(f"{folder}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return {"memory_kib": int(fields["VmRSS"].split()[0]), "threads": int(fields["Threads"]),
                "files": len(os.listdir(f"{folder}/fd"))}

    def _files(self):
        def kib(name):
            path = self.server.data / name
            return path.stat().st_size // 1024 if path.exists() else 0
        return {"database_kib": kib("patchbay.db"), "log_kib": kib("patchbay.db-wal")}

    def _rows(self):
        database = sqlite3.connect(f"file:{self.server.data / 'patchbay.db'}?mode=ro", uri=True)
        try:
            return {f"rows.{table}": database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                    for table in TABLES}
        finally:
            database.close()


def judge(samples, warm_up):
    """For each quantity: its medians in the earlier and the later half, and whether it has grown."""
    steady = [sample for sample in samples if sample["second"] >= warm_up]
    middle = len(steady) // 2
    verdicts = []
    for name in [*NOISE, *(f"rows.{table}" for table in TABLES)]:
        earlier = statistics.median(sample[name] for sample in steady[:middle])
        later = statistics.median(sample[name] for sample in steady[middle:])
        share, more = NOISE.get(name, ROW_NOISE)
        verdicts.append({"what": name, "earlier": earlier, "later": later,
                         "highest": max(sample[name] for sample in steady),
                         "allowed": round(earlier * (1 + share) + more),
                         "grown": later > earlier * (1 + share) + more})
    return verdicts


def table(verdicts):
    lines = [f"{'':20}{'earlier':>10}{'later':>10}{'highest':>10}{'allowed':>10}"]
    for verdict in verdicts:
        numbers = "".join(f"{verdict[key]:10.0f}" for key in ("earlier", "later", "highest", "allowed"))
        lines.append(f"{verdict['what']:20}{numbers}{'  GROWN' if verdict['grown'] else ''}")
    return "\n".join(lines)
