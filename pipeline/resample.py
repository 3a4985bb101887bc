"""Time-weighted bin means onto one regular grid: no gap bridged, coverage beside every mean.

A sample stands for its accumulation, [centre - T/2, centre + T/2). A bin's value is the mean over the valid time inside
it, its coverage the valid fraction of the bin; below `min_coverage` the value is missing. Samples that straddle an edge
are shared between the two bins in proportion: each counts exactly once, and slow plasma leaves no beat of empty bins.

The field appears twice. `b` is the mean over the whole bin. `b_matched` is the mean over the accumulations of the
plasma samples in the bin, with the weights that v has there: both then carry one response and one clock, which is what
comparing dv with db needs (a clock offset of 24 s turns an Alfven wave's sigma_c from 1 to 0.73 at 5 mHz).
"""

import numpy as np

from pipeline import schema

CLOCKS = {"b": "mag", "v": "plasma", "n": "plasma", "temperature": "plasma", "alpha_ratio": "plasma"} | dict.fromkeys(
    schema.RAW_OPTIONAL, "plasma"
)
WITH_COVERAGE = ("b", "v", "n")
PIECE = 32_768  # samples to work on at once


class ResampleError(ValueError):
    """The requested grid does not suit the data."""


def cadence(raws, requested: float | str) -> float:
    """Bin width in s: the slowest accumulation among the instruments used, or the number asked for.

    Raises ResampleError where the number is finer than the slowest accumulation: such bins hold no plasma of their own.
    """
    used = [
        (float(raw.attrs[f"accumulation_{clock}_s"]), f"{raw.attrs['spacecraft']} {raw.attrs[f'product_{kind}']}")
        for raw in raws
        for clock, kind in (("mag", "field"), ("plasma", "plasma"))
        if raw.attrs[f"product_{kind}"]
    ]
    if not used:
        raise ResampleError(f"{raws[0].attrs['event']}: no instrument of any spacecraft has data, no grid can be made")
    slowest, which = max(used)
    if requested == "auto":
        return slowest
    if requested < slowest:
        raise ResampleError(
            f"{raws[0].attrs['event']}: cadence_s is {requested:g}, but {which} accumulates over {slowest:g} s; "
            f"ask for {slowest:g} s or more, or choose another product"
        )
    return float(requested)


