"""sigma_c, sigma_r and sigma_m in time and period, in bands, and per interval with their uncertainty.

Cone, gaps and the periods that the instruments blur are missing, never filled. Values of bands and intervals are ratios
of summed energies. Everything on `time` is decimated to `grid_s`: energies of faster wavelets are averaged over a grid
step, slower ones are exact at the grid's times.
"""

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.config import Frozen
from pipeline.detect import usable_from
from pipeline.fluctuations import Alphas, Density, alfven_units, cadence_s
from pipeline.intervals import mask
from pipeline.physics import elsasser, response, wavelet, window
from pipeline.stats.bootstrap import percentile_interval
from pipeline.stats.seeds import generator
from pipeline.stats.wishart import covariance_draws

BOUND = ("low", "high")
UNITS = {"e_v": "km2 s-2", "e_b": "km2 s-2", "n_effective": "1", "coverage": "1", "n_samples": "1"}
LONG_NAMES = {
    "sigma_c": "normalised cross helicity, z_plus = v + b, not rectified",
    "sigma_r": "normalised residual energy",
    "sigma_m": "normalised magnetic helicity, positive for curl B = +k B (right-handed)",
    "r_a": "Alfvén ratio e_v / e_b",
    "e_v": "kinetic energy of the fluctuations, per unit mass",
    "e_b": "magnetic energy of the fluctuations, per unit mass",
    "sigma_c_ci": "95 % interval of sigma_c",
    "sigma_r_ci": "95 % interval of sigma_r",
    "r_a_ci": "95 % interval of r_a",
    "n_samples": "samples of the grid that count",
    "n_effective": "degrees of freedom of the energies",
    "coverage": "share of the interval that is not masked",
    "db_over_b": "rms of B in the band over mean |B|",
    "reason": "why a value is missing",
}
VALUES = ("sigma_c", "sigma_r", "sigma_m", "r_a", "e_v", "e_b", "n_samples", "n_effective", "coverage")
INTERVALS = ("sigma_c_ci", "sigma_r_ci", "r_a_ci")
LABELS = {
    "sigma_c": "σ_c",
    "sigma_r": "σ_r",
    "sigma_m": "σ_m",
    "r_a": "r_A",
    "e_v": "E_v",
    "e_b": "E_b",
    "db_over_b": "δB/B",
}


class Settings(Frozen):
    """Periods, bands, density, and what is masked."""

    voices: int = Field(8, ge=4, le=32, description="periods per octave")
    shortest_s: float | None = Field(None, gt=0, description="shortest period; default two cadences")
    longest_s: float | None = Field(None, gt=0, description="longest period; default a quarter of the record")
    bands_s: tuple[tuple[float, float], ...] = Field(
        ((600.0, 3600.0), (300.0, 1800.0), (1800.0, 7200.0)), min_length=1, description="the first is the main band"
    )
    grid_s: float = Field(300.0, gt=0, description="results on time are decimated to about this step")
    density: Density = "window_mean"
    density_window_s: float = Field(3600.0, gt=0)
    alphas: Alphas = "measured"
    assumed_alpha_ratio: float = Field(0.04, ge=0, lt=1)
    anisotropy: bool = Field(False, description="multiply b by the pressure-anisotropy factor where it is measured")
    noise: Literal["none", "quoted", "shortest"] = Field(
        "none", description="also correct for velocity noise: quoted errors, or the floor at the shortest periods"
    )
    response_tolerance: float = Field(0.05, gt=0, lt=1, description="error of sigma that the instruments may cause")
    min_coverage: float = Field(0.5, gt=0, le=1, description="an interval masked more than this has no value")
    replicates: int = Field(2000, ge=200, description="draws behind the 95 % intervals")


