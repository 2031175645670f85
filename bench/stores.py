"""What a long conversation costs beside a short one, and a full store beside an empty one.

One real turn is made through the server; its rows are then copied in SQLite, with the server
stopped, because making a million of them over HTTP would take longer than all other benchmarks.
"""

import contextlib
import json
import os
import pathlib
import sqlite3
import statistics
import time

import life
import systems
from report import Row, number

MANY_TURNS = 5000           # two messages each
MANY_INTERACTIONS = 1_000_000


# Copies ------------------------------------------------------------------------------------------

def columns(store, table, changed):
    """SELECT's list of a table's columns, with SQL instead of some."""
    names = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    return ", ".join(names), ", ".join(changed.get(name, f"t.{name}") for name in names)


def numbers(count, first):
    return (f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n"
            f" WHERE i < {first + count - 1}) ")


def copy(store, table, where, count, first, changed):
    into, values = columns(store, table, changed)
    store.execute(f"{numbers(count, first)} INSERT INTO {table}({into})"
                  f" SELECT {values} FROM n, {table} t WHERE {where}")


def add_turns(store, interaction, count):
    """The interaction's first turn, again and again: its runs and messages, without their deltas."""
    copy(store, "runs", f"t.interaction_id = x'{interaction}' AND t.turn = 1", count, 2,
         {"id": "randomblob(16)", "turn": "i", "first_seq": "t.last_seq * (i - 1) + 1",
          "last_seq": "t.last_seq * i", "compacted": "1"})
    copy(store, "messages", f"t.interaction_id = x'{interaction}' AND t.turn = 1", count, 2,
         {"id": "randomblob(16)", "turn": "i",
          "run_id": f"(SELECT id FROM runs r WHERE r.interaction_id = x'{interaction}'"
                    " AND r.turn = i)",
          "seq": "t.seq + i * 100"})
    store.execute(f"UPDATE interactions SET turns = ?, last_seq = last_seq * ?, compacted_to ="
                  f" last_seq * ? WHERE id = x'{interaction}'", (count + 1, count + 2, count + 2))


def add_interactions(store, interaction, count):
    """As many more, each with that one's first turn; ids that follow from each other."""
    def made(tag):
        return f"unhex_id({tag}, i)"
    store.create_function("unhex_id", 2, lambda tag, i: bytes([tag]) * 6 + i.to_bytes(10, "big"))
    of_first_turn = f"t.interaction_id = x'{interaction}' AND t.turn = 1"
    copy(store, "interactions", f"t.id = x'{interaction}'", count, 1,
         {"id": made(1), "turns": "1",
          "last_seq": f"(SELECT last_seq FROM runs t WHERE {of_first_turn})"})
    copy(store, "runs", of_first_turn, count, 1,
         {"id": made(2), "interaction_id": made(1), "compacted": "1"})
    copy(store, "messages", of_first_turn, count, 1,
         {"id": "unhex_id(iif(t.role = 'user', 3, 4), i)", "interaction_id": made(1),
          "run_id": made(2)})


# Measuring ---------------------------------------------------------------------------------------

@contextlib.contextmanager
def served_again(tools, system):
    """The same data, with the server started anew; a System like the first."""
    config = pathlib.Path(system.data) / "bench.json"
    with open(os.devnull, "w", encoding="utf-8") as log:
        process, base = systems.serve(tools, config, system.data, log)
        try:
            yield systems.System(process, base + "/api/stream/stream-conversation", [], base,
                                 system.key, system.data)
        finally:
            systems.stop(process)


def request(connection, system, method, path, body=None):
    headers = {"X-API-Key": system.key}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise OSError(f"{method} {path}: {answer.status} {text[:200]!r}")
    return text


def median_ms(connection, system, count, method, path, body=None):
    times = []
    for turn in range(count + 5):
        begun = time.perf_counter()
        request(connection, system, method, path, body)
        if turn >= 5:  # the first ones fill caches
            times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def costs(system, interaction, count):
    """Median milliseconds of what a client does with an interaction."""
    connection = life.connect(system.base)
    base = f"/api/interactions/{interaction}"
    made = {"read": median_ms(connection, system, count, "GET", base),
            "newest messages": median_ms(connection, system, count, "GET",
                                         base + "/messages?limit=10"),
            "list": median_ms(connection, system, count, "GET", "/api/interactions?limit=10"),
            "snapshot": median_ms(connection, system, count, "GET", base + "/events?snapshot=1")}
    connection.close()
    return made


def new_interaction(system):
    stream = life.Stream(system)
    stream.read_until('"type":"complete"')
    stream.close()
    return stream.interaction()


def change(system, made):
    path = os.path.join(system.data, "patchbay.db")
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA synchronous = OFF")
        made(store)
        store.commit()


def turn_ms(system, interaction, count):
    connection = life.connect(system.base)
    took = median_ms(connection, system, count, "POST", "/api/stream/stream-conversation",
                     {"message": "go", "interaction_id": interaction})
    connection.close()
    return took


def beside(few, many):
    return max(many[name] / few[name] for name in few)


def words(few, many):
    return ", ".join(f"{name} {number(few[name])} → {number(many[name])} ms" for name in few)


def rows(tools, interactions=MANY_INTERACTIONS, count=100):
    with systems.fake_upstream(tools, 1, 1) as upstream, \
            systems.governed(upstream.url, tools) as system:
        short, long = new_interaction(system), new_interaction(system)
        systems.stop(system.process)
        change(system, lambda store: (add_turns(store, short.replace("-", ""), 4),
                                      add_turns(store, long.replace("-", ""), MANY_TURNS - 1)))
        with served_again(tools, system) as again:
            few = costs(again, short, count)
            many = costs(again, long, count)
            turns = turn_ms(again, short, count), turn_ms(again, long, count)
        conversation = Row("opening an interaction with 10,000 messages, beside one with 10",
                           beside(few, many), "×", 2, 1, detail=words(few, many))
        next_turn = Row("the next turn with 10,000 messages, beside 10", turns[1] / turns[0], "×",
                        detail=f"{number(turns[0])} → {number(turns[1])} ms, two syncs of the disk "
                               "included; its prompt carries as many messages as fit the model's "
                               "window, here all of them")
        with served_again(tools, system) as again:
            for _ in range(7):
                new_interaction(again)
            fresh = new_interaction(again)
            empty = costs(again, fresh, count)
        begun = time.perf_counter()
        change(system, lambda store: add_interactions(store, fresh.replace("-", ""), interactions))
        filled_s = time.perf_counter() - begun
        os.sync()  # else the kernel writes while we measure
        begun = time.perf_counter()
        with served_again(tools, system) as again:
            started_ms = (time.perf_counter() - begun) * 1000
            full = costs(again, new_interaction(again), count)
        size = os.path.getsize(os.path.join(system.data, "patchbay.db")) / 2**20
        store_row = Row(f"a store with {interactions:,} interactions beside one with 10",
                        beside(empty, full), "×", None, None,
                        detail=f"{words(empty, full)}; start {number(started_ms)} ms; "
                               f"{size:,.0f} MiB, filled in {filled_s:.0f} s")
    return [conversation, next_turn, store_row]
