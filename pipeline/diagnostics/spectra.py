"""Power spectra of v, b, z_plus, z_minus per interval, with the slope of a band and its error.

Global wavelet spectra: means of |W|^2 over the interval, gaps and cone left out period by period, so that no gap is
filled and none breaks the spectrum. A power law keeps its slope. The field is in Alfvén units; energies per unit mass.
Mode counting (`physics.wavelet.relative_covariance`) gives the intervals of power and slope.
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.config import Frozen
from pipeline.detect import usable_from
from pipeline.fluctuations import Alphas, Density, alfven_units, cadence_s
from pipeline.intervals import mask
from pipeline.physics import wavelet

QUANTITIES = ("v", "b", "z_plus", "z_minus")
SIGNS = {"v": (1, 0), "b": (0, 1), "z_plus": (1, 1), "z_minus": (1, -1)}  # of v and of b
BOUND = ("low", "high")
NORMAL_95 = 1.959964


class Settings(Frozen):
    """Periods, the band of the slope, density, and what is masked."""

    voices: int = Field(8, ge=4, le=32, description="periods per octave")
    longest_s: float | None = Field(None, gt=0, description="longest period; default a quarter of the record")
    slope_band_s: tuple[float, float] = Field((300.0, 3600.0), description="periods over which the slope is fitted")
    grid_s: float = Field(300.0, gt=0, description="spectra are averaged over a grid of about this step")
    density: Density = "window_mean"
    density_window_s: float = Field(3600.0, gt=0)
    alphas: Alphas = "measured"
    assumed_alpha_ratio: float = Field(0.04, ge=0, lt=1)
    response_tolerance: float = Field(0.05, gt=0, lt=1, description="error of sigma that the instruments may cause")
    min_coverage: float = Field(0.5, gt=0, le=1, description="a period masked more than this has no power")


def compute(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> xr.Dataset:
    """Spectra power(region, quantity, period) and the table slope(interval, quantity) of one spacecraft.

    ds: uniform data; intervals: its rows of the table of intervals (a name may have several). `region` has the names of
    `interval`; it is a dimension of its own to keep whole spectra out of the table.
    """
    dt_s = cadence_s(ds)
    v, b, _ = alfven_units(
        ds, settings.density, settings.density_window_s, settings.alphas, settings.assumed_alpha_ratio
    )
    step = wavelet.grid_step(settings.grid_s, dt_s)
    usable_s = usable_from(ds, settings.response_tolerance)
    longest_s = settings.longest_s or max(ds.sizes["time"] * dt_s / 4.0, 2.0 * usable_s)
    scalogram = wavelet.scalogram(v, b, dt_s, wavelet.periods(usable_s, longest_s, settings.voices), step)
    matrices = wavelet.SpectralMatrices(v, b, dt_s, step)
    time, names = ds["time"].values[::step], list(dict.fromkeys(intervals["interval"]))
    found = {}
    for name in names:
        known = bool(intervals.loc[intervals["interval"] == name, ["start", "end"]].notna().all(axis=None))
        found[name] = _interval(scalogram, matrices, mask(time, intervals, name), known, settings)
    attrs = {key: ds.attrs[key] for key in ("event", "spacecraft") if key in ds.attrs}
    return _dataset(found, names, scalogram.period_s).assign_attrs(
        attrs,
        period_convention="Torrence & Compo (1998): period = 1.0330 scale",
        slope_band_s=list(settings.slope_band_s),
        usable_from_s=usable_s,
    )


def _interval(scalogram, matrices, selected, known, settings):
    """Power, its bounds, coverage per period, slopes and reason of one interval."""
    period_s = scalogram.period_s
    out = _nothing(len(period_s), "" if known else "boundaries unknown")
    if not known or not selected.any():
        return out | {"reason": out["reason"] or "no data"}
    out["coverage"] = np.isfinite(scalogram.h[:, selected]).mean(axis=1)
    duration_s = selected.sum() * scalogram.step * scalogram.dt_s
    # Less than one period inside the interval says nothing about it.
    shown = (out["coverage"] >= settings.min_coverage) & (period_s <= duration_s)
    low, high = settings.slope_band_s
    band = shown & (period_s >= low * (1 - 1e-9)) & (period_s <= high * (1 + 1e-9))
    if band.sum() > 1:
        matrix = matrices.of(period_s[band], selected)
        duration_s *= out["coverage"][shown].mean()
        for k, name in enumerate(QUANTITIES):
            components = wavelet.effective_components(combined(matrix, *SIGNS[name]))
            power = mean_power(scalogram, name, selected)
            out["power"][k], out["power_ci"][k], out["slope"][k], out["slope_error"][k] = _spectrum(
                power, period_s, shown, band, duration_s, components
            )
        out["power"], out["power_ci"] = (
            wavelet.spectral_density(out[key], scalogram.dt_s) for key in ("power", "power_ci")
        )
    if not np.isfinite(out["slope"]).all():
        out["reason"] = "less than an octave of the slope's band is usable, covered and shorter than the interval"
    return out


def _nothing(periods, reason):
    shape = len(QUANTITIES), periods
    return {
        "power": np.full(shape, np.nan),
        "power_ci": np.full((*shape, 2), np.nan),
        "coverage": np.zeros(periods),
        "slope": np.full(shape[0], np.nan),
        "slope_error": np.full(shape[0], np.nan),
        "reason": reason,
    }


def _spectrum(power, period_s, shown, band, duration_s, components):
    """Power and its bounds where shown, and slope and error over the band: NaN where there is no power."""
    with np.errstate(invalid="ignore"):
        there = shown & (power > 1e-12 * np.nanmax(power, initial=0.0))  # z_minus of a pure wave is rounding only
    bounds, slope = np.full((len(power), 2), np.nan), (np.nan, np.nan)
    if there.sum() > 1:
        scatter = wavelet.relative_covariance(power[there], period_s[there], duration_s) / components
        bounds[there] = power_bounds(power[there], np.diag(scatter))
        fitted = there & band
        if fitted.any() and np.log2(period_s[fitted][-1] / period_s[fitted][0]) >= 1 - 1e-9:
            part = fitted[there]
            slope = fitted_slope(power[fitted], period_s[fitted], scatter[np.ix_(part, part)])
    return np.where(there, power, np.nan), bounds, *slope


def mean_power(scalogram: wavelet.Scalogram, quantity: str, selected: np.ndarray) -> np.ndarray:
    """(period,) mean over the selected samples of sum_i |W_i|^2 of v, b, v + b or v - b (km2 s-2)."""
    sign_v, sign_b = SIGNS[quantity]
    power = 2 * abs(sign_v) * scalogram.e_v + 2 * abs(sign_b) * scalogram.e_b + 2 * sign_v * sign_b * scalogram.h
    return wavelet.known_mean(power[:, selected], axis=1)


def combined(matrix: np.ndarray, sign_v: int, sign_b: int) -> np.ndarray:
    """Hermitian (3, 3) of sign_v v + sign_b b from the (6, 6) of v and b."""
    combination = np.hstack((sign_v * np.eye(3), sign_b * np.eye(3)))
    return combination @ matrix @ combination.T


def power_bounds(power: np.ndarray, relative_variance: np.ndarray) -> np.ndarray:
    """(period, 2): 95 % interval of the true power; power times nu / chi-squared(nu), nu = 2 / relative variance."""
    from scipy.special import gammaincinv  # scipy.stats would cost more to import than the spectra take

    nu = 2.0 / relative_variance
    return np.stack([power * nu / (2.0 * gammaincinv(nu / 2.0, q)) for q in (0.975, 0.025)], axis=-1)


def fitted_slope(power: np.ndarray, period_s: np.ndarray, covariance: np.ndarray) -> tuple[float, float]:
    """Exponent of frequency of a straight line through log power, least squares, and its one-sigma error.

    covariance: (period, period) relative covariance of the powers, which overlapping wavelets share.
    """
    x = -np.log(period_s)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    return float(weights @ np.log(power)), float(np.sqrt(weights @ covariance @ weights))


def _dataset(found, names, period_s):
    def stack(key):
        return np.array([found[name][key] for name in names])

    slope, error = stack("slope"), stack("slope_error")
    if not names:
        slope = error = np.empty((0, len(QUANTITIES)))
    region, table = ("region", "quantity", "period"), ("interval", "quantity")
    density = {"units": "km2 s-2 Hz-1", "long_name": "power spectral density, trace", "label": "PSD"}
    coords = {"region": names, "interval": names, "quantity": list(QUANTITIES), "bound": list(BOUND)}
    coords["period"] = "period", period_s, {"units": "s", "long_name": "Fourier period", "label": "period"}
    bounds = np.stack([slope - NORMAL_95 * error, slope + NORMAL_95 * error], axis=-1)
    exponent = {"units": "1", "label": "slope"}
    share = {"units": "1", "long_name": "share of the interval that is not masked"}
    shape = len(names), len(QUANTITIES), len(period_s)
    return xr.Dataset(
        {
            "power": (region, stack("power").reshape(shape), density),
            "power_ci": (
                (*region, "bound"),
                stack("power_ci").reshape(*shape, 2),
                density | {"long_name": "95 % interval"},
            ),
            "coverage": (("region", "period"), stack("coverage").reshape(shape[0], shape[2]), share),
            "slope": (table, slope, exponent | {"long_name": "exponent of frequency"}),
            "slope_ci": ((*table, "bound"), bounds, exponent | {"long_name": "95 % interval of the exponent"}),
            "reason": (
                "interval",
                stack("reason").astype(object),
                {"units": "1", "long_name": "why a value is missing"},
            ),
        },
        coords,
    )
