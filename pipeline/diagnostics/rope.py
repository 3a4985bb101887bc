"""Flux-rope type of each interval: how far the field turns, which way the rope lies, how lopsided its strength is."""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.config import Frozen
from pipeline.fluctuations import cadence_s
from pipeline.intervals import mask
from pipeline.physics import complexity, minvar
from pipeline.physics.smoothing import low_pass


class Settings(Frozen):
    """Flux-rope typing."""

    smooth_s: float = Field(7200.0, gt=0, description="period above which the field belongs to the rope")
    least_turn_deg: float = Field(30.0, gt=0, lt=90, description="net turn below which there is no clear rotation")
    min_coverage: float = Field(0.5, gt=0, le=1, description="an interval covered less has no type")


ATTRIBUTES = {
    "rope_type": ("", "F-, Fr, F+: turn below 90, to 180, above 180 degrees; Cx: several rotations; E: none clear"),
    "rotation_deg": ("degree", "net turn of the smoothed field in its max-int plane"),
    "turning_deg": ("degree", "all turning of the smoothed field in its max-int plane"),
    "bothmer_schwenn": ("", "field at front, axis, rear: N, S along z, E, W along +y, -y (GSE)"),
    "bothmer_schwenn_confidence": ("1", "how clearly the field has that label, 0 to 1"),
    "dip": ("1", "fraction of the interval at which half of the integrated |B| has passed"),
    "n_samples": ("1", "bins with a field"),
    "reason": ("", "why there is no type"),
}


def compute(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> xr.Dataset:
    """Table (interval) of one spacecraft's uniform data; intervals: its own rows."""
    names = list(dict.fromkeys(intervals["interval"]))
    rows = [_row(ds, mask(ds["time"].values, intervals, name), settings) for name in names]
    variables = {
        key: ("interval", np.array([row[key] for row in rows]), {"units": units, "long_name": meaning})
        for key, (units, meaning) in ATTRIBUTES.items()
    }
    return xr.Dataset(variables, {"interval": names})


def _row(ds, selected, settings):
    b = ds["b"].values[selected].astype(float)
    there = np.isfinite(b).all(axis=1)
    out = {"rope_type": "", "bothmer_schwenn": "", "bothmer_schwenn_confidence": np.nan, "n_samples": int(there.sum())}
    out |= {"rotation_deg": np.nan, "turning_deg": np.nan, "dip": np.nan, "reason": ""}
    if not selected.any():
        return out | {"reason": "no bin inside: boundaries unknown, or outside the data"}
    if there.mean() < settings.min_coverage or there.sum() < 8:
        return out | {"reason": f"field covers {there.mean():.2f} of the interval, {there.sum()} bins"}
    smooth = low_pass(b, settings.smooth_s, cadence_s(ds))
    smooth = smooth[np.isfinite(smooth).all(axis=1)]
    plane = minvar.rotate(smooth, minvar.minimum_variance_analysis(smooth).axes)[:, :2]
    rotation, turning = complexity.turns(plane)
    label, confidence = complexity.bothmer_schwenn(smooth)
    return out | {
        "rope_type": complexity.rope_type(plane, settings.least_turn_deg),
        "rotation_deg": rotation,
        "turning_deg": turning,
        "bothmer_schwenn": label,
        "bothmer_schwenn_confidence": confidence,
        "dip": complexity.distortion(ds["b_mag"].values[selected]),
    }
