"""The study of many: what the tables of all events say together, each number with its interval and its count.

Reads the results of a run: catalogue/*.csv, and per event the running series for the superposed epoch. Events are the
unit everywhere: samples of one event are not independent, so intervals come from drawing events.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import provenance
from pipeline.stats import meta
from pipeline.stats.seeds import generator

COLUMNS = ("quantity", "region", "subset", "n_events", "value", "low", "high", "published", "source")
REGIONS = ("sheath", "ejecta")
METHOD = "running_mean"
GOOD = "Good et al. (2022): 176 sheaths, 226 flux ropes, Wind 1995 to 2015, 1 to 10 mHz"
SCOLINI = "Scolini et al. (2024): ten events"
# What was published for many events: quantity, region -> value. The band and the choice of events are not ours.
PUBLISHED = {
    ("sigma_c_rectified", "sheath"): (0.24, GOOD),
    ("sigma_c_rectified", "ejecta"): (0.18, GOOD),
    ("extended", "sheath"): (0.65, SCOLINI),
    ("extended", "ejecta"): (0.90, SCOLINI),
}
PHASES = np.linspace(-1, 2, 31)  # edges; -1, 0 and 1 are the starts of sheath and ejecta, and the ejecta's end
EPOCH_COLUMNS = ("spacecraft", "quantity", "phase", "n_events", "mean", "low", "high")
RUNNING = ("sigma_c_rectified_running", "sigma_r_running", "db_over_b_running")


def study(folder: str | Path, chosen: Collection[str] | None = None) -> pd.DataFrame:
    """All numbers over the events below `folder` (a results root), one per row (COLUMNS).

    chosen: names of the tables that count; an earlier run may have left others. None: all that are there.
    """
    read = {name: of_all(folder, name, chosen) for name in ("occurrence", "alfvenicity", "correlation", "contrast")}
    rng = generator("all", "population", 1)
    rows = [*occurrence(read["occurrence"]), *distributions(read["alfvenicity"], rng)]
    rows += [*coherence(correlations(read["correlation"], folder), rng), *differences(read["contrast"])]
    return pd.DataFrame(rows, columns=COLUMNS)


def of_all(folder: str | Path, name: str, chosen: Collection[str] | None = None) -> pd.DataFrame:
    """Table `name` over all events; without rows where it is not there or not among the `chosen`."""
    left_out = chosen is not None and name not in chosen
    return pd.DataFrame() if left_out else table(Path(folder) / "catalogue" / f"{name}.csv")


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""]) if path.is_file() else pd.DataFrame()


def _row(quantity, region, subset, n, numbers):
    value, low, high = numbers
    published, source = PUBLISHED.get((quantity, region), (np.nan, ""))
    return quantity, region, subset, n, value, low, high, published, source


def occurrence(table: pd.DataFrame) -> Iterator[tuple]:
    """Shares of structures with Alfvénic intervals at all, and with extended ones, per region and spacecraft."""
    if not len(table):
        return
    judged = table[table["alfvenic_fraction"].notna() & table["interval"].isin(REGIONS)]
    for (region, spacecraft), rows in judged.groupby(["interval", "spacecraft"]):
        has = int((rows["alfvenic_fraction"] > 0).sum())
        yield _row("with_alfvenic", region, spacecraft, len(rows), meta.share(has, len(rows)))
        extended = int((rows["extended"].astype(str) == "True").sum())
        yield _row("extended", region, spacecraft, len(rows), meta.share(extended, len(rows)))


def distributions(table: pd.DataFrame, rng: np.random.Generator) -> Iterator[tuple]:
    """Means over events of cross helicity and residual energy in sheaths and ejecta, per spacecraft."""
    if not len(table):
        return
    chosen = table[(table["method"] == METHOD) & table["interval"].isin(REGIONS)]
    for (region, spacecraft), rows in chosen.groupby(["interval", "spacecraft"]):
        for quantity in ("sigma_c_rectified", "sigma_r"):
            values = rows[quantity].to_numpy(float)
            yield _row(quantity, region, spacecraft, np.isfinite(values).sum(), meta.mean_interval(values, rng))


def correlations(table: pd.DataFrame, folder: str | Path) -> pd.DataFrame:
    """Per pair and event: correlation over the ejecta (by the mean artanh r of the components), separation (au)."""
    columns = ["event", "first", "second", "r", "distance_au", "angle_deg"]
    if not len(table):
        return pd.DataFrame(columns=columns)
    rows = []
    chosen = table[(table["interval"] == "ejecta") & table["quantity"].isin(["b_x", "b_y", "b_z"])]
    for (event, first, second), group in chosen.groupby(["event", "first", "second"], sort=False):
        lag = provenance.read(Path(folder) / event / f"{first}-{second}" / "lag.nc")
        r = float(np.tanh(np.arctanh(group["r"].clip(-0.999999, 0.999999)).mean()))
        rows.append((event, first, second, r, float(lag["distance_au"][0]), float(lag["angle_deg"][0])))
    return pd.DataFrame(rows, columns=columns)


def coherence(pairs: pd.DataFrame, rng: np.random.Generator, draws: int = 1000) -> Iterator[tuple]:
    """Scale length L (au) of r = exp(-d / L) over pairs, and slope of r (1/au), intervals by drawing pairs.

    The law has r = 1 where there is no separation, so all that lowers every r, noise, waves that are not shared, errors
    of the lag, looks like a short L. A decay is told only where r falls among the pairs themselves: unless the interval
    of the slope lies below zero, that of L is open above.
    """
    d, r = pairs["distance_au"].to_numpy(float), pairs["r"].to_numpy(float)
    d, r = d[np.isfinite(d * r)], r[np.isfinite(d * r)]
    length, slope = meta.scale_length(d, r), _slope(d, r)
    about = ("ejecta", "b_x, b_y, b_z", d.size)
    if not np.isfinite(length):
        yield _row("scale_length_au", *about, (np.nan, np.nan, np.nan))
        return
    picks = rng.integers(0, d.size, (draws, d.size))
    slopes = np.percentile([_slope(d[pick], r[pick]) for pick in picks], [2.5, 97.5])
    # A draw without a length is one without decay: the interval is open above if there are many.
    lengths = np.nan_to_num([meta.scale_length(d[pick], r[pick]) for pick in picks], nan=np.inf)
    low, high = np.percentile(lengths, [2.5, 97.5], method="nearest")
    yield _row("scale_length_au", *about, (length, low, high if slopes[1] < 0 else np.inf))
    yield _row("r_slope_per_au", *about, (slope, *slopes))


def _slope(d: np.ndarray, r: np.ndarray) -> float:
    """Slope of the straight line through r(d) by least squares; 0 where all d are the same, which tells of none."""
    apart = d - d.mean() if d.size else d
    spread = np.sum(apart**2)
    return float(np.sum(apart * r) / spread) if spread > 0 else 0.0


def differences(table: pd.DataFrame) -> Iterator[tuple]:
    """Random-effects mean of delta r (Alfvénic minus the rest of the ejecta) per component, and its spread."""
    if not len(table):
        return
    kinds = table["interval"].astype(str)
    together = set(table.loc[kinds == "alfvenic", "event"])
    single = kinds.str.startswith("alfvenic_") & ~table["event"].isin(together)
    chosen = table[(kinds == "alfvenic") | single]
    chosen = chosen[chosen.get("scale", "all") == "all"] if "scale" in chosen else chosen
    for quantity, rows in chosen.groupby("quantity"):
        first = rows.drop_duplicates("event")
        # ASSUME: half the width of the 95 % interval over 1.96 stands for the standard error.
        error = (first["delta_r_ci_high"] - first["delta_r_ci_low"]).to_numpy(float) / (2 * 1.959964)
        effect = first["delta_r"].to_numpy(float)
        found, spread = meta.random_effects(effect, error**2), meta.spread_interval(effect, error**2)
        yield _row("delta_r", "alfvenic", quantity, found.n, (found.mean, found.low, found.high))
        yield _row("delta_r_tau", "alfvenic", quantity, found.n, (found.tau, *spread))


def epochs(folder: str | Path, chosen: Collection[str] | None = None) -> pd.DataFrame:
    """Superposed epochs of the running series of every spacecraft (EPOCH_COLUMNS); `chosen` as of `study`.

    The tables say which events belong to the study: a results folder may hold others, of earlier tables of events.
    """
    listed, rows = of_all(folder, "alfvenicity", chosen), []
    for name in dict.fromkeys(listed["spacecraft"]) if len(listed) else ():
        rows += epoch(folder, name, sorted(set(listed["event"])))
    return pd.DataFrame(rows, columns=EPOCH_COLUMNS)


def epoch(folder: str | Path, spacecraft: str, events: list[str]) -> Iterator[tuple]:
    """Superposed epoch of the running series of one spacecraft: mean over events and its interval, per phase.

    Phase -1 to 0 is the sheath, 0 to 1 the ejecta, each over its own duration, 1 to 2 what follows, over the ejecta's:
    sheaths are not in proportion to their ejecta, and would be mixed with the wind before them. An event gives a phase
    the mean of its samples there, so that long events count no more than short ones; without a sheath it gives none
    before 0. The intervals hold phase by phase, not for the whole curve at once.
    """
    stacks = {name: [] for name in RUNNING}
    for series, edges in _running(Path(folder), spacecraft, events):
        phase = phases(series["time"].values, *edges)
        for name in RUNNING:
            stacks[name].append(by_phase(phase, series[name].values))
    rng, centres = generator("all", "population", 2), (PHASES[:-1] + PHASES[1:]) / 2
    for name, stack in stacks.items():
        for centre, values in zip(centres, np.reshape(stack, (-1, centres.size)).T, strict=True):
            numbers = meta.mean_interval(values, rng, draws=1000)
            yield spacecraft, name.removesuffix("_running"), centre, np.isfinite(values).sum(), *numbers


def phases(time: np.ndarray, sheath_start: np.datetime64, start: np.datetime64, end: np.datetime64) -> np.ndarray:
    """Phase of each time (see `epoch`); NaN before the ejecta where no sheath is known (NaT)."""
    inside = (time - start) / (end - start)
    before = np.full(time.size, np.nan) if np.isnat(sheath_start) else (time - start) / (start - sheath_start)
    return np.where(time < start, before, inside)


def _running(folder: Path, spacecraft: str, events: list[str]):
    """(running series, boundaries) of every event that has both."""
    for event in events:
        path = folder / event / spacecraft / "alfvenicity.nc"
        edges = boundaries(folder / event / "intervals.csv", spacecraft) if path.is_file() else None
        if edges is not None:
            yield provenance.read(path), edges


def boundaries(path: str | Path, spacecraft: str) -> tuple[np.datetime64, np.datetime64, np.datetime64] | None:
    """Start of the sheath (NaT where there is none), start and end of the ejecta at one spacecraft.

    None where those of the ejecta are not known.
    """
    from pipeline import intervals

    rows = intervals.of(intervals.read(path), spacecraft)
    sheath, ejecta = (rows[rows["interval"] == name] for name in REGIONS)
    if not len(ejecta) or ejecta[["start", "end"]].isna().any(axis=None):
        return None
    first = sheath["start"].iloc[0].to_datetime64() if len(sheath) else np.datetime64("NaT", "ns")
    return first, ejecta["start"].iloc[0].to_datetime64(), ejecta["end"].iloc[0].to_datetime64()


def by_phase(phase: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of `values` (time) in each phase bin; NaN where a bin holds none."""
    there = np.isfinite(values) & np.isfinite(phase)
    which = np.digitize(phase[there], PHASES) - 1
    inside = (which >= 0) & (which < len(PHASES) - 1)
    total = np.bincount(which[inside], values[there][inside], len(PHASES) - 1)
    count = np.bincount(which[inside], minlength=len(PHASES) - 1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
