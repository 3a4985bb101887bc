"""A spacecraft's series and intervals, and what all parts do with series: units, filters, surrogates, axes."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import signal

B, V = ["bx", "by", "bz"], ["vx", "vy", "vz"]  # the field as the plasma instrument averages it, and the velocity
FIELD = ["fx", "fy", "fz"]  # the field over the whole bin
GIVEN = ("sheath", "ejecta", "ejecta_front", "ejecta_middle", "ejecta_rear")
BAND = (600.0, 3600.0)
SMOOTH_S = 600.0  # of hodograms
HALF = 0.2494  # sigma of a Gaussian that, applied twice, halves a wave of period 1


@dataclass
class Spacecraft:
    """Series on one grid and intervals, each a list of pieces (start, end)."""

    name: str
    data: pd.DataFrame
    pieces: dict[str, list] = field(default_factory=dict)

    @cached_property
    def dt(self) -> float:
        return (self.data.index[1] - self.data.index[0]).total_seconds()

    def mask(self, interval: str) -> np.ndarray:
        time = self.data.index
        return np.any([(time >= start) & (time < end) for start, end in self.pieces[interval]], axis=0)


def odd(seconds: float, dt: float) -> int:
    return 2 * int(seconds / dt / 2) + 1


def rolling(x, seconds: float, dt: float, share: float = 0.5):
    length = odd(seconds, dt)
    return x.rolling(length, center=True, min_periods=max(1, int(share * length)))


def alfven(data: pd.DataFrame, dt: float, density: str = "window_mean", alphas: str = "measured") -> pd.DataFrame:
    """v and b in km/s; density averaged over an hour, as it is, or over all of data."""
    n, ratio = data["n"], data["alpha"]
    if density == "window_mean":
        n, ratio = (rolling(x, 3600, dt, 0.25).mean() for x in (n, ratio))
    elif density == "interval_mean":
        n, ratio = n.mean(), pd.Series(ratio.mean(), data.index)
    ratio = {"measured": ratio.fillna(0.04), "assumed": 0.04, "none": 0.0}[alphas]
    b = data[B].mul(21.812 / np.sqrt(n * (1 + 4 * ratio)), axis=0)
    x = pd.concat([data[V], b], axis=1)
    return x.where(x.notna().all(axis=1))


def low_pass(x: np.ndarray, period_s: float, dt: float, into_gaps: bool = False) -> np.ndarray:
    """Slow part of x (time, k): Gaussian means of what is there, and again of what they leave."""
    sigma = HALF * period_s / dt
    kernel = signal.windows.gaussian(2 * int(np.ceil(4 * sigma)) + 1, sigma)[:, None]
    there = np.isfinite(x).all(axis=1, keepdims=True)
    weight = signal.fftconvolve(there.astype(float), kernel, "same", axes=0)
    mean = x[there[:, 0]].mean(axis=0)
    filled = np.where(there, x - mean, 0.0)
    slow = signal.fftconvolve(filled, kernel, "same", axes=0) / np.maximum(weight, 1e-9)
    left = np.where(there, filled - slow, 0.0)
    slow += signal.fftconvolve(left, kernel, "same", axes=0) / np.maximum(weight, 1e-9)
    return np.where((weight >= kernel.sum() / 4) & (there | into_gaps), slow + mean, np.nan)


def band_pass(x: np.ndarray, band: tuple[float, float], dt: float) -> np.ndarray:
    return low_pass(x, band[0], dt) - low_pass(x, band[1], dt)


def phase_randomised(x: np.ndarray, count: int, rng, gaps: bool = True) -> np.ndarray:
    """(count, time, k) with the spectra and cross spectra of x (time, k); gaps are put back if wanted."""
    filled = pd.DataFrame(x).interpolate(limit_direction="both").to_numpy()
    spectrum = np.fft.rfft(filled, axis=0)
    phases = np.exp(2j * np.pi * rng.random((count, len(spectrum), 1)))
    phases[:, 0] = 1
    out = np.fft.irfft(spectrum * phases, len(x), axis=1)
    if gaps:
        out[:, ~np.isfinite(x)] = np.nan
    return out


def p_value(reached, count):
    return (1 + reached) / (1 + count)


def complete(x: np.ndarray) -> np.ndarray:
    return x[np.isfinite(x).all(axis=1)]


def minimum_variance(b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, largest first, and right-handed axes in columns of the field (time, 3)."""
    values, vectors = np.linalg.eigh(np.cov(complete(b).T, ddof=0))
    first, last = (axis * np.sign(axis[np.abs(axis).argmax()]) for axis in (vectors[:, 2], vectors[:, 0]))
    return values[::-1], np.column_stack([first, np.cross(last, first), last])


def effective_size(x: np.ndarray, y: np.ndarray) -> float:
    """Independent pairs (Pyper & Peterman 1998)."""
    n = len(x)
    rho = []
    for a in (x - x.mean(), y - y.mean()):
        covariance = signal.correlate(a, a, method="fft")[n - 1 :][: n // 5]
        rho.append(covariance / covariance[0])
    return float(np.clip(1 / max(1 / n + 2 / n * np.sum(rho[0][1:] * rho[1][1:]), 1 / n), 2, n))


def runs(flag: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flag.astype(int), [0]))))
    return list(zip(edges[::2], edges[1::2], strict=True))
