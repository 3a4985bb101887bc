"""Cross helicity, residual energy and amplitude in a running window and per interval, choices beside each other.

Per interval, energies are pooled before any ratio is taken, and nothing outside the interval enters. Every method is a
row: both common definitions, "running_mean" (fluctuations about a centred running mean) and "window" (variance inside
the windows), and what other choices of density and alphas would give. The running mean is the default because it
removes a steady rotation, which the variance inside a window keeps: in a rope that turns by 10 degrees an hour, which b
does and v does not, "window" shifts sigma_r of strong waves by -0.015 and sigma_c by 0.025, and makes a quiet rope look
magnetic (sigma_r near -0.7).
"""

from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline import frames
from pipeline.config import Frozen
from pipeline.constants import AU_KM
from pipeline.fluctuations import Alphas, Density, alfven_units, cadence_s
from pipeline.intervals import mask
from pipeline.physics import dehoffmann, elsasser, rectification, window
from pipeline.schema import COMPONENTS
from pipeline.stats.bootstrap import percentile_interval
from pipeline.stats.energies import FEWEST, Estimate, estimated
from pipeline.stats.seeds import generator

ATTRS = {
    "sigma_c": ("1", "normalised cross helicity, z_plus = v + b, not rectified", "σ_c"),
    "sigma_r": ("1", "normalised residual energy", "σ_r"),
    "sigma_c_rectified": ("1", "normalised cross helicity, positive outward by the sign of mean B_R", "σ_c*"),
    "sigma_c_parker": ("1", "normalised cross helicity, positive outward along the nominal Parker spiral", "σ_c^P"),
    "r_a": ("1", "Alfvén ratio e_v / e_b", "r_A"),
    "db_over_b": ("1", "rms of the field fluctuation over the mean field strength", "δB/B"),
    "dv_over_va": ("1", "rms of the velocity fluctuation over the mean Alfvén speed", "δV/V_A"),
    "walen_slope": ("1", "slope of v on b in Alfvén units over the whole interval, least squares", ""),
    "walen_correlation": ("1", "vector correlation of v and b over the whole interval", ""),
    "ht_correlation": ("1", "correlation of the convection electric field with that of the HT frame", ""),
    "v_ht": ("km s-1", "velocity of the de Hoffmann-Teller frame, GSE", ""),
    "sigma_c_ci": ("1", "95 % interval of sigma_c", ""),
    "sigma_r_ci": ("1", "95 % interval of sigma_r", ""),
    "r_a_ci": ("1", "95 % interval of r_a", ""),
    "walen_slope_ci": ("1", "95 % interval of walen_slope", ""),
    "n_samples": ("1", "bins with velocity, field and density", ""),
    "n_effective": ("1", "degrees of freedom of the energies", ""),
    "coverage": ("1", "share of the interval that has velocity, field and density", ""),
    "alpha_assumed": ("1", "share of the samples that use the assumed alpha ratio", ""),
    "polarity_fraction": ("1", "share of the samples whose field has a clear sign of B_R", ""),
    "reason": ("", "why a value is missing", ""),
    "valid_fraction": ("1", "share of the window that has velocity, field and density", "valid"),
}
DIMS = {"v_ht": ("component",)} | dict.fromkeys(("sigma_c_ci", "sigma_r_ci", "r_a_ci", "walen_slope_ci"), ("bound",))
SERIES = ("sigma_c", "sigma_r", "sigma_c_rectified", "r_a", "db_over_b", "valid_fraction")
SHAPES = {"component": 3, "bound": 2}


class Settings(Frozen):
    """Window, density, rectification, and what counts as enough."""

    definition: Literal["running_mean", "window"] = Field("running_mean", description="what a fluctuation is")
    window_s: float = Field(3600.0, gt=0, description="centred window of the fluctuations")
    min_coverage: float = Field(0.5, gt=0, le=1, description="a window or interval filled less has no value")
    density: Density = Field("window_mean", description="which density makes Alfvén units")
    density_window_s: float = Field(3600.0, gt=0)
    alphas: Alphas = Field("measured", description="measured: where they are, the assumed ratio elsewhere")
    assumed_alpha_ratio: float = Field(0.04, ge=0, lt=1)
    anisotropy: bool = Field(False, description="multiply b by the pressure-anisotropy factor where it is measured")
    polarity_window_s: float = Field(1800.0, gt=0, description="window of the mean field that tells outward")
    min_polarity: float = Field(0.2, ge=0, lt=1, description="|B_R|/|B| below this has no clear sign")
    replicates: int = Field(2000, ge=200, description="draws behind the 95 % intervals")


