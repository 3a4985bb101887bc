"""Wavelet energies in time and period, in bands and per interval, and spectra."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pycwt
from scipy import ndimage, stats

from baseline import doubt
from baseline.alfvenicity import bounds, ratios
from baseline.series import B, V

MOTHER = pycwt.Morlet(6)
FOURIER = MOTHER.flambda()
VOICES = 8
BANDS = ((600.0, 3600.0), (300.0, 1800.0), (1800.0, 7200.0))
GRID_S = 300.0


@dataclass
class Scalogram:
    """Energies (period, time) at full rate, zero where `ok` is not."""

    time: np.ndarray
    dt: float
    periods: np.ndarray
    ok: np.ndarray
    e_v: np.ndarray
    e_b: np.ndarray
    h: np.ndarray
    helicity: np.ndarray

    @property
    def parts(self):
        return self.e_v, self.e_b, self.h, self.helicity

    def weights(self, band) -> tuple[np.ndarray, np.ndarray]:
        """Periods of a band and their weights in its variance (Torrence & Compo 1998, eq. 24)."""
        inside = (self.periods >= band[0] * (1 - 1e-9)) & (self.periods <= band[1] * (1 + 1e-9))
        return inside, self.dt / (VOICES * MOTHER.cdelta * self.periods[inside] / FOURIER)

    def band(self, band) -> np.ndarray:
        """e_v, e_b, h, helicity (4, time) of a band, NaN where less than a third of it is there."""
        inside, weight = self.weights(band)
        enough = self.ok[inside].mean(axis=0) >= 1 / 3
        return np.where(enough, np.stack([weight @ part[inside] for part in self.parts]), np.nan)

    def decimated(self, step: int) -> "Scalogram":
        """Means over steps."""
        n = len(self.time) // step * step

        def mean(x):
            return x[:, :n].reshape(len(x), -1, step).mean(axis=2)

        share = mean(self.ok)
        parts = [mean(part) / np.maximum(share, 1e-9) for part in self.parts]
        return Scalogram(
            self.time[step // 2 : n : step], self.dt, self.periods, share > 0.5, *(p * (share > 0.5) for p in parts)
        )


def periods(shortest: float, longest: float) -> np.ndarray:
    return shortest * 2.0 ** (np.arange(int(VOICES * np.log2(longest / shortest) + 1e-9) + 1) / VOICES)


def transform(x: np.ndarray, dt: float, period_s: np.ndarray) -> np.ndarray:
    """(period, time) of a series."""
    return pycwt.cwt(x, dt, wavelet=MOTHER, freqs=1 / period_s)[0]


def prepared(x: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    filled = x.interpolate(limit_direction="both")
    return filled - filled.mean(), x.isna().any(axis=1).to_numpy()


def usable(missing: np.ndarray, dt: float, period_s: np.ndarray) -> np.ndarray:
    """(period, time) outside the cone, and where no more than a quarter of a period is missing."""
    n = len(missing)
    cone = FOURIER * MOTHER.coi() * dt * (n / 2 - abs(np.arange(n) - (n - 1) / 2))
    ok = period_s[:, None] <= cone
    if missing.any():
        for line, period in zip(ok, period_s, strict=True):
            line &= ndimage.uniform_filter1d(missing.astype(float), max(1, int(period / dt))) <= 0.25
    return ok


def scalogram(x: pd.DataFrame, dt: float, period_s: np.ndarray, velocity: dict | None = None):
    """Energies of v and b, and the transforms of v, which another density leaves as they are."""
    filled, missing = prepared(x)
    w_v = velocity or {c: transform(filled[c].to_numpy(), dt, period_s) for c in V}
    w_b = {c: transform(filled[c].to_numpy(), dt, period_s) for c in B}
    ok = usable(missing, dt, period_s)
    e_v, e_b = (sum(abs(w) ** 2 for w in group.values()) / 2 for group in (w_v, w_b))
    h = sum((w_v[v] * w_b[b].conj()).real for v, b in zip(V, B, strict=True))
    helicity = 2 * (w_b["by"].conj() * w_b["bz"]).imag
    return Scalogram(x.index.to_numpy(), dt, period_s, ok, *(q * ok for q in (e_v, e_b, h, helicity))), w_v


def table(craft, grid: Scalogram, units: pd.DataFrame, rng) -> list[dict]:
    """A row per interval and band."""
    rows = []
    for band in BANDS:
        energies = grid.band(band)
        for name in craft.pieces:
            inside = on_grid(craft, name, grid.time)
            row = {"spacecraft": craft.name, "interval": name, "method": f"wavelet:{band[0]:g}-{band[1]:g}"}
            part = energies[:, inside & np.isfinite(energies[0])]
            duration = inside.sum() * (grid.time[1] - grid.time[0]) / np.timedelta64(1, "s")
            if part.shape[1] >= max(1, inside.sum() / 2) and duration >= band[1]:
                row |= values(part.mean(axis=1), band, duration, units[craft.mask(name)].dropna().to_numpy(), rng)
            rows.append(row)
    return rows


def on_grid(craft, name: str, time: np.ndarray) -> np.ndarray:
    pieces = [(np.datetime64(start), np.datetime64(end)) for start, end in craft.pieces[name]]
    return np.any([(time >= start) & (time < end) for start, end in pieces], axis=0)


def values(mean, band, duration: float, x: np.ndarray, rng) -> dict:
    """Ratios and intervals; freedom after Torrence & Compo (1998), eq. 23 and 28, times the free components."""
    e_v, e_b, h, helicity = mean
    middle = np.sqrt(band[0] * band[1]) / FOURIER
    octaves = np.log2(band[1] / band[0])
    nu = 2 * np.sqrt(1 + (duration / 2.32 / middle) ** 2) * np.sqrt(1 + (octaves / MOTHER.deltaj0) ** 2)
    nu *= doubt.free_components(x[:, :3]) / 2
    draws = doubt.inverse_wishart(e_v, e_b, h, nu, rng)[..., 0]
    return ratios(e_v, e_b, h) | {"sigma_m": helicity / e_b / 2, "n_effective": nu} | bounds(ratios(*draws))


def spectra(craft, grid: Scalogram) -> tuple[list[dict], dict]:
    """Slopes per interval, and spectra {interval: {quantity: (power, low, high)}}."""
    rows, curves = [], {}
    for name in craft.pieces:
        inside = on_grid(craft, name, grid.time)
        count = grid.ok[:, inside].sum(axis=1)
        duration = inside.sum() * (grid.time[1] - grid.time[0]) / np.timedelta64(1, "s")
        shown = (count >= inside.sum() / 2) & (grid.periods <= duration)
        e_v, e_b, h, _ = (part[:, inside].sum(axis=1) / np.maximum(count, 1) for part in grid.parts)
        power = {"v": 2 * e_v, "b": 2 * e_b, "z_plus": 2 * (e_v + e_b + h), "z_minus": 2 * (e_v + e_b - h)}
        nu = 2 * np.sqrt(1 + (duration * FOURIER / 2.32 / grid.periods) ** 2)
        factors = [nu / stats.chi2.ppf(q, nu) for q in (0.975, 0.025)]
        fitted = shown & (grid.periods >= 300 * (1 - 1e-9)) & (grid.periods <= 3600 * (1 + 1e-9))
        curves[name] = {}
        for quantity, p in power.items():
            p = np.where(shown, 2 * grid.dt * p, np.nan)
            curves[name][quantity] = p, *(p * f for f in factors)
            if fitted.sum() > 3:
                fit, error = np.polyfit(-np.log(grid.periods[fitted]), np.log(p[fitted]), 1, cov=True)
                row = {"spacecraft": craft.name, "interval": name, "quantity": quantity}
                rows.append(row | {"slope": fit[0], "error": np.sqrt(error[0, 0])})
    return rows, curves