def compute(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> xr.Dataset:
    """Scalograms (time, period), band values (time) and a table (interval, method) of one spacecraft.

    ds: uniform data; intervals: its rows of the table of intervals (a name may have several).
    Scalograms: sigma_c_wavelet, sigma_r_wavelet, sigma_m_wavelet, e_v_wavelet, e_b_wavelet. The main band on time:
    sigma_c_band, sigma_r_band, sigma_m_band, e_v_band, e_b_band, db_over_b_band. Methods of the table:
    wavelet:600-3600 and so on, and wavelet:600-3600:noise where a correction for noise was asked for.
    """
    dt_s = cadence_s(ds)
    v, b, notes = alfven_units(
        ds,
        settings.density,
        settings.density_window_s,
        settings.alphas,
        settings.assumed_alpha_ratio,
        settings.anisotropy,
    )
    step = wavelet.grid_step(settings.grid_s, dt_s)
    scalogram = wavelet.scalogram(v, b, dt_s, _periods(ds, settings), step)
    usable_s = usable_from(ds, settings.response_tolerance)
    time = ds["time"].values[::step]
    speed = window.running_mean(np.linalg.norm(b, axis=1), window.odd_length(settings.bands_s[0][1], dt_s), 0.3)
    out = xr.Dataset(coords={"time": time, "period": _period_coordinate(scalogram)})
    out.update(_scalogram_variables(scalogram, usable_s))
    out.update(_band_variables(scalogram, settings.bands_s[0], usable_s, speed[::step]))
    out["cone_period"] = (
        "time",
        wavelet.cone_period(len(v), dt_s)[::step],
        _attrs("cone_period", "s", "cone of influence"),
    )
    out.update(_table(scalogram, v, b, time, ds, intervals, settings))
    attrs = {key: ds.attrs[key] for key in ("event", "spacecraft") if key in ds.attrs}
    return out.assign_attrs(
        attrs,
        wavelet="Morlet, omega_0 = 6",
        period_convention="Torrence & Compo (1998): period = 1.0330 scale",
        usable_from_s=usable_s,
        grid_s=step * dt_s,
        sign="z_plus = v + b, not rectified",
        **{key: value for key, value in notes.items() if np.ndim(value) == 0},
    )


def _periods(ds, settings):
    dt_s = cadence_s(ds)
    shortest = max(settings.shortest_s or 0.0, 2.0 * dt_s)
    longest = settings.longest_s or max(ds.sizes["time"] * dt_s / 4.0, 2.0 * shortest)
    return wavelet.periods(shortest, longest, settings.voices)


def _period_coordinate(scalogram):
    attrs = {"units": "s", "long_name": "Fourier period, 1.0330 times the scale", "label": "period"}
    return "period", scalogram.period_s, attrs


def _attrs(name, units=None, long_name=None):
    base = name.split("_band")[0].split("_wavelet")[0]
    label = LABELS.get(base)
    out = {"units": units or UNITS.get(base, "1"), "long_name": long_name or LONG_NAMES[base]}
    return out | ({"label": label} if label else {})


def _ratios(e_v, e_b, h, helicity):
    e_b = np.asarray(e_b, float)
    sigma_m = helicity / np.where(e_b > 0, 2 * e_b, np.nan)
    return {"sigma_c": elsasser.sigma_c(e_v, e_b, h), "sigma_r": elsasser.sigma_r(e_v, e_b), "sigma_m": sigma_m}


def _scalogram_variables(scalogram, usable_s):
    """(time, period) variables in single precision: three digits are real, seven are kept."""
    values = _ratios(scalogram.e_v, scalogram.e_b, scalogram.h, scalogram.helicity)
    values |= {"e_v": scalogram.e_v, "e_b": scalogram.e_b}
    blurred = scalogram.period_s[:, None] < usable_s * (1 - 1e-9)
    return {
        f"{name}_wavelet": (
            ("time", "period"),
            np.where(blurred, np.nan, value).T.astype(np.float32),
            _attrs(f"{name}_wavelet"),
        )
        for name, value in values.items()
    }


def _band_variables(scalogram, band_s, usable_s, speed):
    """The main band's energies and ratios on time; all NaN where the band is not usable."""
    part = usable_part(scalogram, band_s, usable_s)
    energies = np.full((4, len(speed)), np.nan) if part is None else part.summed
    values = _ratios(*energies) | {"e_v": energies[0], "e_b": energies[1]}
    values["db_over_b"] = np.sqrt(2 * energies[1]) / np.where(speed > 0, speed, np.nan)
    return {f"{name}_band": ("time", value, _attrs(f"{name}_band")) for name, value in values.items()}


def usable_part(scalogram: wavelet.Scalogram, band_s: tuple[float, float], usable_s: float) -> wavelet.Scalogram | None:
    """The band's periods from usable_s on, None where less than an octave is left."""
    part = scalogram.within(max(band_s[0], usable_s), band_s[1])
    octaves = np.log2(part.period_s[-1] / part.period_s[0]) if len(part.period_s) else 0.0
    return part if octaves >= 1 - 1e-9 or (octaves > 0 and band_s[0] >= usable_s) else None


def _table(scalogram, v, b, time, ds, intervals, settings):
    """Variables by (interval, method)."""
    usable_s = usable_from(ds, settings.response_tolerance)
    matrices = wavelet.SpectralMatrices(v, b, cadence_s(ds), scalogram.step)
    names = list(dict.fromkeys(intervals["interval"]))
    methods = [f"wavelet:{low:g}-{high:g}" for low, high in settings.bands_s]
    parts = [usable_part(scalogram, band_s, usable_s) for band_s in settings.bands_s]
    noisy = settings.noise != "none"
    rows = {}
    for name in names:
        selected = mask(time, intervals, name)
        known = bool(intervals.loc[intervals["interval"] == name, ["start", "end"]].notna().all(axis=None))
        for method, part, band_s in zip(methods, parts, settings.bands_s, strict=True):
            reason = _reason(part, selected, known, band_s, usable_s, settings.min_coverage)
            rng = generator(str(ds.attrs.get("event")), "wavelet", ds.attrs.get("spacecraft"), name, method)
            rows[name, method] = _row(part, matrices, selected, reason, 0.0, settings, rng)
            if noisy:
                noise = 0.0 if reason else noise_energy(scalogram, ds, selected, settings)
                rows[name, method + ":noise"] = _row(part, matrices, selected, reason, noise, settings, rng)
    methods += [method + ":noise" for method in methods] if noisy else []
    return _tabulated(rows, names, methods)


def _reason(part, selected, known, band_s, usable_s, min_coverage):
    if not known:
        return "boundaries unknown"
    if part is None:
        return f"band not usable: periods below {usable_s:.0f} s are blurred, or the record is too short"
    covered = selected & np.isfinite(part.summed[2])
    if selected.sum() * part.step * part.dt_s < band_s[1]:
        return "shorter than the longest period"
    if covered.sum() < min_coverage * selected.sum():
        return f"coverage {covered.sum() / selected.sum():.2f} below {min_coverage:g}"
    return ""


def freedom(part: wavelet.Scalogram, matrix: np.ndarray, covered: np.ndarray) -> float:
    """Degrees of freedom of the band's mean energies over the samples `covered`: 2 modes times free components.

    matrix: Hermitian (6, 6) of v and b over the same samples.
    """
    v, b = matrix[:3, :3], matrix[3:, 3:]
    both = sum(m / max(np.trace(m).real, 1e-300) for m in (v, b))
    power = np.stack([wavelet.known_mean(energy[:, covered], axis=1) for energy in (part.e_v, part.e_b)]).sum(axis=0)
    seen = np.isfinite(power)
    modes = [
        wavelet.effective_modes(power[seen], part.period_s[seen], part.dt_s, duration_s)
        for duration_s in (0.0, covered.sum() * part.step * part.dt_s)
    ]
    # v and b repeat each other in a wave and do not in noise: one to two sets of modes stand behind the matrix.
    components = wavelet.effective_components(both, 2.0 * max(modes[1], 1.0))
    energy = np.sum(part.summed[:2], axis=0)[covered]
    return 2.0 * modes[1] * components / concentration(energy, 2.0 * modes[0] * components)


def concentration(energy: np.ndarray, local_freedom: float) -> float:
    """<e^2> / <e>^2 over 1 + 2 / nu, at least 1: how much of the time a burst of energy makes useless.

    energy: (time,) band energy, local_freedom: nu of one value, whose chi-squared scatter alone gives 1 + 2 / nu.
    """
    mean = np.mean(energy)
    return float(max(1.0, np.mean(energy**2) / mean**2 / (1.0 + 2.0 / local_freedom))) if mean > 0 else 1.0


def _row(part, matrices, selected, reason, noise, settings, rng):
    """One interval and method as a dict of values."""
    if part is None or not selected.any():
        return {"n_samples": 0, "coverage": 0.0, "reason": reason}
    energies = np.stack(part.summed)
    covered = selected & np.isfinite(energies[2])
    out = {"n_samples": int(covered.sum()), "coverage": covered.sum() / selected.sum(), "reason": reason}
    if reason:
        return out
    e_v, e_b, h, helicity = energies[:, covered].mean(axis=1)
    if not e_v + e_b > 0:
        return out | {"reason": "neither velocity nor field varies"}
    if not np.isfinite(noise):
        return out | {"reason": "the noise is not known: no errors of the velocity in the interval"}
    nu = freedom(part, matrices.of(part.period_s, covered), covered)
    draws = covariance_draws(e_v, e_b, h, nu, settings.replicates, rng)
    noise_v = noise * wavelet.scale_weights(part.period_s, part.dt_s).sum()
    corrected = response.noise_corrected(e_v, e_b, h, noise_v)
    draws = response.noise_corrected(*draws, noise_v)
    if not np.isfinite(corrected[0]):
        return out | {"reason": "nothing left above the noise"}
    out |= {"e_v": corrected[0], "e_b": corrected[1], "n_effective": nu, "r_a": elsasser.alfven_ratio(*corrected[:2])}
    return out | _ratios(*corrected, helicity) | _intervals(*draws)


def _intervals(e_v, e_b, h):
    """95 % intervals from draws of the energies."""
    draws = {"sigma_c": elsasser.sigma_c(e_v, e_b, h), "sigma_r": elsasser.sigma_r(e_v, e_b)}
    draws["r_a"] = elsasser.alfven_ratio(e_v, e_b)
    return {f"{name}_ci": percentile_interval(values) for name, values in draws.items()}


def noise_energy(scalogram: wavelet.Scalogram, ds: xr.Dataset, selected: np.ndarray, settings: Settings) -> float:
    """White noise of the velocity as |W_v|^2 / 2, the same at all periods (km2 s-2).

    quoted: from v_error, median over the interval; shortest: the lowest mean e_v in the two shortest usable octaves, an
    upper limit of the noise. NaN where neither is known.
    """
    if settings.noise == "quoted":
        if "v_error" not in ds:
            return np.nan
        errors = ds["v_error"].values[:: scalogram.step][selected]
        errors = errors[np.isfinite(errors).all(axis=1)]
        return float(np.median(response.white_noise_energy(errors))) if len(errors) else np.nan
    usable_s = usable_from(ds, settings.response_tolerance)
    part = scalogram.within(usable_s, np.inf)
    return response.noise_floor(wavelet.known_mean(part.e_v[:, selected], axis=1), part.period_s, 4.0 * usable_s)


def _tabulated(rows, names, methods):
    """Variables (interval, method[, bound]) from rows keyed by (interval, method)."""
    dims, nothing = ("interval", "method"), np.full(2, np.nan)

    def values(key, missing):
        found = [[rows[name, method].get(key, missing) for method in methods] for name in names]
        return np.array(found).reshape(len(names), len(methods), *np.shape(missing))

    out = {"interval": ("interval", names), "method": ("method", methods), "bound": ("bound", list(BOUND))}
    out |= {key: (dims, values(key, np.nan).astype(float), _attrs(key)) for key in VALUES}
    out |= {key: ((*dims, "bound"), values(key, nothing), _attrs(key)) for key in INTERVALS}
    out["reason"] = dims, values("reason", "").astype(object), _attrs("reason")
    return out
