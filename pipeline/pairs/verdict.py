"""The study's question answered per Alfvénic interval, in numbers and in a sentence that is never stronger than they.

Is agreement lower there? Is the hodogram more complex? Could chance, the separation alone, or the large scale explain
it? A difference counts where its interval excludes none; "not lower" needs an interval that excludes a difference of
note; whatever lies between "cannot be told".
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import Pair, common_grid
from pipeline.config import Frozen
from pipeline.constants import AU_KM
from pipeline.diagnostics import complexity
from pipeline.intervals import mask
from pipeline.pairs import contrast, counterfactual, phase

LOWER, NOT_LOWER, HIGHER, NOT_HIGHER, UNKNOWN = "lower", "not lower", "higher", "not higher", "cannot be told"
# Distances (au) at which r extrapolates to zero in magnetic ejecta, smallest and largest (Lugaz et al. 2018).
SCALE_LENGTH_COMPONENTS = (0.06, 0.12)
SCALE_LENGTH_STRENGTH = (0.25, 0.35)


class Settings(Frozen):
    """The answer."""

    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period of the Alfvénic band")
    level: float = Field(0.95, gt=0, lt=1, description="level of the intervals")
    margin: float = Field(0.1, gt=0, lt=1, description="difference of r below which agreement counts as equal")
    high_rank: float = Field(0.9, gt=0.5, le=1, description="rank among windows from which a hodogram is more complex")
    draws: int = Field(4000, ge=100, description="draws for the intervals")
    surrogates: int = Field(100, ge=40, description="surrogates for the phase hypothesis")


ATTRIBUTES = {
    "agreement": ("", "correlation of the vector in the region against the baseline's", ""),
    "misfit": ("", "misfit in the region against the baseline's", ""),
    "complexity": ("", "complexity of the hodogram against other windows of the ejecta, both spacecraft", ""),
    "waves": ("", "same waves or not, and phase", ""),
    "separation": ("", "whether the separation alone lets expect the region's correlation", ""),
    "sentence": ("", "the answer in words", ""),
    "baseline": ("", "what the region is compared with", ""),
    "window_h": ("h", "length of the windows compared", "window"),
    "r": ("1", "vector correlation in the region", "r"),
    "r_baseline": ("1", "vector correlation in the baseline", "r"),
    "delta_r": ("1", "vector correlation of the region minus that of the baseline", "Δr"),
    "delta_r_ci": ("1", "interval of delta_r", "Δr"),
    "delta_r_p": ("1", "two-sided p of no difference", "p"),
    "delta_r_p_least": ("1", "smallest p of the three components, corrected (Holm)", "p"),
    "delta_r_band": ("1", "the same difference in the band", "Δr"),
    "delta_r_band_p": ("1", "two-sided p of no difference in the band", "p"),
    "misfit_ratio": ("1", "misfit of the region over that of the baseline", "misfit ratio"),
    "misfit_ratio_ci": ("1", "interval of misfit_ratio", "misfit ratio"),
    "detectable": ("1", "fall of r that would have been found: half width of the interval of delta_r", "Δr"),
    "explained": ("1", "share of the deficit in r that goes with the band", "explained"),
    "rank_first": ("1", "rank of the first's hodogram (roughness) among windows of its ejecta", "rank"),
    "rank_second": ("1", "rank of the second's hodogram, carried by the lag", "rank"),
    "r_separation": ("1", "correlation expected of components at this separation, r = 1 - d / L", "r"),
    "r_separation_strength": ("1", "correlation expected of |B| at this separation", "r"),
    "reason": ("", "why there is no answer", ""),
}


def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Table (interval) of Alfvénic intervals, all of them together, and thirds; arguments as in pairs.contrast."""
    shared = {"band_s": settings.band_s, "level": settings.level, "draws": settings.draws}
    differences = contrast.compute(first, second, intervals, lag_s, contrast.Settings(**shared))
    without = counterfactual.compute(first, second, intervals, lag_s, counterfactual.Settings(**shared))
    names = list(differences["interval"].values)
    pair = Pair.of(first, second, lag_s)
    regions = contrast.compared(pair.time, intervals)
    waves = _waves(first, second, pair, regions, lag_s, settings)
    expected = _separation(first, second, mask(pair.time, intervals, "ejecta"))
    ejecta = mask(pair.time, intervals, "ejecta")
    rows = [
        _row(
            differences.sel(interval=name),
            without.sel(interval=name, quantity="vector"),
            waves[name],
            _ranks(pair, regions[name][0], ejecta),
            expected,
            settings,
        )
        for name in names
    ]
    variables = {}
    for key, (units, meaning, label) in ATTRIBUTES.items() if rows else ():
        values = np.array([row[key] for row in rows])
        attrs = {"units": units, "long_name": meaning, "label": label}
        variables[key] = ("interval", "bound")[: values.ndim], values, attrs
    return xr.Dataset(variables, {"interval": names, "bound": ["low", "high"]}).assign_attrs(band_s=settings.band_s)


def _waves(first, second, pair, regions, lag_s, settings):
    """Verdict of the phase hypothesis by region."""
    pieces = [
        (
            name,
            pd.Timestamp(pair.time[run.start]),
            pd.Timestamp(pair.time[run.stop - 1]) + pd.Timedelta(seconds=pair.step_s),
        )
        for name, (region, *_) in regions.items()
        for run in contrast.runs(region)
    ]
    half = pd.Timedelta(seconds=pair.step_s / 2)  # intervals lie at bin edges, times at centres
    table = pd.DataFrame(
        [(pair.names[1], name, start - half, end - half, "given") for name, start, end in pieces],
        columns=["spacecraft", "interval", "start", "end", "origin"],
    )
    found = phase.compute(
        first, second, table, lag_s, phase.Settings(band_s=settings.band_s, surrogates=settings.surrogates)
    )
    known = set(found["interval"].values) if len(table) else set()
    return {
        name: str(found["verdict"].sel(interval=name).values) if name in known else phase.UNKNOWN for name in regions
    }


