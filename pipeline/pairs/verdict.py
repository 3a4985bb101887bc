"""The study's question answered per Alfvénic interval, in numbers and in a sentence that is never stronger than they.

Is agreement lower there? Is the hodogram more complex? Could chance, the separation alone, or the large scale explain
it? A difference counts where its interval excludes none; "not lower" needs an interval that excludes a difference of
note; whatever lies between "cannot be told".

A hodogram is more complex ("higher") where it is both, at both spacecraft: of high rank among windows of its length in
the ejecta, and rougher than random fields of its own spectrum. High rank alone is told apart: strong fluctuations make
any hodogram rough. The separation is judged by what the published scale lengths are of, half-hour averages of the whole
ejecta, not by the short windows of a region.
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import COLUMNS, Pair, common_grid
from pipeline.config import Frozen
from pipeline.constants import AU_KM
from pipeline.diagnostics import complexity
from pipeline.intervals import mask
from pipeline.pairs import contrast, counterfactual, phase
from pipeline.pairs.correlation import averaged
from pipeline.physics import complexity as metric
from pipeline.stats.surrogates import at_floor, p_value, parts, phase_randomised_series

LOWER, NOT_LOWER, HIGHER, NOT_HIGHER, UNKNOWN = "lower", "not lower", "higher", "not higher", "cannot be told"
BY_SPECTRUM = "higher, not shown to be more than its spectrum makes it"
SIGNIFICANT = 0.05
BATCH = 25  # surrogates at a time: memory
# Distances (au) at which r extrapolates to zero in magnetic ejecta, smallest and largest (Lugaz et al. 2018).
SCALE_LENGTH_COMPONENTS = (0.06, 0.12)
SCALE_LENGTH_STRENGTH = (0.25, 0.35)


class Settings(Frozen):
    """The answer."""

    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period of the Alfvénic band")
    level: float = Field(0.95, gt=0, lt=1, description="level of the intervals")
    margin: float = Field(0.1, gt=0, lt=1, description="difference of r below which agreement counts as equal")
    high_rank: float = Field(0.9, gt=0.5, le=1, description="rank among windows from which a hodogram is more complex")
    averaging_s: float = Field(1800.0, gt=0, description="averages of the ejecta that the separation is judged by")
    draws: int = Field(4000, ge=100, description="draws for the intervals")
    surrogates: int = Field(100, ge=40, description="surrogates for the phase hypothesis")
    complexity_surrogates: int = Field(199, ge=39, description="random fields that the hodogram is compared with")


ATTRIBUTES = {
    "agreement": ("", "correlation of the vector in the region against the baseline's", ""),
    "misfit": ("", "misfit in the region against the baseline's", ""),
    "complexity": ("", "complexity of the hodogram at both spacecraft: by rank and against random fields", ""),
    "complexity_rank": ("", "roughness of the hodogram among windows of its length in the ejecta, both spacecraft", ""),
    "complexity_random": ("", "roughness of the hodogram against random fields of its spectrum, both spacecraft", ""),
    "waves": ("", "same waves or not, and phase", ""),
    "separation": ("", "whether the separation lets expect the correlation of the whole ejecta", ""),
    "sentence": ("", "the answer in words", ""),
    "baseline": ("", "what the region is compared with", ""),
    "window_h": ("h", "length of the windows compared", "window"),
    "r": ("1", "vector correlation in the region", "r"),
    "r_baseline": ("1", "vector correlation in the baseline", "r"),
    "delta_r": ("1", "vector correlation of the region minus that of the baseline", "Δr"),
    "delta_r_ci": ("1", "interval of delta_r", "Δr"),
    "delta_r_p": ("1", "two-sided p of no difference", "p"),
    "delta_r_p_least": ("1", "smallest p of the three components, corrected (Holm)", "p"),
    "r_band": ("1", "vector correlation of the band in the region", "r"),
    "r_baseline_band": ("1", "vector correlation of the band in the baseline", "r"),
    "delta_r_band": ("1", "the same difference in the band", "Δr"),
    "delta_r_band_ci": ("1", "interval of delta_r_band", "Δr"),
    "delta_r_band_p": ("1", "two-sided p of no difference in the band", "p"),
    "misfit_ratio": ("1", "misfit of the region over that of the baseline", "misfit ratio"),
    "misfit_ratio_ci": ("1", "interval of misfit_ratio", "misfit ratio"),
    "detectable": ("1", "fall of r that would have been found: half width of the interval of delta_r", "Δr"),
    "explained": ("1", "share of the deficit in r that goes with the band", "explained"),
    "rank_first": ("1", "rank of the first's hodogram (roughness) among windows of its ejecta", "rank"),
    "rank_second": ("1", "rank of the second's hodogram, carried by the lag", "rank"),
    "surrogate_p_first": ("1", "share of random fields of its spectrum at least as rough, the first's", "p"),
    "surrogate_p_second": ("1", "the same of the second's, carried by the lag", "p"),
    "n_surrogates": ("1", "random fields behind surrogate_p, which is never below 1 / (n + 1)", "n"),
    "r_ejecta": ("1", "correlation of averages over the whole ejecta, mean of the components", "r"),
    "r_ejecta_strength": ("1", "the same of |B|", "r"),
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
    ejecta = mask(pair.time, intervals, "ejecta")
    whole = _separation(first, second, ejecta) | _whole(pair, ejecta, settings)
    rows = [
        _row(
            differences.sel(interval=name),
            without.sel(interval=name, quantity="vector"),
            waves[name],
            _hodogram(pair, name, regions[name][0], ejecta, settings),
            whole,
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
    """Expected r (low, high) of components and of |B| at the mean distance (au) during the ejecta, r = 1 - d / L."""
    first, second = common_grid(first, second)
    apart = second["position"].values[ejecta] - first["position"].values[ejecta]
    apart = apart[np.isfinite(apart).all(axis=1)]
    distance = np.linalg.norm(apart.mean(axis=0)) / AU_KM if len(apart) else np.nan
    lengths = {"r_separation": SCALE_LENGTH_COMPONENTS, "r_separation_strength": SCALE_LENGTH_STRENGTH}
    return {name: 1 - distance / np.array(length) for name, length in lengths.items()}


def _whole(pair, ejecta, settings):
    """Correlations of averages over the whole ejecta, as the published scale lengths were found from."""
    if not np.isfinite(pair.lag_s) or not ejecta.any():
        return {"r_ejecta": np.nan, "r_ejecta_strength": np.nan}
    r = {q: averaged(pair, ejecta, COLUMNS[q], settings)[0] for q in ("b_x", "b_y", "b_z", "b_mag")}
    # ASSUME: the published range holds the mean of the components, which differ from each other by more.
    return {"r_ejecta": np.mean([r["b_x"], r["b_y"], r["b_z"]]), "r_ejecta_strength": r["b_mag"]}


def _hodogram(pair, name, region, ejecta, settings):
    """Rank and surrogate p of each spacecraft's hodogram of the region, on the common clock; NaN in a region in pieces.

    Metric: roughness, the length of the hodogram over its extent.
    """
    how = complexity.Settings(surrogates=0)

    def measure(part):
        return _roughness(part, pair.step_s, how.smooth_s)

    out = {"n_surrogates": settings.complexity_surrogates}
    for place, values in (("first", pair.x), ("second", pair.y)):
        b = values[:, :3]
        part = b[region]
        out |= {f"rank_{place}": np.nan, f"surrogate_p_{place}": np.nan}
        if len(part) and np.isfinite(part).all(axis=1).mean() >= how.min_coverage:
            rank = complexity.window_rank(b, pair.step_s, region, ejecta, how, measure)
            out[f"rank_{place}"] = rank[0]
        if np.isfinite(out[f"rank_{place}"]):
            rng = pair.rng("verdict", name, place)
            out[f"surrogate_p_{place}"] = roughness_p(
                part, pair.step_s, how.smooth_s, settings.complexity_surrogates, rng
            )
    return out


def roughness_p(b: np.ndarray, dt_s: float, smooth_s: float, count: int, rng: np.random.Generator) -> float:
    """(1 + k) / (1 + count), k of `count` phase-randomised fields at least as rough as b (time, 3); NaN below 8 points.

    A field of that spectrum and no order in time: p is small where the hodogram is rougher than its power makes it.
    """
    value = _roughness(b, dt_s, smooth_s)
    if not np.isfinite(value[0]):
        return np.nan
    made = phase_randomised_series(b, parts(count, BATCH), rng)
    found = np.concatenate([_roughness(x.reshape(-1, len(b)).T, dt_s, smooth_s) for x in made])
    return float(p_value(np.sum(found >= value[0] - 1e-12), count))


def _roughness(b, dt_s, smooth_s):
    """(field,) roughness of fields side by side (time, 3 * field) that lack the same samples."""
    curves = complexity.hodogram(b, dt_s, smooth_s).reshape(-1, b.shape[1] // 3, 3).swapaxes(0, 1)
    return metric.roughness(curves) if curves.shape[1] >= 8 else np.full(len(curves), np.nan)


def _row(difference, without, waves, hodogram, whole, settings):
    vector = difference.sel(quantity="vector")
    everything, band = vector.sel(scale="all"), vector.sel(scale="band")
    components = difference["delta_r_p_holm"].sel(quantity=["b_x", "b_y", "b_z"], scale="all").values
    low, high = everything["delta_r_ci"].values
    out = {name: float(everything[name]) for name in ("r", "r_baseline", "delta_r", "delta_r_p", "misfit_ratio")}
    out |= {
        "delta_r_ci": [low, high],
        "delta_r_p_least": np.min(components) if np.isfinite(components).all() else np.nan,
        "r_band": float(band["r"]),
        "r_baseline_band": float(band["r_baseline"]),
        "delta_r_band": float(band["delta_r"]),
        "delta_r_band_ci": band["delta_r_ci"].values,
        "delta_r_band_p": float(band["delta_r_p"]),
        "misfit_ratio_ci": everything["misfit_ratio_ci"].values,
        "detectable": (high - low) / 2,
        "explained": float(without["explained"]),
        **hodogram,
        **whole,
        "window_h": float(difference["window_h"]),
        "baseline": str(difference["baseline"].values),
        "reason": str(everything["reason"].values),
        "waves": waves,
    }
    out["agreement"] = agreement(low, high, settings.margin)
    out["misfit"] = _larger(*out["misfit_ratio_ci"])
    ranks, p = ([hodogram[f"{key}_{place}"] for place in ("first", "second")] for key in ("rank", "surrogate_p"))
    out["complexity_rank"] = _at_both(ranks, [rank >= settings.high_rank for rank in ranks])
    out["complexity_random"] = _at_both(p, [value <= SIGNIFICANT for value in p])
    out["complexity"] = more_complex(out["complexity_rank"], out["complexity_random"], np.isfinite(p).all())
    out["separation"] = _by_separation(out["r_ejecta"], out["r_separation"])
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


def _at_both(values, above):
    """Higher where both spacecraft say so, not higher where neither does."""
    if not np.isfinite(values).all():
        return UNKNOWN
    return HIGHER if all(above) else UNKNOWN if any(above) else NOT_HIGHER


def more_complex(by_rank: str, against_random: str, compared: bool = True) -> str:
    """The rule: higher needs high rank and excess over random fields, at both spacecraft.

    High rank without such excess is BY_SPECTRUM, no high rank at either is not higher; the rest cannot be told.
    `compared`: there are random fields to compare with.
    """
    if by_rank != HIGHER or not compared:
        return NOT_HIGHER if by_rank == NOT_HIGHER else UNKNOWN
    return HIGHER if against_random == HIGHER else BY_SPECTRUM


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
        f"({low:+.2f} to {high:+.2f}, {settings.level:.0%} interval), {_chance(found['delta_r_p'], settings.draws - 1)}"
    )
    meaning = {
        LOWER: "Agreement is lower",
        NOT_LOWER: f"Agreement is not lower by {settings.margin:g} or more",
        UNKNOWN: "Whether agreement is lower cannot be told",
    }[found["agreement"]]
    ratio_low, ratio_high = found["misfit_ratio_ci"]
    misfit = f"The misfit is {found['misfit_ratio']:.2f} times the baseline's ({ratio_low:.2f} to {ratio_high:.2f})."
    parts = f"{meaning}: {numbers}.", misfit, _hodogram_words(found), f"Waves: {found['waves']}."
    return " ".join(part for part in parts if part)


def _hodogram_words(found):
    """Complexity in one sentence, by rank and against random fields."""
    if found["complexity"] == UNKNOWN:
        return ""
    ranks = f"rank {found['rank_first']:.2f} and {found['rank_second']:.2f}"
    if found["complexity"] == NOT_HIGHER:
        return f"The hodogram is not more complex than other windows of the same length ({ranks})."
    joined = "and" if found["complexity"] == HIGHER else "but not shown to be more so"
    p = " and ".join(_chance(found[f"surrogate_p_{place}"], found["n_surrogates"]) for place in ("first", "second"))
    return (
        f"The hodogram is more complex than other windows of the same length ({ranks}), "
        f"{joined} than random fields with the same spectrum ({p})."
    )


def _chance(p, count):
    """p in words: at most what so many draws can tell where none of them came near."""
    return f"p <= {p:.1g}" if at_floor(p, count) else f"p = {p:.2g}"
