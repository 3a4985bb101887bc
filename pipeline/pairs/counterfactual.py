"""What if there had been no Alfvénic waves? The band is taken out of both spacecraft, and agreement is measured again.

What remains of a region's deficit in r, or of its complexity, is not the waves' doing. The band is taken out
everywhere, also of the baseline, so that both stay comparable; windows are of one length (pairs.contrast).
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import COLUMNS, QUANTITIES, Pair
from pipeline.config import Frozen
from pipeline.diagnostics.complexity import hodogram
from pipeline.pairs import contrast
from pipeline.physics import complexity
from pipeline.remembered import remembered
from pipeline.splitting import by_scale
from pipeline.stats import freedom


class Settings(Frozen):
    """Removal of the Alfvénic band."""

    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period of the Alfvénic band")
    guard: float = Field(
        1.5, ge=1, description="periods are taken out this much beyond the band, whose edges pass half"
    )
    min_samples: int = Field(12, ge=12, description="common samples below which a region is left out")
    level: float = Field(0.95, gt=0, lt=1, description="level of the intervals")
    draws: int = Field(4000, ge=100, description="draws for the intervals")


ATTRIBUTES = {
    "baseline": ("", "what the region is compared with", ""),
    "r": ("1", "correlation in the windows of the region", "r"),
    "r_without": ("1", "the same without the band", "r"),
    "r_without_ci": ("1", "interval of r_without", "r"),
    "delta_r": ("1", "correlation of the region minus that of its baseline", "Δr"),
    "delta_r_without": ("1", "the same without the band", "Δr"),
    "delta_r_without_ci": ("1", "interval of delta_r_without", "Δr"),
    "delta_r_without_p": ("1", "two-sided p of no difference without the band", "p"),
    "explained": ("1", "share of the deficit in r that goes with the band; above 1: more than all", "explained"),
    "roughness_first": ("1", "length over extent of the first's hodogram in the region", "roughness"),
    "roughness_first_without": ("1", "the same without the band", "roughness"),
    "roughness_second": ("1", "length over extent of the second's hodogram in the region", "roughness"),
    "roughness_second_without": ("1", "the same without the band", "roughness"),
    "reason": ("", "why there is no value", ""),
}
PER_REGION = ("baseline", "roughness_first", "roughness_first_without", "roughness_second", "roughness_second_without")


@remembered
def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Table (interval, quantity) over the regions of pairs.contrast; arguments as there."""
    wider = settings.band_s[0] / settings.guard, settings.band_s[1] * settings.guard
    parts = by_scale(Pair.of(first, second, lag_s), wider)
    with_band = parts["all"]
    without = replace(with_band, x=with_band.x - parts["band"].x, y=with_band.y - parts["band"].y)
    regions = contrast.compared(with_band.time, intervals)
    rows = [_region(with_band, without, name, *region, settings) for name, region in regions.items()]
    variables = {}
    for key in ATTRIBUTES if rows else ():
        values = np.array([row[key] for row in rows])
        dims = ("interval",) if key in PER_REGION else ("interval", "quantity", "bound")[: values.ndim]
        variables[key] = dims, values
    ds = xr.Dataset(variables, {"interval": list(regions), "quantity": list(QUANTITIES), "bound": ["low", "high"]})
    for name in ds.data_vars:
        units, meaning, label = ATTRIBUTES[name]
        ds[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return ds.assign_attrs(band_s=settings.band_s)


def _region(with_band, without, name, region, baseline, baseline_name, settings):
    length = contrast.window_length(region, baseline)
    cut = contrast.windows(region, length), contrast.windows(baseline, length)
    cells = [_cell(with_band, without, name, cut, quantity, settings) for quantity in QUANTITIES]
    out = {key: [cell[key] for cell in cells] for key in cells[0]}
    out["baseline"] = baseline_name
    for which, attribute in (("first", "x"), ("second", "y")):
        for suffix, pair in (("", with_band), ("_without", without)):
            out[f"roughness_{which}{suffix}"] = _roughness(getattr(pair, attribute)[region, :3], pair.step_s, settings)
    return out


def _roughness(b, dt_s, settings):
    curve = hodogram(b, dt_s, settings.band_s[0]) if len(b) else b
    return complexity.roughness(curve) if len(curve) >= 8 else np.nan


def _cell(with_band, without, name, cut, quantity, settings):
    columns = COLUMNS[quantity]
    z, draws = {}, {}  # draws of what remains: only that has an interval
    for what, pair in (("with", with_band), ("without", without)):
        for where, windows in zip(("here", "there"), cut, strict=True):
            # The same samples in all four: only those that the filter reaches.
            x, y = ([a[w][:, columns] + 0 * without.x[w][:, columns] for w in windows] for a in (pair.x, pair.y))
            pieces = freedom.common_pieces(x, y)
            if sum(len(a) for a, _ in pieces) < settings.min_samples:
                return _nothing(
                    "no lag" if np.isnan(with_band.lag_s) else f"fewer than {settings.min_samples} common samples"
                )
            z[what, where] = np.arctanh(np.clip(contrast.pooled_r(pieces), -0.999999, 0.999999))
            if what == "without":
                rng = with_band.rng("counterfactual", name, quantity, what, where)
                draws[where] = freedom.correlation_draws(*map(list, zip(*pieces, strict=True)), settings.draws, rng)
    return _compared(z, draws, settings)


def _nothing(reason):
    names = [key for key in ATTRIBUTES if key not in PER_REGION]
    return {key: [np.nan] * 2 if key.endswith("_ci") else np.nan for key in names} | {"reason": reason}


def _compared(z, draws, settings):
    tail = 50 * (1 - settings.level)
    deficit, remaining = (np.tanh(z[what, "here"]) - np.tanh(z[what, "there"]) for what in ("with", "without"))
    here, there = draws["here"], draws["there"]
    if not np.isfinite(here + there).all():
        return _nothing("a field without variance")
    return {
        "r": np.tanh(z["with", "here"]),
        "r_without": np.tanh(z["without", "here"]),
        "r_without_ci": freedom.correlation_interval(here, settings.level),
        "delta_r": deficit,
        "delta_r_without": remaining,
        "delta_r_without_ci": np.percentile(np.tanh(here) - np.tanh(there), [tail, 100 - tail]),
        "delta_r_without_p": freedom.two_sided_p(here - there),
        "explained": 1 - remaining / deficit if deficit < 0 else np.nan,
        "reason": "",
    }
