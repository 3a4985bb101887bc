"""How like are the hodograms of two spacecraft, region by region? Shape apart from size and attitude, and the leash.

Both fields are cut to the region at the one lag, smoothed and thinned alike. Surrogates turn the second's phases at
random: they say how like two unrelated hodograms of these spectra would be.
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import Pair
from pipeline.config import Frozen
from pipeline.intervals import mask
from pipeline.physics import complexity
from pipeline.physics.smoothing import low_pass
from pipeline.stats.surrogates import p_value, parts, phase_randomised_series

BATCH = 25  # surrogates at a time: memory
POINTS = 120  # for the Fréchet distance, whose cost is their square


class Settings(Frozen):
    """Likeness of hodograms."""

    smooth_s: float = Field(600.0, gt=0, description="period above which the hodogram is kept; points half of it apart")
    surrogates: int = Field(99, ge=0, description="seconds with random phases")
    min_coverage: float = Field(0.5, gt=0, le=1, description="a region covered less is left out")


ATTRIBUTES = {
    "disparity": (
        "1",
        "Procrustes disparity: 0 for one shape whatever size and attitude, 1 for none in common",
        "disparity",
    ),
    "disparity_p": ("1", "share of surrogates at least as like", "p"),
    "attitude_deg": ("degree", "rotation that lays one hodogram on the other", "rotation"),
    "size_ratio": ("1", "size (rms about the mean) at the second over that at the first", "size ratio"),
    "frechet": ("nT", "discrete Fréchet distance of the hodograms", "Fréchet distance"),
    "frechet_relative": ("1", "Fréchet distance over mean field strength at the first", "Fréchet distance / |B|"),
    "frechet_p": ("1", "share of surrogates at least as near", "p"),
    "n_points": ("1", "common points", "n"),
    "reason": ("", "why there is no value", ""),
}


def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Table (interval); arguments as in pairs.correlation."""
    pair = Pair.of(first, second, lag_s)
    names = list(dict.fromkeys(intervals["interval"]))
    rows = [_row(pair, mask(pair.time, intervals, name), name, settings) for name in names]
    variables = {
        key: ("interval", np.array([row[key] for row in rows]), {"units": units, "long_name": meaning, "label": label})
        for key, (units, meaning, label) in ATTRIBUTES.items()
    }
    return xr.Dataset(variables, {"interval": names})


def common_hodograms(x: np.ndarray, y: np.ndarray, dt_s: float, smooth_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Points (point, 3) of both smoothed fields at the same times, half of `smooth_s` apart.

    Several seconds that lack the same samples may lie side by side, y (time, 3 * second): so do their points.
    """
    both = (np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1))[:, None]
    step = max(1, round(smooth_s / 2 / dt_s))
    curves = [low_pass(np.where(both, a, np.nan), smooth_s, dt_s, into_gaps=True)[::step] for a in (x, y)]
    there = np.isfinite(curves[0]).all(axis=1)
    return curves[0][there], curves[1][there]


def _row(pair, selected, name, settings):
    x, y = pair.x[selected, :3], pair.y[selected, :3]
    out = dict.fromkeys(ATTRIBUTES, np.nan) | {"n_points": 0, "reason": ""}
    covered = np.isfinite(x + y).all(axis=1).mean() if len(x) else 0.0
    reason = _why_not(pair, selected, covered, settings)
    if reason:
        return out | {"reason": reason}
    here, there = common_hodograms(x, y, pair.step_s, settings.smooth_s)
    if len(here) < 8:
        return out | {"n_points": len(here), "reason": "fewer than 8 points of a hodogram"}
    disparity, attitude = complexity.procrustes(here, there)
    sizes = [np.sqrt(np.sum(np.var(curve, axis=0))) for curve in (here, there)]
    if not min(sizes) > 0:
        return out | {"n_points": len(here), "reason": "a field without variance"}
    frechet = _leash(here, there)
    strength = np.mean(pair.x[selected, 3][np.isfinite(pair.x[selected, 3])])
    out |= {"disparity": disparity, "attitude_deg": attitude, "frechet": frechet, "n_points": len(here)}
    out |= {"size_ratio": sizes[1] / sizes[0], "frechet_relative": frechet / strength}
    return out | _p_values(x, y, disparity, frechet, pair.step_s, settings, pair.rng("hodograms", name))


def _why_not(pair, selected, covered, settings):
    if not np.isfinite(pair.lag_s):
        return "no lag"
    if not selected.any():
        return "the interval has no times on the grid"
    return (
        f"common field covers {covered:.0%}, less than {settings.min_coverage:.0%}"
        if covered < settings.min_coverage
        else ""
    )


def _leash(first, second):
    every = -(-len(first) // POINTS)
    return complexity.discrete_frechet(first[::every], second[..., ::every, :])


def _p_values(x, y, disparity, frechet, dt_s, settings, rng):
    if not settings.surrogates:
        return {}
    made = phase_randomised_series(y, parts(settings.surrogates, BATCH), rng)
    curves = [common_hodograms(x, some.reshape(-1, len(y)).T, dt_s, settings.smooth_s) for some in made]
    here = curves[0][0]
    others = np.concatenate([there.reshape(len(here), -1, 3).swapaxes(0, 1) for _, there in curves])
    disparities = np.array([complexity.procrustes(here, there)[0] for there in others])
    p = [
        p_value(np.sum(found <= value), len(others))
        for found, value in ((disparities, disparity), (_leash(here, others), frechet))
    ]
    return {"disparity_p": p[0], "frechet_p": p[1]}
