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
    A window without valid time has mean NaN and fraction 0. Means are exact: differences of one running integral.
    """
    lower, upper = _sample_spans(time, width_s)
    table = values.reshape(len(values), -1).astype(np.float64)
    valid = np.isfinite(table).all(axis=1)
    lower, upper, table = lower[valid], upper[valid], table[valid]
    shape = (len(starts), *values.shape[1:])
    if not len(table):
        return np.full(shape, np.nan), np.zeros(len(starts))
    offset = table.mean(axis=0)  # integrating deviations keeps the differences free of cancellation
    integrals = np.column_stack([np.ones(len(table)), table - offset])
    total = _running_integral(lower, upper, integrals, ends) - _running_integral(lower, upper, integrals, starts)
    seconds = total[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(seconds[:, None] > 1e-6, total[:, 1:] / seconds[:, None] + offset, np.nan)
    return means.reshape(shape), np.clip(seconds / ((ends - starts).astype("int64") / 1e9), 0.0, 1.0)


def _sample_spans(time, width_s):
    half = np.timedelta64(round(width_s * 5e8), "ns")
    lower, upper = time - half, time + half
    upper[:-1] = np.minimum(upper[:-1], lower[1:])  # clocks jitter: two samples never hold the same moment
    return lower, upper


def _running_integral(lower, upper, rates, at):
    """Integral (at, column) up to the moments `at` of rates (span, column) that hold on disjoint spans."""
    spans = (upper - lower).astype("int64") / 1e9
    before = np.zeros((len(rates) + 1, rates.shape[1]))
    np.cumsum(rates * spans[:, None], axis=0, out=before[1:])
    span = np.maximum(np.searchsorted(lower, at, side="right") - 1, 0)
    inside = np.clip((at - lower[span]).astype("int64") / 1e9, 0.0, spans[span])
    return before[span] + rates[span] * inside[:, None]


def resample(raw, edges: np.ndarray, min_coverage: float):
    """`raw` of one spacecraft on the grid of `edges` (datetime64[ns]): a Dataset that follows the uniform schema.

    A vector is missing as a whole: a sample counts only where all three components are there.
    """
    import xarray as xr

    starts, ends = edges[:-1], edges[1:]
    widths = {clock: float(raw.attrs[f"accumulation_{clock}_s"]) for clock in ("mag", "plasma")}
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
