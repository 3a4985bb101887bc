"""De Hoffmann-Teller frame and Walén relation of every interval, its large scales included, with their uncertainty.

A slope below one in magnitude need not mean that a structure is no Alfvén wave: opposite waves on top of each other and
noise in b lower it too. The ratio of the variances, which neither the frame nor the sign of the waves can change,
stands beside it.
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.config import Frozen
from pipeline.fluctuations import Alphas, Density, alfven_units, cadence_s
from pipeline.intervals import mask
from pipeline.physics import dehoffmann, elsasser, window
from pipeline.schema import COMPONENTS
from pipeline.stats.bootstrap import percentile_interval
from pipeline.stats.energies import FEWEST, energy_draws
from pipeline.stats.seeds import generator

ATTRS = {
    "slope": ("1", "slope of v on b in Alfvén units, least squares, components pooled"),
    "slope_ci": ("1", "95 % interval of slope"),
    "slope_orthogonal": ("1", "slope that minimises the orthogonal distances"),
    "slope_orthogonal_ci": ("1", "95 % interval of slope_orthogonal"),
    "slope_ht": ("1", "slope of v - v_ht on b through the origin, least squares, components pooled"),
    "correlation": ("1", "vector correlation of v and b"),
    "variance_ratio": ("1", "variance of v over variance of b in Alfvén units"),
    "v_ht": ("km s-1", "velocity of the de Hoffmann-Teller frame, GSE"),
    "v_ht_error": ("km s-1", "one-sigma error of v_ht, GSE"),
    "ht_correlation": ("1", "correlation of the convection electric field with that of the HT frame"),
    "ht_quality": ("1", "electric field energy left in the HT frame over that in the spacecraft frame"),
    "ht_acceleration": ("km s-2", "acceleration of the HT frame where it may accelerate, GSE"),
    "ht_correlation_accelerated": ("1", "ht_correlation of the accelerating frame"),
    "n_samples": ("1", "bins with velocity, field and density"),
    "n_effective": ("1", "degrees of freedom of the variances"),
    "coverage": ("1", "share of the interval that has velocity, field and density"),
    "reason": ("", "why a value is missing"),
}
DIMS = dict.fromkeys(("v_ht", "v_ht_error", "ht_acceleration"), ("component",))
DIMS |= dict.fromkeys(("slope_ci", "slope_orthogonal_ci"), ("bound",))
SHAPES = {"component": 3, "bound": 2}
BURST_S = 3600.0  # smoothing of the energy in which bursts are looked for


class Settings(Frozen):
    """Density, and what counts as enough."""

    density: Density = "window_mean"
    density_window_s: float = Field(3600.0, gt=0)
    alphas: Alphas = "measured"
    assumed_alpha_ratio: float = Field(0.04, ge=0, lt=1)
    min_coverage: float = Field(0.5, gt=0, le=1, description="an interval covered less has no value")
    replicates: int = Field(2000, ge=200, description="draws behind the 95 % intervals")


def compute(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> xr.Dataset:
    """HT frame and Walén relation (interval, ...) of one spacecraft. ds: uniform data; intervals: its rows."""
    options = settings.model_dump(exclude={"min_coverage", "replicates"})
    v, b = (np.asfortranarray(x) for x in alfven_units(ds, **options)[:2])  # each component in one piece
    names = list(dict.fromkeys(intervals["interval"]))
    rows = []
    for name in names:
        selected = mask(ds["time"].values, intervals, name)
        rng = generator(str(ds.attrs.get("event")), "walen", ds.attrs.get("spacecraft"), name)
        own = (np.compress(selected, x.T, axis=1).T for x in (v, b))
        rows.append(_row(*own, np.flatnonzero(selected), cadence_s(ds), settings, rng))
    coords = {"interval": names, "component": list(COMPONENTS), "bound": ["low", "high"]}
    return xr.Dataset({key: _variable(key, rows) for key in ATTRS}, coords)


def _row(v, b, index, step_s, settings, rng) -> dict:
    """One interval; index: its samples' numbers on the grid of step_s."""
    there = np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1)
    out = {"n_samples": int(there.sum()), "coverage": float(there.mean()) if there.size else 0.0}
    reason = _reason(there, out["coverage"], settings.min_coverage)
    if reason:
        return out | {"reason": reason}
    steady, moving = (dehoffmann.dehoffmann_teller(v, b, time) for time in (None, step_s * index))
    slope, orthogonal, correlation = dehoffmann.walen(v, b)
    shares = dehoffmann.walen_energies(v, b)
    draws, nu = energy_draws(v, b, shares, window.odd_length(BURST_S, step_s), settings.replicates, rng)
    # the frame's covariance holds for independent samples: there are nu / 3 of them, three components each
    error = np.sqrt(np.diag(steady.covariance) * max(1.0, there.sum() / max(nu / 3, 1.0)))
    return out | {
        "slope": slope,
        "slope_ci": percentile_interval(elsasser.walen_slope(draws[:, 1], draws[:, 2])),
        "slope_orthogonal": orthogonal,
        "slope_orthogonal_ci": percentile_interval(elsasser.walen_slope_orthogonal(*draws.T)),
        "slope_ht": dehoffmann.walen(v, b, steady.v_ht)[0],
        "correlation": correlation,
        "variance_ratio": elsasser.alfven_ratio(*np.nanmean(shares[:, :2], axis=0)),
        "v_ht": steady.v_ht,
        "v_ht_error": error,
        "ht_correlation": steady.correlation,
        "ht_quality": steady.quality,
        "ht_acceleration": moving.acceleration,
        "ht_correlation_accelerated": moving.correlation,
        "n_effective": nu,
        "reason": "" if np.isfinite(slope) else "a field without variance",
    }


def _reason(there, coverage, min_coverage):
    if not there.size:
        return "no bin inside: boundaries unknown, or outside the data"
    if coverage < min_coverage:
        return f"velocity, field and density cover {coverage:.2f} of the interval, below {min_coverage:g}"
    return "" if there.sum() >= FEWEST else f"fewer than {FEWEST} bins with velocity, field and density"


def _variable(key, rows):
    more = DIMS.get(key, ())
    missing = "" if key == "reason" else np.full([SHAPES[dim] for dim in more], np.nan)
    values = np.array([row.get(key, missing) for row in rows]).reshape(len(rows), *np.shape(missing))
    units, long_name = ATTRS[key]
    attrs = {"units": units, "long_name": long_name}
    return ("interval", *more), values.astype(object if key == "reason" else float), attrs
