"""Named time intervals of an event: sheath, ejecta and its thirds, carried between spacecraft, cut out of data.

The table of intervals is tidy: one row per spacecraft and interval, columns COLUMNS, times in UTC (datetime64[ns]).
Intervals are half-open, [start, end), so that neighbours share no sample.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pipeline.config import Event


TIMES = ("start", "end", "start_low", "start_high", "end_low", "end_high")
COLUMNS = ("spacecraft", "interval", "start", "end", "origin")
THIRDS = ("ejecta_front", "ejecta_middle", "ejecta_rear")


def given_intervals(event: "Event", lags_s: dict[str, float]) -> pd.DataFrame:
    """Sheath, ejecta and ejecta thirds of every spacecraft of `event`.

    `lags_s` (s, positive: later than the reference) carries blank boundaries over from the reference spacecraft.
    `origin` is "given" where the event table holds the times, "carried" where the lag did. A spacecraft without
    times and without a lag has rows with missing times and origin "unknown".
    """
    rows = [row for crossing in event.crossings for row in _crossing_rows(event, crossing, lags_s)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    for column in ("start", "end"):
        table[column] = table[column].astype("datetime64[ns]")
    return table


def _crossing_rows(event, crossing, lags_s):
    origin, boundaries = _boundaries(event, crossing, lags_s)
    sheath_start, start, end = boundaries
    if event.reference.sheath_start is not None or crossing.sheath_start is not None:
        yield crossing.spacecraft, "sheath", sheath_start, start, origin
    yield crossing.spacecraft, "ejecta", start, end, origin
    edges = [start + (end - start) * k // 3 for k in range(4)]
    for name, lower, upper in zip(THIRDS, edges, edges[1:], strict=False):
        yield crossing.spacecraft, name, lower, upper, origin


def _boundaries(event, crossing, lags_s):
    def times(c):
        return [
            np.datetime64(t, "ns") if t is not None else np.datetime64("NaT", "ns")
            for t in (c.sheath_start, c.ejecta_start, c.ejecta_end)
        ]

    if crossing.has_times:
        return "given", times(crossing)
    lag_s = lags_s.get(crossing.spacecraft, np.nan)
    if not np.isfinite(lag_s):
        return "unknown", [np.datetime64("NaT", "ns")] * 3
    return "carried", [t + np.timedelta64(round(lag_s * 1e9), "ns") for t in times(event.reference)]


def of(table: pd.DataFrame, spacecraft: str) -> pd.DataFrame:
    """Rows of one spacecraft, in time order of the table."""
    return table[table["spacecraft"] == spacecraft].reset_index(drop=True)


def inside(
    time: np.ndarray,
    start: datetime | np.datetime64 | pd.Timestamp | str,
    end: datetime | np.datetime64 | pd.Timestamp | str,
) -> np.ndarray:
    """Boolean (time): samples with start <= time < end. All False where a boundary is missing (NaT)."""
    return (time >= pd.Timestamp(start).to_datetime64()) & (time < pd.Timestamp(end).to_datetime64())


def of_pair(table: pd.DataFrame, reference: str, other: str, lag_s: float) -> pd.DataFrame:
    """Regions of a pair, in the reference's time: its own rows, and the Alfvénic intervals found at `other`.

    The latter are carried back by `lag_s` and named after where they were seen ("alfvenic_1_wind").
    """
    own = table[table["spacecraft"] == reference]
    theirs = table[(table["spacecraft"] == other) & table["interval"].str.startswith("alfvenic_")].copy()
    if not np.isfinite(lag_s):
        theirs = theirs.iloc[:0]
    theirs["interval"] += f"_{other}"
    for column in theirs.columns.intersection(TIMES):
        theirs[column] -= np.timedelta64(round(np.nan_to_num(lag_s) * 1e9), "ns")
    return pd.concat([own, theirs], ignore_index=True)


def mask(time: np.ndarray, table: pd.DataFrame, name: str) -> np.ndarray:
    """Boolean (time): samples in any row of `table` called `name`; "quiet" may come in several pieces."""
    selected = np.zeros(len(time), bool)
    named = table["interval"].to_numpy() == name
    for start, end in zip(table["start"][named], table["end"][named], strict=True):
        selected |= inside(time, start, end)
    return selected


def write(table: pd.DataFrame, path: str | Path) -> None:
    """The table as CSV with ISO times."""
    from pipeline.provenance import whole_file

    with whole_file(path) as part:
        table.to_csv(part, index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ")


def read(path: str | Path) -> pd.DataFrame:
    """A table written by `write`, with its times as datetime64[ns] in UTC."""
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    texts = table.select_dtypes(exclude="number").columns.difference(TIMES)
    table[texts] = table[texts].fillna("")
    for column in table.columns.intersection(TIMES):
        table[column] = pd.to_datetime(table[column]).dt.tz_localize(None).astype("datetime64[ns]")
    return table
