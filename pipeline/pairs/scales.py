"""Agreement of two spacecraft per region and scale: all, large (slower than the band), band (the Alfvénic waves)."""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import COLUMNS, QUANTITIES, Pair
from pipeline.config import Frozen
from pipeline.intervals import mask
from pipeline.splitting import SCALES, by_scale, inside, slope
from pipeline.stats import agreement, freedom


class Settings(Frozen):
    """Correlation by scale."""

    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period of the band")
    min_samples: int = Field(12, ge=12, description="common samples below which an interval is left out")
    level: float = Field(0.95, gt=0, lt=1, description="level of the intervals")
    draws: int = Field(4000, ge=100, description="draws for the intervals of r")


ATTRIBUTES = {
    "r": ("1", "Pearson correlation at the one lag (vector: components pooled)", "r"),
    "r_ci": ("1", "interval of r from the freedom of shared and unshared variance", "r"),
    "n_samples": ("1", "common samples", "n"),
    "rms_difference": ("nT", "root mean square of second minus first", "rms difference"),
    "concordance": ("1", "Lin's concordance: 1 only for equal values", "concordance"),
    "rms_first": ("nT", "standard deviation at the first", "rms"),
    "rms_second": ("nT", "standard deviation at the second", "rms"),
    "variance_fraction": ("1", "variance of this scale over that of all, both spacecraft", "share of variance"),
    "reason": ("", "why there is no value", ""),
    "first_part": ("nT", "field at the first, by scale", "B"),
    "second_part": ("nT", "field at the second, moved by the lag, by scale", "B"),
}


def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Agreement of first(t) with second(t + lag) per interval, quantity and scale, and the parts along `time`.

    Arguments as in pairs.correlation. The whole series is filtered and then cut, so that intervals keep their ends; in
    the band they lose what the filter mixes with their neighbours (splitting.inside).
    """
    parts = by_scale(Pair.of(first, second, lag_s), settings.band_s)
    names = list(dict.fromkeys(intervals["interval"]))
    time = parts["all"].time
    masks = {
        (name, scale): inside(scale, mask(time, intervals, name), settings.band_s, parts["all"].step_s)
        for name in names
        for scale in SCALES
    }
    cells = [[[_cell(parts, masks[n, s], n, q, s, settings) for s in SCALES] for q in QUANTITIES] for n in names]
    variables = {}
    for key in cells[0][0][0] if cells else ():
        values = np.array([[[cell[key] for cell in row] for row in table] for table in cells])
        variables[key] = (("interval", "quantity", "scale", "bound")[: values.ndim], values)
    for name, which in (("first_part", "x"), ("second_part", "y")):
        values = np.stack([getattr(parts[scale], which) for scale in SCALES], axis=1)
        variables[name] = ("time", "scale", "field"), values
    coords = {"interval": names, "quantity": list(QUANTITIES), "scale": list(SCALES), "bound": ["low", "high"]}
    ds = xr.Dataset(variables, coords | {"time": time, "field": list(QUANTITIES[:4])})
    for name in ds.data_vars:
        units, meaning, label = ATTRIBUTES[name]
        ds[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return ds.assign_attrs(band_s=settings.band_s)


def _cell(parts, selected, name, quantity, scale, settings):
    columns, pair = COLUMNS[quantity], parts[scale]
    x, y = pair.x[selected][:, columns], pair.y[selected][:, columns]
    common = agreement.common(x, y)
    n = len(common[0])
    reason = why_not(pair, selected, n, settings.min_samples)
    out = dict.fromkeys(ATTRIBUTES, np.nan) | {"r_ci": [np.nan] * 2, "n_samples": n, "reason": reason}
    del out["first_part"], out["second_part"]
    if reason:
        return out
    variance = [float(np.sum(np.var(a, axis=0))) for a in common]
    whole = [np.sum(np.var(a, axis=0)) for a in _whole(parts["all"], selected, columns, x, y)]
    z = freedom.correlation_draws(x, y, settings.draws, pair.rng("scales", name, quantity, scale), slope(scale))
    r = agreement.correlation(x, y)
    return out | {
        "r": r,
        "reason": "" if np.isfinite(r) else "a field without variance",
        "r_ci": freedom.correlation_interval(z, settings.level),
        "rms_difference": agreement.rms_difference(x, y),
        "concordance": agreement.concordance(x, y),
        "rms_first": variance[0] ** 0.5,
        "rms_second": variance[1] ** 0.5,
        "variance_fraction": sum(variance) / sum(whole) if sum(whole) > 0 else np.nan,
    }


def _whole(everything, selected, columns, x, y):
    """All scales of the same samples."""
    there = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    return (a[selected][:, columns][there] for a in (everything.x, everything.y))


def why_not(pair: Pair, selected: np.ndarray, n: int, least: int) -> str:
    """Why a region of n common samples has no value; nothing if it has."""
    if not np.isfinite(pair.lag_s):
        return "no lag"
    if not selected.any():
        return "the interval has no times on the grid"
    return f"fewer than {least} common samples" if n < least else ""
