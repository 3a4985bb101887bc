"""Time-weighted bin means onto one regular grid: no gap bridged, coverage beside every mean.

A sample stands for its accumulation, [centre - T/2, centre + T/2). A bin's value is the mean over the valid time inside
it, its coverage the valid fraction of the bin; below `min_coverage` the value is missing. Samples that straddle an edge
are shared between the two bins in proportion: each counts exactly once, and slow plasma leaves no beat of empty bins.

The field appears twice. `b` is the mean over the whole bin. `b_matched` is the mean over the accumulations of the
plasma samples in the bin, with the weights that v has there: both then carry one response and one clock, which is what
comparing dv with db needs (a clock offset of 24 s turns an Alfven wave's sigma_c from 1 to 0.73 at 5 mHz).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike

from pipeline import schema

if TYPE_CHECKING:
    import xarray as xr


CLOCKS = {"b": "mag", "v": "plasma", "n": "plasma", "temperature": "plasma", "alpha_ratio": "plasma"} | dict.fromkeys(
    schema.RAW_OPTIONAL, "plasma"
)
WITH_COVERAGE = ("b", "v", "n")
PIECE = 262_144  # samples to work on at once
SMALL_PIECE = 65_536  # where that takes arrays of numbers for each, which stay in the processor's cache


class ResampleError(ValueError):
    """The requested grid does not suit the data."""


def cadence(raws: "Iterable[xr.Dataset]", requested: float | str) -> float:
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


def grid_edges(start: datetime | np.datetime64, end: datetime | np.datetime64, cadence_s: float) -> np.ndarray:
    """Bin edges (datetime64[ns]) that enclose [start, end], on whole multiples of the cadence since 1970.

    All spacecraft of an event share them, so that a lag is a whole number of bins.
    """
    step = round(cadence_s * 1e9)
    first = np.datetime64(start, "ns").astype("int64") // step
    last = -(-np.datetime64(end, "ns").astype("int64") // step)
    return (np.arange(first, last + 1) * step).astype("datetime64[ns]")


def windowed_means(
    values: ArrayLike, time: np.ndarray, width_s: float, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of `values` (sample, ...) over the windows [starts, ends), and the valid fraction of each window.

    `time` (sample) are sorted centres of samples that last `width_s` each, cut short where the next one begins.
    A window without valid time has mean NaN and fraction 0. Only samples inside a window enter its mean.
    """
    table = values.reshape(len(values), -1).astype(float, copy=False)
    clock, windows = _Clock(time, width_s), _Windows.of(starts, ends, table.shape[1])
    if len(table) and len(starts):
        for part in _pieces(clock, windows):
            _integrate(table, clock, windows.part(part))
    means, seconds = np.empty(table.shape[1:] + windows.seconds.shape), windows.seconds
    known = np.where(seconds > 1e-6, seconds, np.nan)
    for mean, total in zip(means, windows.total.T, strict=True):
        np.divide(total, known, out=mean)
    coverage = np.clip(seconds / ((ends - starts).astype("int64") / 1e9), 0.0, 1.0)
    return means.T.reshape(len(starts), *values.shape[1:]), coverage


class _Windows(NamedTuple):
    """Windows [starts, ends) (ns), the integrals over them (window, column) and their valid time (s), to be filled."""

    starts: np.ndarray
    ends: np.ndarray
    total: np.ndarray
    seconds: np.ndarray

    @classmethod
    def of(cls, starts, ends, columns):
        """Windows between datetimes, nothing in them yet."""
        return cls(_nanoseconds(starts), _nanoseconds(ends), np.zeros((len(starts), columns)), np.zeros(len(starts)))

    def part(self, which: slice):
        """Some of them; what is filled in there is filled in here."""
        return _Windows(*(each[which] for each in self))

    def overlap(self, low, high):
        """Time (ns) that [low, high) (ns, window) shares with each window."""
        return np.maximum(np.minimum(high, self.ends) - np.maximum(low, self.starts), 0)


