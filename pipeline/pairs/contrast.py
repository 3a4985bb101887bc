"""Is agreement lower where the Alfvénic fluctuations are? Differences against the rest of the ejecta, with their doubt.

A region is compared with a baseline: Alfvénic intervals with "quiet", the ejecta's thirds with the rest of the ejecta.
Both are taken in windows of one length, each about its own mean: a longer window holds more of the slow turning that
both spacecraft share, and so a higher r, whatever the waves do.

Two differences stand side by side, because r alone is fooled by its normalisation: a region where the field turns less
has a lower r at the same misfit. The ratio of the misfits does not know of the turning.
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import COLUMNS, QUANTITIES, Pair
from pipeline.config import Frozen
from pipeline.intervals import THIRDS, mask
from pipeline.remembered import remembered
from pipeline.splitting import SCALES, by_scale, inside, slope
from pipeline.stats import agreement, freedom

ALFVENIC = "alfvenic"  # all Alfvénic intervals of either spacecraft taken together
REST = "rest of the ejecta"


class Settings(Frozen):
    """Differences of agreement between regions."""

    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period of the band")
    min_samples: int = Field(12, ge=12, description="common samples below which a region is left out")
    level: float = Field(0.95, gt=0, lt=1, description="level of the intervals")
    draws: int = Field(4000, ge=100, description="draws for the intervals")


ATTRIBUTES = {
    "baseline": ("", "what the region is compared with", ""),
    "delta_r": ("1", "correlation of the region minus that of its baseline", "Δr"),
    "delta_r_ci": ("1", "interval of delta_r", "Δr"),
    "delta_r_p": ("1", "two-sided p of no difference of artanh r", "p"),
    "delta_r_p_holm": ("1", "delta_r_p corrected for three components (Holm)", "p"),
    "r": ("1", "correlation in the windows of the region, each about its mean", "r"),
    "r_baseline": ("1", "correlation in the windows of the baseline", "r"),
    "misfit": ("nT", "root mean square of second minus first in the region", "misfit"),
    "misfit_ratio": ("1", "misfit of the region over that of its baseline", "misfit ratio"),
    "misfit_ratio_ci": ("1", "interval of misfit_ratio", "misfit ratio"),
    "misfit_ratio_p": ("1", "two-sided p of equal misfits", "p"),
    "window_h": (
        "h",
        "length of the windows compared; in the band up to half its longest period less",
        "window",
    ),
    "n_samples": ("1", "common samples of the region", "n"),
    "n_baseline": ("1", "common samples of the baseline", "n"),
    "reason": ("", "why there is no value", ""),
}


@remembered
def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Differences of r and of misfit per region, quantity and scale; arguments as in pairs.correlation.

    Rows are the Alfvénic intervals, all of them together ("alfvenic") where there are several, and the thirds.
    """
    parts = by_scale(Pair.of(first, second, lag_s), settings.band_s)
    regions = compared(parts["all"].time, intervals)
    tables = [_region(parts, name, *region[:2], settings) for name, region in regions.items()]
    variables = {}
    for key in tables[0] if tables else ():
        values = np.array([table[key] for table in tables])
        variables[key] = (("interval", "quantity", "scale", "bound")[: values.ndim], values)
    lengths = [window_length(*region[:2]) * parts["all"].step_s / 3600 for region in regions.values()]
    variables["window_h"] = "interval", lengths
    variables["baseline"] = "interval", [baseline for _, _, baseline in regions.values()]
    coords = {"interval": list(regions), "quantity": list(QUANTITIES), "scale": list(SCALES), "bound": ["low", "high"]}
    ds = xr.Dataset(variables, coords)
    for name in ds.data_vars:
        units, meaning, label = ATTRIBUTES[name]
        ds[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return ds.assign_attrs(band_s=settings.band_s)


def compared(time: np.ndarray, intervals: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray, str]]:
    """Region by name: samples of the region, samples of its baseline (both boolean (time)), and the baseline's name."""
    names = list(dict.fromkeys(intervals["interval"]))
    ejecta = mask(time, intervals, "ejecta")
    alfvenic = [name for name in names if name.startswith("alfvenic")]
    masks = {name: mask(time, intervals, name) for name in names}
    found = np.any([masks[name] for name in alfvenic], axis=0) if alfvenic else np.zeros(time.size, bool)
    quiet = ejecta & ~found  # also of the intervals that the second spacecraft saw
    out = {name: (masks[name] & ejecta, quiet, "quiet") for name in alfvenic}
    if len(alfvenic) > 1:
        out[ALFVENIC] = found & ejecta, quiet, "quiet"
    return out | {name: (masks[name], ejecta & ~masks[name], REST) for name in THIRDS if name in masks}