def compute(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> xr.Dataset:
    """Series on time and values per (interval, method) of one spacecraft.

    ds: uniform data; intervals: its rows of the table of intervals, where a name may have several pieces.
    """
    length = window.odd_length(settings.window_s, cadence_s(ds))
    outward = _outward(ds, settings)
    methods = _methods(settings)
    whole = _units(ds, methods)
    names = list(dict.fromkeys(intervals["interval"]))
    rows = []
    for name in names:
        selected = mask(ds["time"].values, intervals, name)
        rng = generator(str(ds.attrs.get("event")), "alfvenicity", ds.attrs.get("spacecraft"), name)
        units = whole | _of_interval(ds, methods, selected)
        rows.append(_rows(units, selected, outward, length, settings, rng))
    out = xr.Dataset(
        coords={"time": ds["time"], "interval": names, "method": list(methods), "component": list(COMPONENTS)}
        | {"bound": ["low", "high"]}
    )
    out.update(_series(*whole[settings.definition][:2], outward["radial"], length, settings))
    out.update(_table(rows, len(methods)))
    return out.assign_attrs(window_s=length * cadence_s(ds), sign="z_plus = v + b")


def _methods(settings) -> dict[str, dict]:
    """Options of `alfven_units` by the name of the method; each differs from the default in what its name says."""
    default = {
        key: getattr(settings, key)
        for key in ("density", "density_window_s", "alphas", "assumed_alpha_ratio", "anisotropy")
    }
    chosen = settings.definition
    out = {chosen: default, "window" if chosen == "running_mean" else "running_mean": default}
    for density in ("window_mean", "instantaneous", "interval_mean"):
        if density != settings.density:
            out[f"{chosen}:density={density}"] = default | {"density": density}
    for alphas in ("measured", "assumed", "none"):
        if alphas != settings.alphas:
            out[f"{chosen}:alphas={alphas}"] = default | {"alphas": alphas}
    out[f"{chosen}:anisotropy={'off' if settings.anisotropy else 'on'}"] = default | {
        "anisotropy": not settings.anisotropy
    }
    return out


def _of_interval(ds, methods, selected) -> dict:
    """Alfvén units of the methods whose density is one mean: that of the interval."""
    inside = {name: ("time", np.where(selected, ds[name].values, np.nan)) for name in ("n", "alpha_ratio")}
    return _units(ds.assign(inside), {name: how for name, how in methods.items() if how["density"] == "interval_mean"})


def _units(ds, methods) -> dict:
    """Alfvén units of every method: v, b and notes, b the same array where other choices come to the same.

    As where no temperature is measured and no anisotropy known, or where all alphas are assumed anyway.
    """
    out, known = {}, {}
    for name, options in methods.items():
        v, b, notes = alfven_units(ds, **options)
        alphas = "assumed" if notes["alpha_assumed_fraction"] == 1 else options["alphas"]
        came_to = options["density"], alphas, notes["anisotropy_fraction"] > 0
        out[name] = *known.setdefault(came_to, (v, b)), notes
    return out


def _outward(ds, settings) -> dict[str, np.ndarray]:
    """Sign (time) of the mean field along the radial and the Parker spiral direction, NaN where it is not clear."""
    # ASSUME: the Earth's place where the spacecraft's is not known; the directions differ by less than half a degree.
    position = np.nan_to_num(ds["position"].values)
    axes = frames.rtn_axes(position, ds["time"].values)
    field = window.running_mean(ds["b"].values, window.odd_length(settings.polarity_window_s, cadence_s(ds)), 0.3)
    speed = np.sqrt((ds["v"].values ** 2).sum(axis=1))
    speed = np.nanmean(speed) if np.isfinite(speed).any() else 400.0
    spiral = np.einsum("a,tac->tc", rectification.parker_direction(speed, AU_KM), axes)
    return {
        "radial": rectification.polarity(field, axes[:, 0], settings.min_polarity),
        "parker": rectification.polarity(field, spiral, settings.min_polarity),
    }


def _series(v, b, polarity, length, settings):
    """Running values on time, missing where the window is not filled enough."""
    of_definition = {"running_mean": window.running_mean_moments, "window": window.running_moments}
    moments = of_definition[settings.definition](v, b, length)
    e_v, e_b, h = (np.where(moments.valid_fraction >= settings.min_coverage, x, np.nan) for x in moments[-3:])
    strength = window.running_mean(np.sqrt((b**2).sum(axis=1)), length)
    strength = np.where(strength > 0, strength, np.nan)
    sigma_c = elsasser.sigma_c(e_v, e_b, h)
    values = (
        sigma_c,
        elsasser.sigma_r(e_v, e_b),
        rectification.outward(sigma_c, polarity),
        elsasser.alfven_ratio(e_v, e_b),
        np.sqrt(2 * e_b) / strength,
        moments.valid_fraction,
    )
    # named apart from the interval's values: one Dataset holds both
    return {f"{name}_running": ("time", value, _attrs(name)) for name, value in zip(SERIES, values, strict=True)}


def _rows(units, selected, outward, length, settings, rng) -> list[dict]:
    """One interval by every method. What several methods share is found once; draws are each method's own."""
    rows, fields, found = [], {}, {}
    for method, (v, b, notes) in units.items():
        if id(b) not in fields:
            fields[id(b)] = _Inside(v, b, selected, length)
        key = id(b), method.startswith("running_mean")
        if key not in found:
            found[key] = _row(fields[id(b)], key[1], outward, selected, settings)
        row, estimates = found[key]
        drawn = _intervals(*estimates, settings.replicates, rng) if estimates else {}
        rows.append(row | ({"alpha_assumed": notes["alpha_assumed_fraction"]} if estimates else {}) | drawn)
    return rows


class _Inside:
    """v and b (time, component) in Alfvén units from the first to the last sample of an interval, NaN outside it."""

    def __init__(self, v, b, selected, length) -> None:
        extent = _extent(selected)
        self.selected, self.length = selected[extent], length
        columns = (np.ascontiguousarray(x[extent].T) for x in (v, b))  # sums over time are several times as fast
        self.v, self.b = (np.where(self.selected, x, np.nan).T for x in columns)
        self.samples = int(np.isfinite(self.v.sum(axis=1) + self.b.sum(axis=1)).sum())

    @cached_property
    def whole(self) -> tuple[dict, Estimate]:
        """HT frame and Walén relation of the whole interval, its large scales included, and its energies."""
        frame, energies = dehoffmann.dehoffmann_teller(self.v, self.b), dehoffmann.walen_energies(self.v, self.b)
        slope, _, correlation = dehoffmann.walen_relation(energies)
        values = {
            "v_ht": frame.v_ht,
            "ht_correlation": frame.correlation,
            "walen_slope": slope,
            "walen_correlation": correlation,
        }
        return values, estimated(self.v, self.b, energies, self.length)


def _row(inside, running, outward, selected, settings) -> tuple[dict, tuple[Estimate, ...]]:
    """One interval by one definition, and the estimates of its energies and of the whole interval's; none without."""
    v, b, length = inside.v, inside.b, inside.length
    out = {"n_samples": inside.samples, "coverage": inside.samples / max(inside.selected.sum(), 1)}
    reason = _reason(inside.selected, out["coverage"], settings.min_coverage)
    if reason:
        return out | {"reason": reason}, ()
    if running:
        (dv, db), response = window.fluctuations(v, b, _fitting(length, v)), None
        share = np.stack(elsasser.energies(dv, db)).T
    else:
        (dv, db), response = _about_pieces(v, b, length), lambda f: window.response(f, min(length, len(v)))
        share = window.contributions(v, b, length)
    if not np.isfinite(share).any():
        return out | {"reason": "no window is filled"}, ()
    out |= _ratios(*np.nanmean(share, axis=0), b)
    out |= _rectified(share, outward, selected, settings.min_coverage) | inside.whole[0]
    return out, (estimated(dv, db, share, length, response), inside.whole[1])


def _intervals(estimate, whole, replicates, rng):
    """95 % intervals of the ratios, and the degrees of freedom of the energies."""
    e_v, e_b, h = estimate.draws(replicates, rng).T
    _, whole_e_b, whole_h = whole.draws(replicates, rng).T
    return {
        "n_effective": estimate.freedom,
        "sigma_c_ci": percentile_interval(elsasser.sigma_c(e_v, e_b, h)),
        "sigma_r_ci": percentile_interval(elsasser.sigma_r(e_v, e_b)),
        "r_a_ci": percentile_interval(elsasser.alfven_ratio(e_v, e_b)),
        "walen_slope_ci": percentile_interval(elsasser.walen_slope(whole_e_b, whole_h)),
    }


def _about_pieces(v, b, length):
    """v, b (time, component) about their means in each piece, so that pieces join without a step.

    Pieces are apart by more than a window: no window sees two of them.
    """
    out = np.full((2, *v.shape), np.nan)
    there = np.flatnonzero(np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1))
    for part in np.split(there, np.flatnonzero(np.diff(there) > length) + 1):
        out[:, part] = v[part] - v[part].mean(axis=0), b[part] - b[part].mean(axis=0)
    return out


