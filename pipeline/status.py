"""How far every event of a run came, and why no farther: the table status.csv.

A stage that fails leaves its sentence beside the file that it did not make (`watch`); `table` reads those sentences,
the manifests and the coverage of the ejecta. It looks only at files, so it can be made after any run, anywhere.
"""

import json
import math
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.provenance import write_json

if TYPE_CHECKING:  # every job calls `watch`, and a download needs no pandas
    import pandas as pd

STAGES = ("fetch", "load", "resample", "lag", "intervals", "diagnose", "correlate", "tabulate", "draw", "report")
SUFFIX = ".failed.json"
COLUMNS = ("event", "status", "stage", "where", "reason")
ENOUGH = 0.5  # of the ejecta, below which an event counts as partial
KINDS = ("field", "plasma")
QUANTITIES = {"coverage_b": "field", "coverage_v": "velocity"}


def watch(stage: str, output: str | Path) -> None:
    """From here on, an error that ends this process is noted beside `output`; an older note is taken away.

    `stage` is one of STAGES, perhaps behind the prefix and underscore of a workflow that uses this one as a module.
    """
    note = Path(f"{output}{SUFFIX}")
    note.unlink(missing_ok=True)
    before = sys.excepthook

    def hook(kind, error, trace):
        reason = " ".join(traceback.format_exception_only(kind, error)[-1].split())
        write_json({"stage": stage.rpartition("_")[2], "reason": reason}, note)
        before(kind, error, trace)

    sys.excepthook = hook


def table(root: str | Path, events: dict, last_stage: str = "report") -> "pd.DataFrame":
    """One row per event: done, partial, no data, failed (at which stage, of what, why) or not run.

    `events`: name -> Event of the table of events. `last_stage`: "tabulate" for runs that end with tables.
    """
    import pandas as pd

    rows = [_row(Path(root) / name, event, last_stage) for name, event in events.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(folder: Path, event, last_stage: str) -> tuple:
    last = folder / ("report.html" if last_stage == "report" else "tables/intervals.csv")
    failures = sorted(_failures(folder, event, last), key=lambda failure: STAGES.index(failure[0]))
    if failures:
        stage, where, _ = failures[0]
        absent = _absent(folder, event)
        if absent:  # whatever then broke, broke on that
            return event.name, "no data", stage, ", ".join(event.spacecraft), absent
        reason = "; ".join(dict.fromkeys(reason for _, _, reason in failures))
        return event.name, "failed", stage, where, reason
    if not last.is_file():
        stage, where = _reached(folder, event)
        reason = f"{stage} made nothing and left no word: not run yet, killed, or out of memory or time"
        return event.name, "not run", stage, where, reason
    return event.name, *_judged(folder, event)


def _absent(folder: Path, event) -> str:
    """Why no spacecraft has a file of any kind; empty where one has, or where not all were asked for."""
    paths = [folder / name / "files.json" for name in event.spacecraft]
    if not all(path.is_file() for path in paths):
        return ""
    manifests = [json.loads(path.read_text("utf-8")) for path in paths]
    if any(manifest[kind]["product"] for manifest in manifests for kind in KINDS):
        return ""
    return "; ".join(
        f"{name}: no {kind}: {manifest[kind]['reason']}"
        for name, manifest in zip(event.spacecraft, manifests, strict=True)
        for kind in KINDS
    )


def _failures(folder: Path, event, last: Path):
    """(stage, spacecraft or pair, reason) of every note whose file is still not there.

    A note that is older than the `last` file of the event is of a result that is no longer asked for.
    """
    made_ns = last.stat().st_mtime_ns if last.is_file() else 0
    places = {*event.spacecraft, *("-".join(pair) for pair in event.pairs)}
    for note in folder.rglob(f"*{SUFFIX}"):
        if not Path(str(note).removesuffix(SUFFIX)).exists() and note.stat().st_mtime_ns >= made_ns:
            content = json.loads(note.read_text("utf-8"))
            yield content["stage"], note.parent.name if note.parent.name in places else "", content["reason"]


def _reached(folder: Path, event) -> tuple[str, str]:
    """First stage whose file is missing, and of which spacecraft or pair."""
    single = (("fetch", "files.json"), ("load", "raw.nc"), ("resample", "uniform.nc"))
    wanted = [(stage, name, folder / name / file) for stage, file in single for name in event.spacecraft]
    wanted += [("lag", f"{a}-{b}", folder / f"{a}-{b}" / "lag.nc") for a, b in event.pairs]
    wanted += [("intervals", "", folder / "intervals.csv"), ("tabulate", "", folder / "tables" / "intervals.csv")]
    return next(((stage, where) for stage, where, path in wanted if not path.is_file()), ("report", ""))


def _judged(folder: Path, event) -> tuple[str, str, str, str]:
    """done, partial or no data, by what the ejecta was seen with at each spacecraft."""
    import pandas as pd

    ejecta = pd.read_csv(folder / "tables" / "intervals.csv").query("interval == 'ejecta'").set_index("spacecraft")
    lacks, seen = [], 0
    for name in event.spacecraft:
        for column, quantity in QUANTITIES.items():
            share = float(ejecta[column].get(name, math.nan))
            seen += share > 0
            if not share >= ENOUGH:
                lacks.append((name, _lack(folder, name, quantity, share)))
    if not lacks:
        return "done", "", "", ""
    where = ", ".join(dict.fromkeys(name for name, _ in lacks))
    return "partial" if seen else "no data", "", where, "; ".join(reason for _, reason in lacks)


def _lack(folder: Path, spacecraft: str, quantity: str, share: float) -> str:
    """Why a spacecraft has little of a quantity in the ejecta."""
    kind = "field" if quantity == "field" else "plasma"
    manifest = json.loads((folder / spacecraft / "files.json").read_text("utf-8"))[kind]
    if not manifest["product"]:
        return f"{spacecraft}: no {kind}: {manifest['reason'] or 'no file'}"
    if math.isnan(share):
        return f"{spacecraft}: boundaries of the ejecta are not known"
    return f"{spacecraft}: {quantity} in {100 * share:.0f} % of the ejecta"


def counts(statuses: "pd.DataFrame") -> str:
    """A sentence: how many events are how far."""
    numbers = statuses["status"].value_counts()
    parts = [
        f"{numbers[name]} {name}" for name in ("done", "partial", "no data", "failed", "not run") if name in numbers
    ]
    return f"{len(statuses)} event{'' if len(statuses) == 1 else 's'}: {', '.join(parts)}"


def sentences(statuses: "pd.DataFrame", most: int = 10) -> list[str]:
    """A line for every event that is not done, `most` of them: what is wrong, where, and why."""
    wrong = statuses[statuses["status"] != "done"]
    lines = [_sentence(row) for row in wrong.head(most).itertuples()]
    return [*lines, *([f"... and {len(wrong) - most} more"] if len(wrong) > most else [])]


def _sentence(row) -> str:
    place = ", ".join(part for part in (row.stage, row.where) if part)
    return f"{row.event}: {row.status}{f' ({place})' if place else ''}: {row.reason}"
