"""What a reader must know before using the numbers of an event: gaps, fallbacks, carried boundaries, missing values."""

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.style import SHADES, display, known
from pipeline.intervals import inside, of
from pipeline.provenance import whole_file
from pipeline.report.numbers import number

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.results import EventResults


LOW_COVERAGE = 0.8  # a number from less than this much of its interval is worth a warning
KINDS = ("field", "plasma")
WARNINGS = "warnings.txt"
MOST_EVENTS, MOST_LINES, WIDTH = 5, 6, 160  # of a run's log; the pages have them all


def cautions(results: "EventResults") -> list[str]:
    """Warnings in sentences, in the order in which the work was done: files, data, boundaries, lag, results."""
    found = []
    for spacecraft in results.spacecraft:
        found += [*_files(results, spacecraft), *_data(results, spacecraft), *_boundaries(results, spacecraft)]
    for pair in results.pairs:
        found += _lag(results, *pair)
    for name in results.tables:
        found += _reasons(results, name)
    return found


def write(results: "EventResults", path: str | Path) -> None:
    """The warnings of an event as text, a line each: what a run's log shows without reading the results again."""
    with whole_file(path) as part:
        part.write_text("".join(f"{' '.join(text.split())}\n" for text in cautions(results)), encoding="utf-8")


def of_run(root: str | Path, statuses: "pd.DataFrame") -> list[str]:
    """Lines for the end of a run's log: warnings of the first few events of `statuses` (status.table) with a report."""
    reported = [name for name in statuses["event"] if Path(root, name, WARNINGS).is_file()]
    lines = []
    for name in reported[:MOST_EVENTS]:
        found = Path(root, name, WARNINGS).read_text(encoding="utf-8").splitlines()
        if found:
            some = f", the first {MOST_LINES} here" if len(found) > MOST_LINES else ""
            page = f"{root}/{name}/report.html"
            lines.append(f"{name}: {len(found)} warning{'' if len(found) == 1 else 's'}{some}, see {page}")
            lines += [f"  {textwrap.shorten(text, WIDTH, placeholder=' ...')}" for text in found[:MOST_LINES]]
    more = len(reported) - MOST_EVENTS
    return lines + ([f"... and the warnings of {more} more events in their reports"] if more > 0 else [])


def _files(results, spacecraft):
    manifest = results.files(spacecraft)
    for kind in KINDS:
        entry = manifest.get(kind) or {}
        who = f"{display(spacecraft)}, {kind}"
        if not entry.get("files"):
            reason = f" ({entry['reason']})" if entry.get("reason") else ""
            yield f"{who}: no file was found{reason}; everything that needs it is missing."
        if entry.get("files") and entry.get("tried"):
            tried = "; ".join(f"{each['product']}: {each['reason']}" for each in entry["tried"])
            yield f"{who}: {entry['product']} was used, because what is preferred has no file ({tried})."
        if entry.get("files") and entry.get("absent"):
            days = ", ".join(f"{day['day']} ({day['reason']})" for day in entry["absent"])
            yield f"{who}: {entry['product']} has no file for {days}."


def _data(results, spacecraft):
    ds = results.uniform(spacecraft)
    removed = json.loads(ds.attrs.get("removed", "{}"))
    for reason in dict.fromkeys(why for reasons in removed.values() for why in reasons if why != "fill"):
        counts = [f"{reasons[reason]} of {name}" for name, reasons in removed.items() if reasons.get(reason)]
        if counts:
            yield f"{display(spacecraft)}: samples removed ({reason}): {', '.join(counts)}."
    yield from _gaps(results, spacecraft, ds)
    if "alpha_ratio" in ds and not np.isfinite(ds["alpha_ratio"]).any():
        yield f"{display(spacecraft)}: no alpha particles were measured; the mass density is not a measured one."


def _gaps(results, spacecraft, ds):
    """Density and temperature inside sheath and ejecta; field and velocity are in the table of intervals."""
    for row in known(of(results.intervals, spacecraft)).itertuples():
        selected = inside(ds["time"].values, row.start, row.end)
        if row.interval not in SHADES or not selected.any():
            continue
        for name, what in (("n", "density"), ("temperature", "temperature")):
            share = float(np.isfinite(ds[name].values[selected]).mean())
            if share < LOW_COVERAGE:
                yield f"{display(spacecraft)}, {display(row.interval)}: {100 * share:.0f} % of the {what} is there."


def _boundaries(results, spacecraft):
    rows = results.intervals
    rows = rows[(rows["spacecraft"] == spacecraft) & (rows["interval"] == "ejecta")]
    for row in rows.itertuples():
        if row.origin == "carried":
            yield f"{display(spacecraft)}: boundaries were not given; they were carried over by the measured lag."
        if row.origin == "unknown":
            yield f"{display(spacecraft)}: boundaries are unknown; every value of an interval is missing."
    if "intervals" not in results.tables:
        return
    table = results.table("intervals")
    for row in table[table["spacecraft"] == spacecraft].to_dict("records"):
        for column, what in (("coverage_b", "field"), ("coverage_v", "velocity")):
            value = row.get(column, np.nan)
            if np.isfinite(value) and value < LOW_COVERAGE:
                yield f"{display(spacecraft)}, {display(row['interval'])}: {100 * value:.0f} % of the {what} is there."


def _lag(results, first, second):
    lag = results.pair("lag", first, second)
    lag_s, edge = float(lag["lag_s"]), float(np.abs(lag["lag"]).max())
    who = f"{display(first)} and {display(second)}"
    if np.isfinite(lag_s) and abs(lag_s) >= edge - float(np.diff(lag["lag"].values[:2])[0]):
        yield f"{who}: the lag lies at the end of the search range of {number(edge / 60)} min; widen lag.search_s."


def _reasons(results, name):
    """One sentence per reason and table, with the rows that it is about."""
    table = results.table(name)
    if "reason" not in table:
        return
    rows = table[table["reason"] != ""]
    keys = [c for c in ("spacecraft", "first", "second", "interval", "quantity", "method", "scale") if c in rows]
    for reason, group in rows.groupby("reason", sort=False):
        subjects = dict.fromkeys(", ".join(str(row[k]) for k in keys) for row in group.to_dict("records"))
        listed = list(subjects)[:4]
        more = f" and {len(subjects) - 4} more" if len(subjects) > 4 else ""
        yield f"Table {name}: {reason} ({'; '.join(listed)}{more})."
