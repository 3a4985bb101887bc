"""Agreement of two spacecraft per region, at the one lag of the event, with the doubt about it.

Quantities: b_x, b_y, b_z, b_mag, and "vector", the three components pooled. Regions are the intervals, in the first
spacecraft's time; intervals of one name in several rows are taken together.
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import COLUMNS, QUANTITIES, Pair
from pipeline.config import Frozen
from pipeline.intervals import mask
from pipeline.physics.window import centred_sums, interval_sums, odd_length
from pipeline.stats import agreement, bootstrap, effective, freedom, lagged, surrogates

BATCH = 50  # surrogates at a time: memory


class Settings(Frozen):
    """Correlation of two spacecraft."""

    averaging_s: float = Field(1800.0, gt=0, description="length of the averages for r_averaged")
    shift_s: float = Field(1800.0, ge=0, description="r_max is sought this far around the lag")
    window_s: float = Field(7200.0, gt=0, description="sliding window")
    min_samples: int = Field(10, ge=4, description="common samples below which an interval is left out")
    min_coverage: float = Field(
        0.5, gt=0, le=1, description="common fraction of an interval below which it is left out"
    )
    level: float = Field(0.95, gt=0, lt=1, description="level of the intervals")
    draws: int = Field(4000, ge=100, description="draws for the intervals of r")
    replicates: int = Field(1000, ge=100, description="replicates of the block bootstrap")
    surrogates: int = Field(200, ge=0, description="surrogates for the p values; 0: none")
    search_s: float = Field(7200.0, gt=0, description="reach of the lag search in each surrogate")


ATTRIBUTES = {
    "r": ("1", "Pearson correlation at the one lag (vector: components pooled)", "r"),
    "lag_s": ("s", "lag, positive: second later", "lag"),
    "n_samples": ("1", "common samples", "n"),
    "coverage": ("1", "common samples over samples of the interval", "coverage"),
    "reason": ("", "why there is no value", ""),
    "r_max": ("1", "largest correlation near the lag", "r max"),
    "r_max_lag_s": ("s", "lag of the largest correlation", "lag"),
    "r_averaged": ("1", "Pearson correlation of averages", "r, averages"),
    "n_averaged": ("1", "common averages", "n"),
    "spearman": ("1", "rank correlation", "ρ"),
    "concordance": ("1", "Lin's concordance: 1 only for equal values", "concordance"),
    "rms_difference": ("nT", "root mean square of second minus first", "rms difference"),
    "rms_relative": ("1", "rms difference over mean field strength at the first", "rms difference / |B|"),
    "variance_ratio": ("1", "variance at the second over that at the first", "variance ratio"),
    "angle_median": ("degree", "median angle between the field vectors", "angle"),
    "n_eff": ("1", "effective sample size (Pyper & Peterman)", "n eff"),
    "r_ci": ("1", "interval of r from the freedom of shared and unshared variance", "r"),
    "r_ci_bootstrap": ("1", "percentile interval of the block bootstrap; too narrow for slow structure", "r"),
    "p_value": ("1", "chance of r or more if unrelated, lag searched: phase-randomised second", "p"),
    "p_value_shift": ("1", "chance of r or more if unrelated, lag searched: circularly shifted second", "p"),
    "p_value_holm": ("1", "p_value corrected for three components (Holm)", "p"),
    "rank": ("1", "share of equally long windows of the ejecta with at most this r", "rank"),
    "r_sliding": ("1", "correlation in the sliding window", "r"),
    "rms_sliding": ("nT", "rms difference in the sliding window", "rms difference"),
}


def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Agreement of first(t) with second(t + lag) per interval and quantity, and sliding along `time`.

    first, second: uniform data of one grid; intervals in the first's time; lag_s positive where the second is later,
    rounded to whole bins. An interval without times or with too few common samples keeps its row: NaN with a `reason`.
    """
    pair = Pair.of(first, second, lag_s)
    names = list(dict.fromkeys(intervals["interval"]))
    rows = [_interval(pair, mask(pair.time, intervals, name), name, intervals, settings) for name in names]
    variables = {key: _stacked(key, [row[key] for row in rows]) for key in rows[0]} if rows else {}
    coords = {"interval": names, "quantity": list(QUANTITIES), "bound": ["low", "high"], "time": pair.time}
    ds = xr.Dataset(variables | _sliding(pair, settings), coords)
    for name in ds.data_vars:
        units, meaning, label = ATTRIBUTES[name]
        ds[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return ds


def _stacked(name, values):
    dims = ("interval", "quantity", "bound")[: np.ndim(values)]
    return dims, values


def _interval(pair, selected, name, intervals, settings):
    """Every statistic of one interval: arrays (quantity, ...)."""
    per_quantity = [_quantity(pair, selected, name, q, settings) for q in QUANTITIES]
    out = {key: [values[key] for values in per_quantity] for key in per_quantity[0]}
    known = [not reason for reason in out["reason"]]
    out |= _around_lag(pair, selected, known, settings)
    out |= _surrogate_p(pair, selected, name, np.where(known, out["r"], np.nan), settings)
    out["rank"] = _rank(pair, selected, mask(pair.time, intervals, "ejecta"), np.array(out["r"]))
    return out


def _quantity(pair, selected, name, quantity, settings):
    columns = COLUMNS[quantity]
    x, y = pair.x[selected][:, columns], pair.y[selected][:, columns]
    n = len(agreement.common(x, y)[0])
    reason = _why_not(pair, selected, n, settings)
    out = {"lag_s": pair.lag_s, "n_samples": n, "coverage": n / max(selected.sum(), 1), "reason": reason}
    if reason:
        nothing = dict.fromkeys(("r", "spearman", "concordance", "rms_difference", "rms_relative"), np.nan)
        nothing |= dict.fromkeys(("variance_ratio", "angle_median", "n_eff", "r_averaged"), np.nan)
        return out | nothing | {"n_averaged": 0, "r_ci": [np.nan] * 2, "r_ci_bootstrap": [np.nan] * 2}
    out |= _agreement(x, y, quantity, pair.x[selected][:, 3])
    if not np.isfinite(out["r"]):
        out["reason"] = "a field without variance"
    out["r_averaged"], out["n_averaged"] = averaged(pair, selected, columns, settings)
    z = freedom.correlation_draws(x, y, settings.draws, pair.rng("correlation", name, quantity))
    out["r_ci"] = freedom.correlation_interval(z, settings.level)
    out["r_ci_bootstrap"] = _bootstrap(x, y, settings, pair.rng("correlation", name, quantity, "bootstrap"))
    return out


def _why_not(pair, selected, n, settings):
    if not np.isfinite(pair.lag_s):
        return "no lag"
    if not selected.any():
        return "the interval has no times on the grid"
    if n < settings.min_samples:
        return f"fewer than {settings.min_samples} common samples"
    if n < settings.min_coverage * selected.sum():
        return f"common samples cover {n / selected.sum():.0%}, less than {settings.min_coverage:.0%}"
    return ""


def _agreement(x, y, quantity, strength):
    is_vector = quantity == "vector"
    rms = agreement.rms_difference(x, y)
    each = [effective.effective_size(x[:, k], y[:, k]) for k in range(x.shape[1])]
    return {
        "r": agreement.correlation(x, y),
        "spearman": np.nan if is_vector else agreement.spearman(x, y),
        "concordance": agreement.concordance(x, y),
        "rms_difference": rms,
        "rms_relative": rms / (np.nanmean(strength) or np.nan) if np.isfinite(strength).any() else np.nan,
        "variance_ratio": agreement.variance_ratio(x, y),
        "angle_median": agreement.angle_median(x, y) if is_vector else np.nan,
        "n_eff": float(np.mean(each)),
    }


def averaged(pair: Pair, selected: np.ndarray, columns: list[int], settings: Settings) -> tuple[float, int]:
    """r of averages of common samples over settings.averaging_s, at least half full; and their number."""
    x, y = pair.x[:, columns], pair.y[:, columns]
    both = selected & np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    length = max(1, round(settings.averaging_s / pair.step_s))
    block = np.arange(both.size)[both] // length
    size = np.bincount(block)
    full = size >= max(1, 0.5 * length)
    x, y = (np.stack([np.bincount(block, a)[full] / size[full] for a in values[both].T], axis=1) for values in (x, y))
    return (agreement.correlation(x, y) if full.sum() >= 3 else np.nan), int(full.sum())


def _bootstrap(x, y, settings, rng):
    x, y = agreement.common(x, y)
    moments = np.stack([bootstrap.pair_moments(x[:, k], y[:, k]) for k in range(x.shape[1])], axis=1)
    block = bootstrap.optimal_block_length(moments[..., 1:].reshape(len(x), -1))
    means = bootstrap.bootstrap_means(moments.reshape(len(x), -1), block, settings.replicates, rng)
    r = bootstrap.vector_correlation_from_means(means.reshape(-1, x.shape[1], 6))
    return bootstrap.percentile_interval(r, settings.level)


def _around_lag(pair, selected, known, settings):
    """Largest r within +-shift_s of the lag, and where."""
    reach = round(settings.shift_s / pair.step_s)
    steps = np.arange(-reach, reach + 1)
    if not any(known):
        return {"r_max": [np.nan] * len(QUANTITIES), "r_max_lag_s": [np.nan] * len(QUANTITIES)}
    r = _lagged_r(pair.x, pair.y[None], selected, steps, settings.min_coverage)[0]
    r_max, where = np.full(len(QUANTITIES), np.nan), np.full(len(QUANTITIES), np.nan)
    for k in np.flatnonzero(known & np.isfinite(r).any(axis=0)):
        best = np.nanargmax(r[:, k])
        r_max[k], where[k] = r[best, k], pair.lag_s + steps[best] * pair.step_s
    return {"r_max": r_max, "r_max_lag_s": where}


def _lagged_r(x, y, selected, steps, min_coverage):
    """(batch, lag, quantity) correlations of x (time, 4) with y (batch, time, 4); NaN below the coverage."""
    vector = lagged.lagged_moments(x[:, :3], y[..., :3], selected, steps)
    strength = lagged.lagged_moments(x[:, 3:], y[..., 3:], selected, steps)
    r = np.concatenate(
        [
            bootstrap.correlation_from_means(vector),
            bootstrap.correlation_from_means(strength),
            bootstrap.vector_correlation_from_means(vector)[..., None],
        ],
        axis=-1,
    )
    count = np.concatenate([vector[..., 0], strength[..., 0], vector[..., :1, 0]], axis=-1)
    return np.where(count >= max(4, min_coverage * selected.sum()), r, np.nan)


def _surrogate_p(pair, selected, name, r, settings):
    """Share of surrogates of the second whose r, at the lag that their own search finds, reaches the observed one.

    The search maximises the vector correlation over this interval alone, with every lag allowed: for a part of the
    ejecta, whose lag was found from the whole, that is more freedom than was used, so p is on the careful side.
    """
    p = np.full((2, len(QUANTITIES)), np.nan)
    if settings.surrogates and np.isfinite(r).any():
        reach = round(settings.search_s / pair.step_s)
        index = np.flatnonzero(selected)
        part = slice(max(0, index[0] - reach), index[-1] + reach + 1)
        least = min(reach, len(pair.y) // 2)

        def randomised(count, rng):
            return surrogates.phase_randomised(pair.y[part], count, rng)

        def moved(count, rng):
            return surrogates.circular_shifts(pair.y, count, rng, least)[:, part]

        p = [_reached(pair, selected, part, make, r, name, settings) for make in (randomised, moved)]
    return {"p_value": p[0], "p_value_shift": p[1], "p_value_holm": freedom.holm(p[0])}


def _reached(pair, selected, part, make, r, name, settings):
    steps = np.arange(-round(settings.search_s / pair.step_s), round(settings.search_s / pair.step_s) + 1)
    rng = pair.rng("correlation", name, "surrogates")
    found = []
    for count in surrogates.parts(settings.surrogates, BATCH):
        y = make(count, rng)
        curves = _lagged_r(pair.x[part], y, selected[part], steps, settings.min_coverage)
        vector = np.where(np.isfinite(curves[..., -1]), curves[..., -1], -np.inf)
        found.append(np.take_along_axis(curves, vector.argmax(axis=1)[:, None, None], axis=1)[:, 0])
    found = np.concatenate(found)
    usable = np.isfinite(found)
    reached = (usable & (found >= r)).sum(axis=0)
    return np.where(np.isfinite(r) & usable.any(axis=0), surrogates.p_value(reached, usable.sum(axis=0)), np.nan)


def _rank(pair, selected, ejecta, r):
    """Share of all windows of the interval's length inside the ejecta whose r is at most the interval's."""
    out = np.full(len(QUANTITIES), np.nan)
    index, inside = np.flatnonzero(selected), np.flatnonzero(ejecta)
    if not index.size or not inside.size or not ejecta[index].all():
        return out
    length = index.size
    if index[-1] - index[0] + 1 != length or length > 0.8 * inside.size:
        return out  # in pieces, or hardly shorter than the ejecta: nothing to be ranked among
    start = np.arange(inside[0], inside[-1] - length + 2)
    for k, quantity in enumerate(QUANTITIES):
        sums = interval_sums(_moments(pair, quantity).reshape(len(pair.time), -1).T, start, start + length)
        r_windows = _r_of_sums(sums, 0.5 * length)
        if np.isfinite(r[k]) and np.isfinite(r_windows).any():
            out[k] = np.mean(r_windows[np.isfinite(r_windows)] <= r[k] + 1e-9)
    return out


def _moments(pair, quantity):
    """(time, component, 6) contributions of the quantity's components, zeros where any is missing."""
    x, y = pair.x[:, COLUMNS[quantity]], pair.y[:, COLUMNS[quantity]]
    both = (np.isfinite(x) & np.isfinite(y)).all(axis=1, keepdims=True)
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    return np.stack([bootstrap.pair_moments(x[:, k], y[:, k]) for k in range(x.shape[1])], axis=1)


def _r_of_sums(sums, least):
    sums = sums.T.reshape(sums.shape[1], -1, 6)
    r = bootstrap.vector_correlation_from_means(np.where(sums[..., :1] > 0, sums, np.nan))
    return np.where(sums[:, 0, 0] >= least, r, np.nan)


def _sliding(pair, settings):
    """r and rms difference in the window centred at every sample; NaN where less than half of it is common."""
    length = odd_length(settings.window_s, pair.step_s)
    r, rms = [], []
    for quantity in QUANTITIES:
        moments = _moments(pair, quantity)
        r.append(_r_of_sums(centred_sums(moments.reshape(len(pair.time), -1).T, length), 0.5 * length))
        square = np.sum((pair.y - pair.x)[:, COLUMNS[quantity]] ** 2, axis=1)
        sums = centred_sums(np.stack([np.isfinite(square), np.nan_to_num(square)]).astype(float), length)
        rms.append(np.sqrt(np.where(sums[0] >= 0.5 * length, sums[1] / np.maximum(sums[0], 1), np.nan)))
    return {
        "r_sliding": (("time", "quantity"), np.transpose(r)),
        "rms_sliding": (("time", "quantity"), np.transpose(rms)),
    }
