"""Named time intervals of an event: sheath, ejecta and its thirds, carried between spacecraft, cut out of data.

The table of intervals is tidy: one row per spacecraft and interval, columns COLUMNS, times in UTC (datetime64[ns]).
Intervals are half-open, [start, end), so that neighbours share no sample.
"""

import numpy as np
import pandas as pd

COLUMNS = ("spacecraft", "interval", "start", "end", "origin")
THIRDS = ("ejecta_front", "ejecta_middle", "ejecta_rear")


def given_intervals(event, lags_s: dict[str, float]) -> pd.DataFrame:
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
        return [np.datetime64(t, "ns") if t is not None else np.datetime64("NaT", "ns")
                for t in (c.sheath_start, c.ejecta_start, c.ejecta_end)]

    if crossing.has_times:
        return "given", times(crossing)
    lag_s = lags_s.get(crossing.spacecraft, np.nan)
    if not np.isfinite(lag_s):
        return "unknown", [np.datetime64("NaT", "ns")] * 3
    return "carried", [t + np.timedelta64(round(lag_s * 1e9), "ns") for t in times(event.reference)]


def of(table: pd.DataFrame, spacecraft: str) -> pd.DataFrame:
    """Rows of one spacecraft, in time order of the table."""
    return table[table["spacecraft"] == spacecraft].reset_index(drop=True)


def inside(time: np.ndarray, start, end) -> np.ndarray:
    """Boolean (time): samples with start <= time < end. All False where a boundary is missing (NaT)."""
    return (time >= np.datetime64(start, "ns")) & (time < np.datetime64(end, "ns"))
