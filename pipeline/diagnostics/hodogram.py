"""The field of each interval in its minimum variance frame: eigenvalues, axes with errors, and how far it turns."""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.config import Frozen
from pipeline.fluctuations import cadence_s
from pipeline.intervals import mask
from pipeline.physics import minvar, window
from pipeline.schema import AXES, COMPONENTS
from pipeline.stats.effective import effective_size

ATTRS = {
    "eigenvalue": ("nT2", "variance of the field along the axis"),
    "ratio_max_int": ("1", "ratio of the maximum to the intermediate eigenvalue"),
    "ratio_int_min": (
        "1",
        "ratio of the intermediate to the minimum eigenvalue; from 2 on the minimum axis is accepted",
    ),
    "e": ("1", "axis, GSE; right-handed, the largest component of e_max and of e_min is positive"),
    "error_min_deg": ("degree", "one-sigma angle by which e_min may be turned, the larger of both directions"),
    "b_normal": ("nT", "mean field along e_min"),
    "b_normal_error": ("nT", "one-sigma error of b_normal"),
    "rotation_deg": ("degree", "net turn of the smoothed field in the max-int plane, positive from e_max to e_int"),
    "turning_deg": ("degree", "sum of all turns of the smoothed field in the max-int plane, whatever their sense"),
    "n_samples": ("1", "bins with a field"),
    "n_effective": ("1", "independent samples behind the errors"),
    "coverage": ("1", "share of the interval that has a field"),
    "reason": ("", "why a value is missing"),
}


class Settings(Frozen):
    """What is left out, and how the field is smoothed before its turn is followed."""

    smooth_s: float = Field(1800.0, ge=0, description="centred mean before the field's turn is followed")
    min_coverage: float = Field(0.5, gt=0, le=1, description="an interval covered less has no axes")


def compute(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> xr.Dataset:
    """Minimum variance analysis of every interval: eigenvalue (interval, axis), e (interval, axis, component), scalars.

    ds: uniform data; intervals: its rows of the table of intervals. Errors rest on the number of independent samples of
    the minimum variance component, not on the number of bins.
    """
    names = list(dict.fromkeys(intervals["interval"]))
    rows = [_row(ds, mask(ds["time"].values, intervals, name), settings) for name in names]
    dims = {"eigenvalue": ("interval", "axis"), "e": ("interval", "axis", "component")}
    variables = {
        key: (
            dims.get(key, ("interval",)),
            np.array([row[key] for row in rows]).reshape(len(rows), *[3] * (len(dims.get(key, "-")) - 1)),
            {"units": units, "long_name": meaning},
        )
        for key, (units, meaning) in ATTRS.items()
    }
    coords = {"interval": names, "axis": list(AXES), "component": list(COMPONENTS)}
    return xr.Dataset(variables, coords, {"frame": ds["b"].attrs.get("frame", "GSE")})


def _row(ds, selected, settings):
    b = ds["b"].values[selected]
    there = np.isfinite(b).all(axis=1)
    coverage = float(there.mean()) if there.size else 0.0
    reason = _reason(selected, coverage, settings.min_coverage)
    found = minvar.minimum_variance_analysis(b if not reason else b[:0])
    along = minvar.rotate(np.where(there[:, None], b, np.nan), found.axes)
    least = along[:, 2]
    independent = effective_size(least, least) if not reason else np.nan
    error = np.degrees(minvar.angular_error(found.eigenvalue, independent))[2, :2]
    rotation, turning = _turns(ds, selected, found.axes, settings.smooth_s)
    ratios = minvar.eigenvalue_ratios(found.eigenvalue)
    return {
        "eigenvalue": found.eigenvalue,
        "ratio_max_int": ratios[0],
        "ratio_int_min": ratios[1],
        "e": found.axes,
        "error_min_deg": np.max(error),
        "b_normal": float(found.mean @ found.axes[2]),
        "b_normal_error": float(minvar.normal_field_error(found.eigenvalue, found.mean, found.axes, independent)),
        "rotation_deg": rotation,
        "turning_deg": turning,
        "n_samples": int(there.sum()),
        "n_effective": independent,
        "coverage": coverage,
        "reason": reason,
    }


def _reason(selected, coverage, min_coverage):
    if not selected.any():
        return "no bin inside: boundaries unknown, or outside the data"
    if coverage < min_coverage:
        return f"field covers {coverage:.2f} of the interval, below {min_coverage:g}"
    return "" if selected.sum() * coverage >= 4 else "fewer than 4 bins with a field"


def _turns(ds, selected, axes, smooth_s):
    """Net and total turn (deg) of the smoothed field inside the interval; smoothing sees nothing outside it."""
    index = np.flatnonzero(selected)
    extent = slice(index[0], index[-1] + 1) if index.size else slice(0)
    inside = np.where(selected[extent, None], ds["b"].values[extent], np.nan)
    if smooth_s and index.size:
        inside = window.running_mean(inside, window.odd_length(smooth_s, cadence_s(ds)), 0.3)
    along = minvar.rotate(inside[selected[extent]], axes)
    angle = minvar.turning_angle(along[:, 0], along[:, 1])
    angle = angle[np.isfinite(angle)]
    return (angle[-1] - angle[0], np.abs(np.diff(angle)).sum()) if angle.size > 1 else (np.nan, np.nan)
