"""The table of events, the lines that gave none, and both in words."""

import csv
from collections.abc import Collection
from itertools import pairwise
from pathlib import Path

from pipeline.catalogues.rows import Catalogue, Row, Table
from pipeline.config import COLUMNS
from pipeline.provenance import whole_file

MOST_TOLD = 10  # lines of one kind in a message


def write(table: Table, events: str | Path, left_out: str | Path) -> None:
    """The table of events, and beside it the lines that gave none, each with its reason."""
    _write_csv(events, COLUMNS, (_cells(row) for rows in table.events for row in rows))
    _write_csv(
        left_out, ("line", "event", "kind", "reason"), ((o.line, o.event, o.kind, o.reason) for o in table.left_out)
    )


def _cells(row: Row) -> tuple:
    times = (row.sheath_start, row.ejecta_start, row.ejecta_end)
    return row.event, row.spacecraft, *("" if t is None else t.isoformat(timespec="auto") for t in times), row.note


def keep(events: str | Path, names: Collection[str], output: str | Path) -> None:
    """Write those rows of a table of events that belong to `names`, each as it stands."""
    with open(events, encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    _write_csv(output, header, [row for row in rows if row and row[0].strip() in names])


def _write_csv(path, header, rows):
    with whole_file(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def summary(catalogue: Catalogue, table: Table) -> str:
    """What became of the lines, in a few sentences."""
    kinds = [out.kind for out in table.left_out]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    pairs, n = sum(len(rows) > 1 for rows in table.events), len(table.events)
    text = f"{n} event{'' if n == 1 else 's'} ({pairs} with more than one spacecraft) from {catalogue.source}"
    malformed = [f"malformed, line {o.line}: {o.reason}" for o in table.left_out if o.kind == "malformed"]
    lines = [*_most(malformed), *_most(_overlaps(table))]
    return "\n".join([f"{text}; left out: {counts or 'none'}", *(f"  {line}" for line in lines)])


def _most(lines: list[str]) -> list[str]:
    return [*lines[:MOST_TOLD], *([f"and {len(lines) - MOST_TOLD} more"] if len(lines) > MOST_TOLD else [])]


def _overlaps(table: Table) -> list[str]:
    """Events that begin before the one before has ended: their samples count twice in a study of many."""
    references = [rows[0] for rows in table.events]
    return [
        f"overlap, {later.event} starts before {earlier.event} ends: kept, and counted as two"
        for earlier, later in pairwise(references)
        if earlier.spacecraft == later.spacecraft and later.ejecta_start < earlier.ejecta_end
    ]
