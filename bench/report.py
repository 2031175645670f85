"""A row of the budget table, and how the table is printed."""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    what: str
    value: float | None          # in `unit`; the less the better, unless `more_is_better`
    unit: str = ""
    must: float | None = None    # None: there is no budget for it
    stretch: float | None = None
    more_is_better: bool = False
    detail: str = ""             # what the figure is made of
    void: str = ""               # why it says nothing about its budget; "" = it does

    def meets(self, limit):
        if self.value is None or limit is None:
            return False
        return self.value >= limit if self.more_is_better else self.value <= limit

    def verdict(self):
        if self.value is None:
            return "no figure"
        if self.must is None:
            return ""
        if self.void:
            return "VOID: " + self.void
        if self.meets(self.stretch):
            return "stretch"
        return "met" if self.meets(self.must) else "MISSED"


def number(value, unit=""):
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{' ' + unit if unit else ''}"


def spread(values, unit=""):
    """The median, and the range of several runs."""
    values = list(values)
    if not values:
        return "–"
    return (f"{number(statistics.median(values), unit)} "
            f"({number(min(values))}–{number(max(values))})")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def print_table(rows):
    def limit(row, value):
        if value is None:
            return ""
        return ("≥ " if row.more_is_better else "≤ ") + number(value)
    cells = [("what", "measured", "must", "stretch", "", "made of")]
    cells += [(row.what, number(row.value, row.unit), limit(row, row.must),
               limit(row, row.stretch), row.verdict(), row.detail) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)) + "  " + line[5])


def as_json(rows):
    return [dataclasses.asdict(row) | {"verdict": row.verdict()} for row in rows]