class _Clock:
    """Samples of equal width in order, each cut short where the next begins: no two ever hold the same moment."""

    def __init__(self, time, width_s):
        self.centre, self.half = _nanoseconds(time), round(width_s * 5e8)

    def reach(self, windows):
        """Indices [first, last) of the samples that may hold a moment of the windows."""
        first, last = self.begins([windows.starts.min(), windows.ends.max()])
        return max(int(first) - 1, 0), int(last)

    def begins(self, moments):
        """Index of the first sample that begins at each of the moments (ns) or later."""
        return np.searchsorted(self.centre, np.asarray(moments) + self.half)

    def lengths(self, first, last):
        """Length (ns) of the samples [first, last)."""
        length = np.empty(last - first, "int64")
        length[-1] = 2 * self.half
        following = self.centre[first + 1 : last + 1]
        np.subtract(following, self.centre[first : first + len(following)], out=length[: len(following)])
        return np.minimum(length, 2 * self.half, out=length)

    def pattern(self, windows):
        """first, step, count where window k holds the whole samples first + k step + [0, count), none cut short.

        None where the windows are not alike. Costs one look at the times of all samples, the rest at those of edges.
        """
        if len(windows.starts) < 2:
            return None
        starts, ends, extent = windows.starts, windows.ends, len(windows.starts) - 1
        first, second, end, *ultimate = (int(k) for k in self.begins([*starts[:2], ends[0], starts[-1], ends[-1]]))
        step, count, last = second - first, end - first, end + extent * (second - first)
        if first < 1 or step < 1 or count < 1 or last >= len(self.centre) or ultimate != [last - count, last]:
            return None
        if (self.centre[first : last + 1] - self.centre[first - 1 : last]).min() < 2 * self.half:
            return None
        for at, moments in ((first, starts), (end, ends)):
            moments = moments + self.half
            if (self.every(at, step, extent) < moments).any() or (self.every(at - 1, step, extent) >= moments).any():
                return None
        return first, step, count

    def every(self, first, step, extent):
        """Centres of the samples first, first + step, ..., first + extent step."""
        return self.centre[first : first + extent * step + 1 : step]


def _nanoseconds(time):
    return time.astype("datetime64[ns]", copy=False).view("int64")


def _pieces(clock, windows):
    """Slices of the windows that hold about PIECE samples; the first and the last, unlike the others, by themselves."""
    count = len(windows.starts)
    if count < 3:
        return _slices(clock, windows, 1)
    inner = _slices(clock, windows.part(slice(1, count - 1)), PIECE)
    return [slice(1), *(slice(part.start + 1, part.stop + 1) for part in inner), slice(count - 1, count)]


