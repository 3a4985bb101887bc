"""What the stages of a run took, learnt from the file that every job leaves: what to ask of a scheduler next time."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

# Column of a benchmark file -> the same quantity with its unit in its name.
MEASURED = {"s": "wall_s", "cpu_time": "cpu_s", "max_rss": "memory_mb"}
COLUMNS = ("rule", "jobs", "wall_s", "wall_s_max", "cpu_s", "cpu_s_total", "memory_mb_max")


def jobs(root: str | Path) -> pd.DataFrame:
    """One row per job below `root` (a results folder): rule, event, wall_s, cpu_s, memory_mb (peak, resident)."""
    rows = [row for path in sorted(Path(root).glob("*/benchmarks/*.tsv")) for row in _of(path)]
    return pd.DataFrame(rows, columns=["rule", "event", *MEASURED.values()])


def _of(path: Path) -> Iterator[tuple]:
    # A job too short to be sampled has "NA" or "-" for memory.
    read = pd.read_csv(path, sep="\t", na_values=["-", "NA"])
    rule, event = path.stem.partition("_")[0], path.parent.parent.name
    for row in read.to_dict("records"):
        yield rule, event, *(row.get(column, float("nan")) for column in MEASURED)


def by_rule(measured: pd.DataFrame) -> pd.DataFrame:
    """Per rule, costliest first: jobs, median and longest wall time (s), CPU time (s) per job and of all, peak memory
    (MB, resident) of the largest."""
    groups = measured.groupby("rule")
    out = pd.DataFrame(
        {
            "jobs": groups.size(),
            "wall_s": groups["wall_s"].median(),
            "wall_s_max": groups["wall_s"].max(),
            "cpu_s": groups["cpu_s"].median(),
            "cpu_s_total": groups["cpu_s"].sum(),
            "memory_mb_max": groups["memory_mb"].max(),
        }
    )
    return out.sort_values("cpu_s_total", ascending=False).round(1).reset_index()[list(COLUMNS)]


def summary(measured: pd.DataFrame) -> str:
    """A sentence: what an event took, and the memory of the largest job."""
    events = measured["event"].nunique()
    if not events:
        return "no costs: no job of this results folder was measured"
    cpu, wall = measured["cpu_s"].sum() / events, measured["wall_s"].sum() / events
    return (
        f"{events} events, {len(measured) / events:.0f} jobs each: {cpu / 60:.1f} CPU minutes and "
        f"{wall / 60:.1f} minutes one after the other per event; largest job {measured['memory_mb'].max():.0f} MB"
    )
