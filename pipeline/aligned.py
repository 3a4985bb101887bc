"""Two spacecraft on one clock: a common regular grid, and the second seen at the time of the first."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipeline.stats.lagged import shifted
from pipeline.stats.seeds import generator

# What is compared, and which columns of the field (x, y, z, strength) it is made of; "vector" pools the components.
COLUMNS = {"b_x": [0], "b_y": [1], "b_z": [2], "b_mag": [3], "vector": [0, 1, 2]}
QUANTITIES = tuple(COLUMNS)


class AlignmentError(ValueError):
    """Two Datasets do not share one regular grid."""


def common_grid(first: xr.Dataset, second: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """Both on the union of their times, NaN where one has none. Raises AlignmentError unless the grids agree.

    Grids agree when both have one cadence and their bin centres fall together, so that a lag is a whole number of bins.
    """
    cadences = [_cadence(ds) for ds in (first, second)]
    offset = (second["time"].values[0] - first["time"].values[0]) % cadences[0]
    if cadences[0] != cadences[1] or offset != np.timedelta64(0, "ns"):
        raise AlignmentError(
            f"{_who(first)} and {_who(second)} are not on one grid: cadences {seconds(cadences[0]):g} s and "
            f"{seconds(cadences[1]):g} s, bin centres {seconds(offset):g} s apart, expected one cadence and 0 s"
        )
    start = min(ds["time"].values[0] for ds in (first, second))
    end = max(ds["time"].values[-1] for ds in (first, second))
    time = np.arange(start, end + cadences[0], cadences[0])
    return first.reindex(time=time), second.reindex(time=time)


def _cadence(ds):
    steps = np.diff(ds["time"].values)
    if not steps.size or (steps != steps[0]).any():
        found = f"steps of {seconds(steps.min()):g} to {seconds(steps.max()):g} s" if steps.size else "one sample"
        raise AlignmentError(f"{_who(ds)}: the time grid is not regular, found {found}")
    return steps[0].astype("timedelta64[ns]")


def _who(ds):
    return " ".join(str(ds.attrs[key]) for key in ("event", "spacecraft") if key in ds.attrs) or "data"


def seconds(step: np.timedelta64) -> float:
    """A numpy time step in s."""
    return float(step / np.timedelta64(1, "s"))


def cadence_s(ds: xr.Dataset) -> float:
    """Step of the regular time grid (s)."""
    return seconds(_cadence(ds))


def at_lag(variable: xr.DataArray, lag_s: float, step_s: float) -> np.ndarray:
    """Values (time, ...) of the second spacecraft at t + lag for the times t of its own grid; NaN outside it.

    `lag_s` is rounded to whole steps: interpolating would smooth one of two series that are about to be compared.
    A lag that is not known gives NaN throughout.
    """
    if not np.isfinite(lag_s):
        return np.full(variable.shape, np.nan)
    return shifted(variable.values.astype(float), round(lag_s / step_s))


@dataclass(frozen=True, eq=False)
class Pair:
    """Fields (time, [x, y, z, strength]) of two spacecraft, nT: x(t), y(t) = second(t + lag), on the first's clock."""

    time: np.ndarray
    step_s: float
    lag_s: float  # whole steps; NaN: unknown, and y is missing throughout
    x: np.ndarray
    y: np.ndarray
    names: tuple[str, str, str]  # event, first, second

    @classmethod
    def of(cls, first: xr.Dataset, second: xr.Dataset, lag_s: float) -> "Pair":
        """The pair from uniform data of one grid; the lag is rounded to whole steps."""
        first, second = common_grid(first, second)
        step = cadence_s(first)
        known = round(lag_s / step) * step if np.isfinite(lag_s) else np.nan
        x = np.column_stack([first["b"].values, first["b_mag"].values]).astype(float)
        y = np.column_stack([at_lag(second[name], known, step) for name in ("b", "b_mag")])
        who = first.attrs.get("event", ""), first.attrs.get("spacecraft", ""), second.attrs.get("spacecraft", "")
        return cls(first["time"].values, step, known, x, y, who)

    def rng(self, stage: str, *more: object) -> np.random.Generator:
        """The random stream of this pair for one purpose."""
        return generator(self.names[0], stage, *self.names[1:], *more)