def _slices(clock, windows, samples):
    """Slices of the windows that hold about so many samples each, as they do on average."""
    count, (first, last) = len(windows.starts), clock.reach(windows)
    step = max(1, count * samples // max(last - first, samples))
    return [slice(begin, min(begin + step, count)) for begin in range(0, count, step)]


def _integrate(table, clock, windows):
    """Fill in the windows from table (sample, column): those of one pattern in one go, any others in small pieces."""
    pattern = clock.pattern(windows)
    if pattern:
        _integrate_alike(table, clock, windows, *pattern)
    else:
        for part in _slices(clock, windows, SMALL_PIECE):
            _integrate_any(table, clock, windows.part(part))


def _integrate_alike(table, clock, windows, first, step, count):
    """The windows of a pattern, as products of weights and a view of their samples and the one before: no copies."""
    width, extent = 2 * clock.half, len(windows.starts) - 1
    straddling = (clock.every(at, step, extent) - clock.half for at in (first - 1, first + count - 1))
    before, last = (windows.overlap(low, low + width) for low in straddling)
    if before.any() or (last < width).any():
        weight = np.full((extent + 1, 1, count + 1), width * 1e-9)
        weight[:, 0, 0], weight[:, 0, -1] = before * 1e-9, last * 1e-9
        first -= 1
    else:  # the edges fall between samples
        weight = np.full((1, 1, count), width * 1e-9)
    windows.seconds[...] = (before + last + (count - 1) * width) * 1e-9
    _products(weight, table, first, step, windows.total)
    if not np.isfinite(windows.total).all():
        bad = np.flatnonzero(~np.isfinite(windows.total).all(axis=1))
        part, start = slice(bad[0], bad[-1] + 1), first + bad[0] * step
        stop = first + bad[-1] * step + weight.shape[-1]
        weight = weight[part] if len(weight) > 1 else weight
        _integrate_missing(weight, table[start:stop], step, windows.part(part))


def _products(weight, table, first, step, out):
    """out (window, column): weight (window or 1, 1, count) times the samples first + k step + [0, count) of table."""
    shape, (row, column) = (len(out), weight.shape[-1], table.shape[1]), table.strides
    samples = as_strided(table[first:], shape, (step * row, row, column), writeable=False)
    with np.errstate(invalid="ignore"):  # infinities: such windows are made again
        np.matmul(weight, samples, out=out[:, None, :])


def _integrate_missing(weight, table, step, windows):
    """The same where samples are missing: they count as zero, and a column of ones that they lack tells the time."""
    columns = table.shape[1]
    filled, total = np.ones((len(table), columns + 1)), np.empty((len(windows.starts), columns + 1))
    for k in range(columns):
        filled[:, k] = table[:, k]
    with np.errstate(invalid="ignore"):
        filled[~np.isfinite(sum(table.T))] = 0.0
    _products(weight, filled, 0, step, total)
    windows.total[...], windows.seconds[...] = total[:, :-1], total[:, -1]


@np.errstate(invalid="ignore")  # infinities of both signs
def _integrate_any(table, clock, windows):
    """Any windows: samples wholly inside are added up; the two that the edges cut count with what lies inside."""
    first, last = clock.reach(windows)
    if last <= first:
        return
    samples, centre, length = table[first:last], clock.centre[first:last], clock.lengths(first, last)
    complete = np.isfinite(samples.sum())  # one number is quick, and brings the samples into the cache in their order
    begin, end = _begins(centre, windows.starts + clock.half, windows.ends + clock.half)
    # A sample that begins before a window's end may reach beyond it: only all before it are surely inside.
    _add_up(samples, length, 2 * clock.half, complete, begin, np.maximum(end - 1, begin), windows)
    for cut, applies in ((begin - 1, begin > 0), (end - 1, end > begin)):
        cut = np.maximum(cut, 0)
        low, held = centre.take(cut) - clock.half, samples.take(cut, axis=0)
        share = windows.overlap(low, low + length.take(cut)) * applies * 1e-9
        if not complete:
            missing = ~np.isfinite(sum(held.T))
            held[missing], share[missing] = 0.0, 0.0
        held *= share[:, None]
        windows.total[...] += held
        windows.seconds[...] += share


def _begins(centre, starts, ends):
    """Index of the first centre at the starts and at the ends or later: one search where windows follow each other."""
    if not np.array_equal(starts[1:], ends[:-1]):
        return np.searchsorted(centre, starts), np.searchsorted(centre, ends)
    edges = np.searchsorted(centre, np.append(starts, ends[-1]))
    return edges[:-1], edges[1:]


def _add_up(samples, length, width, complete, begin, stop, windows):
    """Fill in the windows with the samples (sample, column) [begin, stop) alone, which last `length` (ns) each."""
    if complete and length[:100].min() == width == length.min():  # none is cut short; jitter shows in a few
        windows.total[...] = _sums(samples.T, begin, stop).T * (width * 1e-9)
        windows.seconds[...] = (stop - begin) * (width * 1e-9)
    else:
        sums = _sums(_weighted(samples, length, complete), begin, stop)
        windows.total[...], windows.seconds[...] = sums[:-1].T, sums[-1]


def _weighted(samples, length, complete):
    """(column and 1, sample): values times the seconds that they last, and the seconds; zero where one is missing."""
    rows = np.empty((samples.shape[1] + 1, len(samples)))
    np.multiply(length, 1e-9, out=rows[-1])
    np.multiply(samples.T, rows[-1], out=rows[:-1])
    if not complete:
        rows[:, ~np.isfinite(rows.sum(axis=0))] = 0.0
    return rows


def _sums(rows, begin, end):
    """Sums of rows (..., sample) over [begin, end), zero where that is empty."""
    edges = np.minimum(np.stack([begin, end], axis=1).ravel(), rows.shape[-1] - 1)  # only empty ones lie at the end
    sums = np.add.reduceat(rows, edges, axis=-1)[..., ::2]
    sums[..., end <= begin] = 0
    return sums


def resample(raw: "xr.Dataset", edges: np.ndarray, min_coverage: float) -> "xr.Dataset":
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