def _fitting(length, v):
    """The window's length, or the largest odd one that fits into an interval."""
    return min(length, 2 * ((len(v) - 1) // 2) + 1)


def _extent(selected):
    """Slice from the first to the last selected sample."""
    index = np.flatnonzero(selected)
    return slice(index[0], index[-1] + 1) if index.size else slice(0, 0)


def _reason(inside, coverage, min_coverage):
    if not inside.any():
        return "no bin inside: boundaries unknown, or outside the data"
    if coverage < min_coverage:
        return f"velocity, field and density cover {coverage:.2f} of the interval, below {min_coverage:g}"
    return "" if inside.sum() * coverage >= FEWEST else f"fewer than {FEWEST} bins with velocity, field and density"


def _ratios(e_v, e_b, h, b):
    strength = np.nanmean(np.sqrt((b**2).sum(axis=1))) or np.nan  # no share of a field that vanishes
    return {
        "sigma_c": elsasser.sigma_c(e_v, e_b, h),
        "sigma_r": elsasser.sigma_r(e_v, e_b),
        "r_a": elsasser.alfven_ratio(e_v, e_b),
        "db_over_b": np.sqrt(2 * e_b) / strength,
        "dv_over_va": np.sqrt(2 * e_v) / strength,
    }


def _rectified(share, outward, selected, min_coverage):
    """sigma_c with the sign of every sample's mean field; samples without a clear sign are left out of both sums.

    Missing where fewer than `min_coverage` of the samples have one: a few would speak for the whole interval.
    """
    out, unclear = {}, []
    signs = (("sigma_c_rectified", "radial", "B_R"), ("sigma_c_parker", "parker", "B along the spiral"))
    for name, key, along in signs:
        sign = outward[key][_extent(selected)]
        clear = np.isfinite(sign) & np.isfinite(share[:, 2])
        fraction = clear.sum() / max(np.isfinite(share[:, 2]).sum(), 1)
        if key == "radial":
            out["polarity_fraction"] = fraction
        if fraction < min_coverage:
            unclear.append(f"{along} has no clear sign in most of it, not rectified")
            continue
        e_v, e_b, h = share[clear].T
        out[name] = elsasser.sigma_c(e_v.sum(), e_b.sum(), -(sign[clear] * h).sum())
    return out | {"reason": "; ".join(unclear)}


def _table(rows, methods):
    """Variables (interval, method, ...) from rows of dicts, `methods` in each."""
    out = {}
    for key in ATTRS:
        if key == "valid_fraction":
            continue
        more = DIMS.get(key, ())
        missing = "" if key == "reason" else np.full([SHAPES[d] for d in more], np.nan)
        values = np.array([[row.get(key, missing) for row in each] for each in rows])
        values = values.reshape(len(rows), methods, *np.shape(missing))
        dtype = object if key == "reason" else float
        out[key] = ("interval", "method", *more), values.astype(dtype), _attrs(key)
    return out


def _attrs(name):
    units, long_name, label = ATTRS[name]
    return {"units": units, "long_name": long_name} | ({"label": label} if label else {})