def grid_edges(start, end, cadence_s: float) -> np.ndarray:
    """Bin edges (datetime64[ns]) that enclose [start, end], on whole multiples of the cadence since 1970.

    All spacecraft of an event share them, so that a lag is a whole number of bins.
    """
    step = round(cadence_s * 1e9)
    first = np.datetime64(start, "ns").astype("int64") // step
    last = -(-np.datetime64(end, "ns").astype("int64") // step)
    return (np.arange(first, last + 1) * step).astype("datetime64[ns]")


def windowed_means(values, time, width_s: float, starts, ends) -> tuple[np.ndarray, np.ndarray]:
    """Mean of `values` (sample, ...) over the windows [starts, ends), and the valid fraction of each window.

    `time` (sample) are sorted centres of samples that last `width_s` each, cut short where the next one begins.
    A window without valid time has mean NaN and fraction 0. Only samples inside a window enter its mean.
    """
    table = values.reshape(len(values), -1)
    total, seconds = np.zeros((table.shape[1], len(starts))), np.zeros(len(starts))
    if len(table) and len(starts):
        clock = _Clock(time, width_s)
        for part in _pieces(clock, starts, ends):
            total[:, part], seconds[part] = _integrals(
                table, clock, _nanoseconds(starts[part]), _nanoseconds(ends[part])
            )
    means = np.full(total.shape, np.nan)
    np.divide(total, seconds, out=means, where=seconds > 1e-6)
    coverage = np.clip(seconds / ((ends - starts).astype("int64") / 1e9), 0.0, 1.0)
    return means.T.reshape(len(starts), *values.shape[1:]), coverage


class _Clock:
    """Samples of equal width in order, each cut short where the next begins: no two ever hold the same moment."""

    def __init__(self, time, width_s):
        self.centre, self.half = _nanoseconds(time), round(width_s * 5e8)

    def reach(self, start, end):
        """Indices [first, last) of the samples that may hold a moment of [start, end) (ns)."""
        first, last = np.searchsorted(self.centre, [start + self.half, end + self.half])
        return max(int(first) - 1, 0), int(last)

    def spans(self, first, last):
        """Begin and end (ns) of the samples [first, last)."""
        lower = self.centre[first : last + 1] - self.half
        upper = lower + 2 * self.half
        upper[: len(lower) - 1] = np.minimum(upper[:-1], lower[1:])
        return lower[: last - first], upper[: last - first]


def _nanoseconds(time):
    return time.astype("datetime64[ns]", copy=False).view("int64")


def _pieces(clock, starts, ends):
    """Slices of the windows that hold about PIECE samples each, which stay in the processor's cache."""
    first, last = clock.reach(_nanoseconds(starts).min(), _nanoseconds(ends).max())
    step = max(1, len(starts) * PIECE // max(last - first, PIECE))
    return [slice(k, k + step) for k in range(0, len(starts), step)]


def _integrals(table, clock, starts, ends):
    """Integral (column, window) of table (sample, column) over [starts, ends) (ns), and its valid time (window), in s.

    Samples wholly inside a window are added up; the two that its edges cut count with what lies inside.
    """
    first, last = clock.reach(starts.min(), ends.max())
    if last <= first:
        return np.zeros((table.shape[1], len(starts))), np.zeros(len(starts))
    lower, upper = clock.spans(first, last)
    rows = _weighted(table[first:last], (upper - lower) * 1e-9)
    begin, end = np.searchsorted(lower, starts), np.searchsorted(lower, ends)
    # A sample that begins before a window's end may reach beyond it: only all before it are surely inside.
    sums = _sums(rows, begin, np.maximum(end - 1, begin))
    for cut, applies in ((begin - 1, begin > 0), (end - 1, end > begin)):
        cut = np.maximum(cut, 0)
        low, high = lower.take(cut), upper.take(cut)
        seconds = np.maximum(np.minimum(high, ends) - np.maximum(low, starts), 0) * applies
        sums += rows.take(cut, axis=1) * (seconds / np.maximum(high - low, 1))
    return sums[:-1], sums[-1]


def _weighted(table, seconds):
    """(column and 1, sample and 1): values times the seconds that they last, and the seconds.

    Zero where any column is missing, and in one more sample at the end, so that sums may end there.
    """
    rows = np.zeros((table.shape[1] + 1, len(table) + 1))
    np.multiply(table.T, seconds, out=rows[:-1, :-1])
    rows[-1, :-1] = seconds
    with np.errstate(invalid="ignore"):  # infinities of both signs
        missing = ~np.isfinite(rows.sum(axis=0))
    if missing.any():
        rows[:, missing] = 0.0
    return rows


def _sums(rows, begin, end):
    """Sums of rows (k, sample) over [begin, end), zero where that is empty."""
    edges = np.stack([begin, end], axis=1).ravel()
    return np.where(end > begin, np.add.reduceat(rows, edges, axis=1)[:, ::2], 0.0)


def resample(raw, edges: np.ndarray, min_coverage: float):
    """`raw` of one spacecraft on the grid of `edges` (datetime64[ns]): a Dataset that follows the uniform schema.

    A vector is missing as a whole: a sample counts only where all three components are there.
    """
    import xarray as xr

    starts, ends = edges[:-1], edges[1:]
    widths = {clock: _width(raw.attrs[f"accumulation_{clock}_s"]) for clock in ("mag", "plasma")}
    ds = xr.Dataset(coords={"time": starts + (ends - starts) // 2, "component": list(schema.COMPONENTS)})

    def add(name, values, clock_time, width_s, attrs=None):
        means, coverage = windowed_means(values, clock_time, width_s, starts, ends)
        means[coverage < min_coverage - 1e-9] = np.nan
        ds[name] = ("time", "component")[: means.ndim], means, {**schema.attributes(name), **(attrs or {})}
        if name in WITH_COVERAGE:
            ds[f"coverage_{name}"] = "time", coverage, schema.attributes(f"coverage_{name}")

    for name, clock in CLOCKS.items():
        if name in raw:
            add(name, raw[name].values, raw[f"time_{clock}"].values, widths[clock], _frame(raw[name]))
    strength = np.sqrt((raw["b"].values ** 2).sum(axis=1))
    add("b_mag", strength, raw["time_mag"].values, widths["mag"])
    add("b_matched", _matched(raw, widths, min_coverage), raw["time_plasma"].values, widths["plasma"], _frame(raw["b"]))
    attrs = {**schema.attributes("position"), **_frame(raw["position"])}
    ds["position"] = ("time", "component"), _interpolated_position(raw, ds["time"].values), attrs
    return ds.assign_attrs(raw.attrs, cadence_s=(edges[1] - edges[0]).astype("int64") / 1e9)


def _width(accumulation_s: float) -> float:
    """Accumulation of a clock (s). One without a product has none, and one missing sample: any width does for it."""
    return float(accumulation_s) if np.isfinite(accumulation_s) else 1.0


def _frame(variable) -> dict:
    return {"frame": variable.attrs["frame"]} if "component" in variable.dims else {}


def _matched(raw, widths, min_coverage):
    """Field (time_plasma, component) averaged over the accumulation of every plasma sample that has a velocity."""
    time = raw["time_plasma"].values
    half = np.timedelta64(round(widths["plasma"] * 5e8), "ns")
    field, coverage = windowed_means(raw["b"].values, raw["time_mag"].values, widths["mag"], time - half, time + half)
    field[(coverage < min_coverage - 1e-9) | ~np.isfinite(raw["v"].values).all(axis=1)] = np.nan
    return field


def _interpolated_position(raw, centres):
    """Orbits are smooth over hours: position is interpolated, and held for two hours beyond the ends."""
    reach = np.timedelta64(2, "h")
    time, position = raw["time_orbit"].values, raw["position"].values
    known = np.isfinite(position).all(axis=1)
    if not known.any():
        return np.full((len(centres), 3), np.nan)
    time, position = time[known], position[known]
    at, knots = ((t - time[0]).astype("int64") / 1e9 for t in (centres, time))
    out = np.column_stack([np.interp(at, knots, position[:, k]) for k in range(3)])
    out[(centres < time[0] - reach) | (centres > time[-1] + reach)] = np.nan
    return out
