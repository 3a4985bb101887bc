"""Velocity and field in Alfvén units, with every choice about the density in the open.

A true Alfvén wave seen without the mass of its alphas has sigma_r = -0.07, -0.14, -0.23 (4, 8, 15 % of alphas), and a
field divided by a fluctuating density gains fluctuations of its own. So which density, and which alphas, are arguments
here, and the answer comes with notes on what was used.
"""

from typing import Literal

import numpy as np
import xarray as xr

from pipeline.physics import elsasser, plasma, window

Density = Literal["window_mean", "instantaneous", "interval_mean"]
Alphas = Literal["measured", "assumed", "none"]


def alfven_units(
    ds: xr.Dataset,
    density: Density = "window_mean",
    density_window_s: float = 3600.0,
    alphas: Alphas = "measured",
    assumed_alpha_ratio: float = 0.04,
    anisotropy: bool = False,
    min_fraction: float = 0.25,
) -> tuple[np.ndarray, np.ndarray, dict]:
    """v and b = B / sqrt(mu_0 rho), both (time, component) in km s-1, and notes on how rho came about.

    ds: uniform data (v, b_matched or else b, n, alpha_ratio; cadence from its `time`). The field over the plasma's own
        accumulations is preferred, so that v and b carry one response.
    density: "window_mean", the mean over the centred `density_window_s`, which bridges gaps of the density wherever
        `min_fraction` of the window is there, and keeps density fluctuations out of b; "instantaneous", the density of
        the sample, missing where it is; "interval_mean", one mean over the whole of ds, so pass one interval.
    alphas: "measured" where they are (averaged like the density), the assumed ratio elsewhere; "assumed" everywhere;
        "none", protons alone.
    anisotropy: multiply b by sqrt(xi), the pressure-anisotropy factor of the density window, where both temperatures
        are there.
    Notes: density, alphas, `alpha_assumed_fraction` (share of the samples of b that use the assumed ratio),
        `density_bridged_fraction` (share without a density of their own), `anisotropy_fraction` (share with a measured
        xi), `alpha_ratio` (mean ratio that was used).
    """
    average = _averager(density, _length(ds, density_window_s), min_fraction)
    n, b = _values(ds, "n"), _values(ds, field_name(ds))
    ratio, assumed = _alpha_ratio(ds, alphas, assumed_alpha_ratio, average)
    b_alfven = elsasser.alfven_velocity(b, elsasser.mass_density(average(n), ratio))
    xi = _anisotropy(ds, average) if anisotropy else np.full(n.shape, np.nan)
    b_alfven = b_alfven * np.sqrt(np.where(np.isfinite(xi), xi, 1.0))[:, None]
    used = np.isfinite(b_alfven).all(axis=1)
    notes = {
        "density": density,
        "alphas": alphas,
        "alpha_assumed_fraction": _share(assumed, used),
        "density_bridged_fraction": _share(~np.isfinite(n), used),
        "anisotropy_fraction": _share(np.isfinite(xi), used),
        "alpha_ratio": float(ratio[used].mean()) if used.any() else np.nan,
    }
    return _values(ds, "v"), b_alfven, notes


def cadence_s(ds: xr.Dataset) -> float:
    """Step of the regular time grid of ds (s)."""
    time = ds["time"].values.astype("datetime64[ns]")
    if time.size < 2:
        return float(ds.attrs.get("cadence_s", np.nan))
    return float((time[1] - time[0]) / np.timedelta64(1, "ns")) * 1e-9


def field_name(ds: xr.Dataset) -> str:
    """The field to compare with v: averaged over the plasma's accumulations where the data have it."""
    return "b_matched" if "b_matched" in ds else "b"


def _averager(density: str, length: int | None, min_fraction: float):
    """The function that turns a series (time,) into the mean that the density option asks for."""
    if density == "instantaneous":
        return lambda x: x
    if density == "interval_mean":
        return lambda x: np.full(x.shape, np.mean(x[np.isfinite(x)]) if np.isfinite(x).any() else np.nan)
    if density == "window_mean":
        return lambda x: window.running_mean(x, length, min_fraction)
    raise ValueError(f"density is {density!r}, expected window_mean, instantaneous or interval_mean")


def _alpha_ratio(ds, alphas: str, assumed_ratio: float, average):
    """Alpha ratio (time,), and where it is the assumed one."""
    if alphas not in ("measured", "assumed", "none"):
        raise ValueError(f"alphas is {alphas!r}, expected measured, assumed or none")
    shape = ds["n"].shape
    if alphas == "none":
        return np.zeros(shape), np.zeros(shape, dtype=bool)
    measured = average(_values(ds, "alpha_ratio")) if alphas == "measured" else np.full(shape, np.nan)
    missing = ~np.isfinite(measured)
    # ASSUME: 4 % alphas by number where none are measured, the solar wind's long-term mean; ejecta often have more.
    return np.where(missing, assumed_ratio, measured), missing


def _anisotropy(ds, average):
    """Pressure-anisotropy factor (time,) of the averaged pressures, NaN where a temperature is missing."""
    if "temperature_parallel" not in ds or "temperature_perpendicular" not in ds:
        return np.full(ds["n"].shape, np.nan)
    n = _values(ds, "n")
    b_rms = np.sqrt(average(np.sum(_values(ds, field_name(ds)) ** 2, axis=1)))
    pressure = {name: average(n * _values(ds, f"temperature_{name}")) for name in ("parallel", "perpendicular")}
    beta = {name: plasma.plasma_beta(1.0, nt, b_rms) for name, nt in pressure.items()}  # n T averaged as one
    return plasma.anisotropy_factor(beta["parallel"], beta["perpendicular"])


def _length(ds, window_s):
    return window.odd_length(window_s, cadence_s(ds)) if ds.sizes["time"] > 1 else 1


def _values(ds, name):
    return np.asarray(ds[name].values, dtype=float)


def _share(where, used):
    return float(np.mean(where[used])) if used.any() else np.nan