def runs(mask: np.ndarray) -> list[slice]:
    """Stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [slice(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def window_length(region: np.ndarray, baseline: np.ndarray) -> int:
    """Samples of the longest window that fits into a stretch of the region and into one of the baseline."""
    longest = [max((run.stop - run.start for run in runs(mask)), default=0) for mask in (region, baseline)]
    return min(longest)


def windows(mask: np.ndarray, length: int) -> list[slice]:
    """As many windows of one length as fit into the stretches of True, in the middle of each."""
    out = []
    for run in runs(mask):
        number = (run.stop - run.start) // length if length else 0
        start = run.start + (run.stop - run.start - number * length) // 2
        out += [slice(start + k * length, start + (k + 1) * length) for k in range(number)]
    return out


def _region(parts, name, region, baseline, settings):
    """Arrays (quantity, scale, ...) of one region."""
    cut = {}
    for scale in SCALES:
        masks = [inside(scale, mask, settings.band_s, parts[scale].step_s) for mask in (region, baseline)]
        length = window_length(*masks)
        cut[scale] = tuple(windows(mask, length) for mask in masks)
    cells = [[_cell(parts[scale], name, cut[scale], q, scale, settings) for scale in SCALES] for q in QUANTITIES]
    out = {key: np.array([[cell[key] for cell in row] for row in cells]) for key in cells[0][0]}
    out["delta_r_p_holm"] = np.stack([freedom.holm(p) for p in out["delta_r_p"].T], axis=1)
    return out


def _cell(pair, name, cut, quantity, scale, settings):
    columns = COLUMNS[quantity]
    here, there = (
        freedom.common_pieces([pair.x[w][:, columns] for w in where], [pair.y[w][:, columns] for w in where])
        for where in cut
    )
    n_here, n_there = (sum(len(x) for x, _ in data) for data in (here, there))
    nothing = {"delta_r_ci": [np.nan] * 2, "misfit_ratio_ci": [np.nan] * 2}
    out = {key: nothing.get(key, np.nan) for key in ATTRIBUTES if key not in ("baseline", "window_h", "delta_r_p_holm")}
    out |= {"n_samples": n_here, "n_baseline": n_there, "reason": _why_not(pair, n_here, n_there, settings)}
    if out["reason"]:
        return out
    rng = pair.rng("contrast", name, quantity, scale)
    how = settings, rng, slope(scale)
    return out | _difference(here, there, *how) | _misfits(here, there, *how)


def _why_not(pair, n_here, n_there, settings):
    if not np.isfinite(pair.lag_s):
        return "no lag"
    for n, what in ((n_here, "the region"), (n_there, "the baseline")):
        if n < settings.min_samples:
            return f"fewer than {settings.min_samples} common samples in {what}"
    return ""


def _difference(here, there, settings, rng, slope):
    """delta r, its interval, and p of no difference."""
    z_here, z_there = (
        freedom.correlation_draws([x for x, _ in data], [y for _, y in data], settings.draws, rng, slope)
        for data in (here, there)
    )
    if not np.isfinite(z_here + z_there).all():
        return {"reason": "a field without variance"}
    tail = 50 * (1 - settings.level)
    r_here, r_there = pooled_r(here), pooled_r(there)
    return {
        "r": r_here,
        "r_baseline": r_there,
        "delta_r": r_here - r_there,
        "delta_r_ci": np.percentile(np.tanh(z_here) - np.tanh(z_there), [tail, 100 - tail]),
        "delta_r_p": freedom.two_sided_p(z_here - z_there),
    }


def pooled_r(pieces: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Correlation of all windows together, each about its own mean."""
    x, y = (np.concatenate([piece[k] - piece[k].mean(axis=0) for piece in pieces]) for k in (0, 1))
    return agreement.correlation(x, y)


def _misfits(here, there, settings, rng, slope):
    """Ratio of the root mean squares of second minus first, its interval, and p of a ratio of one."""
    pieces = [[y - x for x, y in data] for data in (here, there)]
    squares = [float(np.mean(np.sum(np.concatenate(d) ** 2, axis=1))) for d in pieces]
    if not min(squares) > 0:
        return {}
    draws = [freedom.variance_draws(d, settings.draws, rng, False, slope) / sum(map(len, d)) for d in pieces]
    tail = 50 * (1 - settings.level)
    return {
        "misfit": squares[0] ** 0.5,
        "misfit_ratio": (squares[0] / squares[1]) ** 0.5,
        "misfit_ratio_ci": np.percentile(np.sqrt(draws[0] / draws[1]), [tail, 100 - tail]),
        "misfit_ratio_p": freedom.two_sided_p(np.log(draws[0] / draws[1])),
    }