def _separation(first, second, ejecta):
    """Expected r (low, high) of components and of |B| at the mean distance (au) during the ejecta."""
    first, second = common_grid(first, second)
    apart = second["position"].values[ejecta] - first["position"].values[ejecta]
    apart = apart[np.isfinite(apart).all(axis=1)]
    distance = np.linalg.norm(apart.mean(axis=0)) / AU_KM if len(apart) else np.nan
    return [1 - distance / np.array(lengths) for lengths in (SCALE_LENGTH_COMPONENTS, SCALE_LENGTH_STRENGTH)]


def _ranks(pair, region, ejecta):
    """Rank of each spacecraft's hodogram of the region among windows of the ejecta, on the common clock."""
    settings = complexity.Settings(surrogates=0)
    which = list(complexity.METRICS).index("roughness")
    out = []
    for values in (pair.x, pair.y):
        b = values[:, :3]
        part = b[region]
        enough = len(part) and np.isfinite(part).all(axis=1).mean() >= settings.min_coverage
        found = complexity.window_rank(b, pair.step_s, region, ejecta, settings)[which] if enough else np.nan
        out.append(found)
    return out


def _row(difference, without, waves, ranks, expected, settings):
    vector = difference.sel(quantity="vector")
    everything, band = vector.sel(scale="all"), vector.sel(scale="band")
    components = difference["delta_r_p_holm"].sel(quantity=["b_x", "b_y", "b_z"], scale="all").values
    low, high = everything["delta_r_ci"].values
    out = {name: float(everything[name]) for name in ("r", "r_baseline", "delta_r", "delta_r_p", "misfit_ratio")}
    out |= {
        "delta_r_ci": [low, high],
        "delta_r_p_least": np.min(components) if np.isfinite(components).all() else np.nan,
        "delta_r_band": float(band["delta_r"]),
        "delta_r_band_p": float(band["delta_r_p"]),
        "misfit_ratio_ci": everything["misfit_ratio_ci"].values,
        "detectable": (high - low) / 2,
        "explained": float(without["explained"]),
        "rank_first": ranks[0],
        "rank_second": ranks[1],
        "r_separation": expected[0],
        "r_separation_strength": expected[1],
        "window_h": float(difference["window_h"]),
        "baseline": str(difference["baseline"].values),
        "reason": str(everything["reason"].values),
        "waves": waves,
    }
    out["agreement"] = agreement(low, high, settings.margin)
    out["misfit"] = _larger(*out["misfit_ratio_ci"])
    out["complexity"] = _more_complex(ranks, settings.high_rank)
    out["separation"] = _by_separation(out["r"], expected[0])
    return out | {"sentence": _sentence(out, settings)}


def agreement(low: float, high: float, margin: float) -> str:
    """What an interval of delta r says: lower, not lower by `margin` or more, or neither."""
    if high < 0:
        return LOWER
    return NOT_LOWER if low > -margin else UNKNOWN


def _larger(low, high):
    if low > 1:
        return HIGHER
    return NOT_HIGHER if high <= 1.25 else UNKNOWN  # a quarter more misfit is what a difference of note would be


def _more_complex(ranks, high_rank):
    """Higher where both spacecraft say so, not higher where neither does."""
    if not np.isfinite(ranks).all():
        return UNKNOWN
    above = [rank >= high_rank for rank in ranks]
    return HIGHER if all(above) else UNKNOWN if any(above) else NOT_HIGHER


def _by_separation(r, expected):
    if not np.isfinite(r) or not np.isfinite(expected).all():
        return UNKNOWN
    if r >= min(expected):
        return "expected from the separation" if r <= max(expected) else "better than the separation lets expect"
    return "worse than the separation lets expect"


def _sentence(found, settings):
    if found["reason"]:
        return f"No answer: {found['reason']}."
    low, high = found["delta_r_ci"]
    numbers = (
        f"the field's correlation is {found['r']:.2f} against {found['r_baseline']:.2f} in windows of "
        f"{found['window_h']:.1f} h of the baseline ({found['baseline']}): a difference of {found['delta_r']:+.2f} "
        f"({low:+.2f} to {high:+.2f}, {settings.level:.0%} interval), p = {found['delta_r_p']:.2g}"
    )
    meaning = {
        LOWER: "Agreement is lower",
        NOT_LOWER: f"Agreement is not lower by {settings.margin:g} or more",
        UNKNOWN: "Whether agreement is lower cannot be told",
    }[found["agreement"]]
    ratio_low, ratio_high = found["misfit_ratio_ci"]
    misfit = f"The misfit is {found['misfit_ratio']:.2f} times the baseline's ({ratio_low:.2f} to {ratio_high:.2f})."
    said = {HIGHER: "more complex than", NOT_HIGHER: "not more complex than", UNKNOWN: ""}[found["complexity"]]
    hodogram = f"The hodogram is {said} most other windows of the ejecta." if said else ""
    return " ".join(part for part in (f"{meaning}: {numbers}.", misfit, hodogram, f"Waves: {found['waves']}.") if part)
