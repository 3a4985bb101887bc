"""How complex the hodogram of each interval is, in numbers, against surrogates and against other windows of the ejecta.

Metrics (`quantity`) grow with complexity, all but the statistical complexity, which vanishes for order and disorder.
The field is cut to the interval, smoothed and thinned alike everywhere, so that neither cadence nor noise decides.
Surrogates have the same spectra and random phases: they say what a field of these fluctuations looks like without any
order in time (`thickness` knows of no order, so they have the same). The rank among equally long windows says whether
the interval stands out within its own ejecta.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.config import Frozen
from pipeline.fluctuations import cadence_s
from pipeline.intervals import mask
from pipeline.physics import complexity, minvar
from pipeline.physics.smoothing import LowPass, low_pass
from pipeline.stats.seeds import generator
from pipeline.stats.surrogates import p_value, parts, phase_randomised_series

METRICS = {
    "tortuosity": "length over chord of the hodogram",
    "roughness": "length over extent of the hodogram",
    "turning_ratio": "all turning over net turning in the max-int plane",
    "self_intersections": "crossings of the hodogram with itself in the max-int plane, per hour",
    "curvature_changes": "changes of the sense of bending in the max-int plane, per hour",
    "arc_residual": "rms distance from the best circle in the max-int plane, over its radius",
    "thickness": "minimum over intermediate standard deviation: 0 for a flat hodogram",
    "permutation_entropy": "normalised permutation entropy, mean of the components",
    "statistical_complexity": "Jensen-Shannon complexity, mean of the components",
}
CACHED = 160_000  # numbers of surrogates to work on at once, 1.3 MB
LARGEST = 1e4  # ratios of a closed or an unturned curve are without limit


class Settings(Frozen):
    """Complexity of hodograms."""

    smooth_s: float = Field(
        600.0, gt=0, description="period above which the hodogram is kept; its points are half of it apart"
    )
    order: int = Field(4, ge=3, le=6, description="length of the patterns of the permutation entropy")
    surrogates: int = Field(99, ge=0, description="surrogates with the same spectra")
    windows: int = Field(24, ge=0, description="windows of the ejecta to rank the interval among")
    min_coverage: float = Field(0.5, gt=0, le=1, description="an interval covered less has no metrics")


ATTRIBUTES = {
    "value": ("1", "metric of the interval", "value"),
    "surrogate_median": ("1", "median metric of the surrogates", "surrogates"),
    "surrogate_ci": ("1", "95 % of the surrogates lie within", "surrogates"),
    "surrogate_p": ("1", "share of surrogates at least as complex", "p"),
    "rank": ("1", "share of equally long windows of the ejecta at most as complex", "rank"),
    "n_points": ("1", "points of the hodogram", "n"),
    "reason": ("", "why there is no value", ""),
}


def compute(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> xr.Dataset:
    """Table (interval, quantity) of one spacecraft's uniform data; intervals: its own rows."""
    names = list(dict.fromkeys(intervals["interval"]))
    ejecta = mask(ds["time"].values, intervals, "ejecta")
    rows = [_row(ds, mask(ds["time"].values, intervals, name), ejecta, name, settings) for name in names]
    dims = ("interval", "quantity", "bound")
    variables = {
        key: (dims[: 3 if key.endswith("_ci") else 2], np.array([row[key] for row in rows]))
        for key in (ATTRIBUTES if rows else ())
    }
    out = xr.Dataset(variables, {"interval": names, "quantity": list(METRICS), "bound": ["low", "high"]})
    for name in out.data_vars:
        units, meaning, label = ATTRIBUTES[name]
        out[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return out.assign_attrs({f"metric_{name}": meaning for name, meaning in METRICS.items()})


def metrics(b: np.ndarray, dt_s: float, smooth_s: float, order: int) -> tuple[np.ndarray, int]:
    """(len(METRICS),) of the field b (time, 3), nT, and the number of points; NaN for fewer than 8 points."""
    return _metrics(_smooth(b, dt_s, smooth_s).T, _step(dt_s, smooth_s), dt_s, order)


def _metrics(smooth, step, dt_s, order):
    """The same of smooth fields (..., 3, time) that lack the same samples; every `step`-th is a point of a hodogram."""
    points = np.swapaxes(smooth[..., ::step], -1, -2)
    complete = np.isfinite(points).all(axis=-1)
    curve = points[..., complete.all(axis=tuple(range(complete.ndim - 1))), :]
    n = curve.shape[-2]
    if n < 8:
        return np.full((*smooth.shape[:-2], len(METRICS)), np.nan), n
    found = minvar.of_complete(curve)
    plane = minvar.rotate(curve, found.axes)[..., :2]
    net, total = (np.abs(turn) for turn in complexity.turns(plane))
    hours = smooth.shape[-1] * dt_s / 3600
    patterns = complexity.ordinal_probabilities(smooth, order, step)
    middle, least = found.eigenvalue[..., 1], found.eigenvalue[..., 2]
    values = [
        complexity.tortuosity(curve),
        complexity.roughness(curve),
        np.divide(total, net, out=np.full(net.shape, np.inf), where=net > 0),
        complexity.self_intersections(plane) / hours,
        complexity.curvature_changes(plane) / hours,
        complexity.arc_residual(plane),
        np.sqrt(least / np.where(middle > 0, middle, np.nan)),
        complexity.permutation_entropy(patterns).mean(axis=-1),
        complexity.statistical_complexity(patterns).mean(axis=-1),
    ]
    return np.minimum(np.stack(values, axis=-1), LARGEST), n


def hodogram(b: np.ndarray, dt_s: float, smooth_s: float) -> np.ndarray:
    """Points (point, 3) of the smoothed field, half of `smooth_s` apart; gaps that are longer are left out."""
    points = _smooth(b, dt_s, smooth_s)[:: _step(dt_s, smooth_s)]
    return points[np.isfinite(points).all(axis=1)]


def _smooth(b, dt_s, smooth_s):
    return low_pass(b, smooth_s, dt_s, into_gaps=True)


def _step(dt_s, smooth_s):
    """Samples in half of `smooth_s`: what lies closer is smoothed into one."""
    return max(1, round(smooth_s / 2 / dt_s))


def _row(ds, selected, ejecta, name, settings):
    dt_s = cadence_s(ds)
    b = ds["b"].values[selected].astype(float)
    coverage = np.isfinite(b).all(axis=1).mean() if len(b) else 0.0
    reason = _reason(selected, coverage, settings.min_coverage)
    value, n = metrics(b if not reason else b[:0], dt_s, settings.smooth_s, settings.order)
    if not reason and n < 8:
        reason = "fewer than 8 points of a hodogram"
    nothing = np.full(len(METRICS), np.nan)
    out = {"value": value, "n_points": [n] * len(METRICS), "reason": [reason] * len(METRICS), "rank": nothing}
    out |= {"surrogate_median": nothing, "surrogate_p": nothing, "surrogate_ci": np.full((len(METRICS), 2), np.nan)}
    if reason:
        return out
    rank = window_rank(ds["b"].values.astype(float), dt_s, selected, ejecta, settings)
    rng = generator(ds.attrs.get("event", ""), "complexity", ds.attrs.get("spacecraft", ""), name)
    return out | _against_surrogates(b, value, dt_s, settings, rng) | {"rank": rank}


def _reason(selected, coverage, min_coverage):
    if not selected.any():
        return "no bin inside: boundaries unknown, or outside the data"
    return f"field covers {coverage:.2f} of the interval, below {min_coverage:g}" if coverage < min_coverage else ""


def _against_surrogates(b, value, dt_s, settings, rng):
    if not settings.surrogates:
        return {}
    smooth = LowPass(np.isfinite(b).all(axis=1), settings.smooth_s, dt_s, into_gaps=True)
    step = _step(dt_s, settings.smooth_s)
    made = phase_randomised_series(b, parts(settings.surrogates, max(1, CACHED // b.size)), rng)
    found = np.concatenate([_metrics(smooth(x), step, dt_s, settings.order)[0] for x in made])
    reached = np.sum(found >= value - 1e-12, axis=0)
    return {
        "surrogate_median": np.median(found, axis=0),
        "surrogate_ci": np.percentile(found, [2.5, 97.5], axis=0).T,
        "surrogate_p": p_value(reached, len(found)),
    }


def window_rank(
    b: np.ndarray,
    dt_s: float,
    selected: np.ndarray,
    ejecta: np.ndarray,
    settings: Settings,
    measure: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """(len(METRICS),): share of windows of a region's length, evenly spaced in the ejecta, at most as complex.

    b: field (time, 3); selected, ejecta: boolean (time). NaN for a region that is in pieces, not inside the ejecta, or
    hardly shorter than it: there is nothing to rank it among. `measure` of a field, an array, may replace the metrics.
    """
    measure = measure or (lambda part: metrics(part, dt_s, settings.smooth_s, settings.order)[0])
    index, inside = np.flatnonzero(selected), np.flatnonzero(ejecta)
    nothing = np.full(len(METRICS), np.nan)
    if not settings.windows or not index.size or not inside.size or not ejecta[index].all():
        return nothing
    length = index.size
    if index[-1] - index[0] + 1 != length or length > 0.8 * inside.size:
        return nothing
    value = measure(b[selected])
    starts = np.unique(np.linspace(inside[0], inside[-1] + 1 - length, settings.windows).astype(int))
    parts = [b[start : start + length] for start in starts]
    covered = [part for part in parts if np.isfinite(part).all(axis=1).mean() >= settings.min_coverage]
    found = np.array([measure(part) for part in covered])
    return np.mean(found <= value + 1e-9, axis=0) if len(found) else nothing
