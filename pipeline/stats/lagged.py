"""Correlation of two series as a function of the lag between them, for all lags at once and with gaps."""

import numpy as np


def lagged_moments(x: np.ndarray, y: np.ndarray, window: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """(..., lag, component, 6): sums of 1, x, y, xx, yy, xy where x(t) in the window and y(t + lag) are there.

    x: (time, component), y: (..., time, component) on the same grid, NaN where missing (a sample without one component
    counts as missing); window: boolean (time); lags: integer steps, positive when y is later. The last axis is that
    of `bootstrap.pair_moments`, so its correlations follow from `bootstrap.covariances`.
    """
    from scipy.fft import irfft, next_fast_len

    size = next_fast_len(x.shape[0] + int(np.abs(lags).max()) + 1, real=True)
    first = _powers(np.where(window[:, None], x, np.nan), size)
    second = _powers(y, size)
    out = np.empty((*y.shape[:-2], len(lags), x.shape[-1], 6))
    for k, (i, j) in enumerate(((0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (1, 1))):
        sums = irfft(np.conj(first[i]) * second[j], size, axis=-2)
        out[..., k] = sums[..., lags, :]
    out[..., 0] = np.rint(out[..., 0])
    return out


def _powers(x, size):
    """Spectra of the zeroth, first and second power of x about its mean, missing samples zero in each.

    The zeroth is one for all components, and for all series that lack the same samples.
    """
    from scipy.fft import rfft

    there = np.isfinite(x).all(axis=-1, keepdims=True)
    if there.ndim > 2 and (there == there[:1]).all():
        there = there[:1]
    count = np.maximum(there.sum(axis=-2, keepdims=True), 1)
    values = np.where(there, x, 0.0)
    values = np.where(there, values - values.sum(axis=-2, keepdims=True) / count, 0.0)
    powers = (there.astype(float), values, values**2)
    return [rfft(power, size, axis=-2) for power in powers]


def shifted(x: np.ndarray, steps: int) -> np.ndarray:
    """x(t + steps) along the first axis, NaN where that lies outside the series."""
    out = np.full(x.shape, np.nan)
    n = x.shape[0]
    if abs(steps) < n:
        out[max(0, -steps) : n - max(0, steps)] = x[max(0, steps) : n + min(0, steps)]
    return out


def highest_peak(r: np.ndarray) -> int:
    """Index of the highest local maximum of r (lag) that is not at an end of its finite part; -1 if there is none."""
    inner = r[1:-1]
    with np.errstate(invalid="ignore"):
        is_peak = (inner >= r[:-2]) & (inner >= r[2:]) & ((inner > r[:-2]) | (inner > r[2:]))
    if not is_peak.any():
        return -1
    return 1 + int(np.argmax(np.where(is_peak, inner, -np.inf)))


def parabolic_offset(r: np.ndarray, peak: int) -> float:
    """Position of the parabola's vertex through r at peak-1, peak, peak+1, in steps from peak, within +-0.5."""
    before, at, after = r[peak - 1 : peak + 2]
    curvature = before - 2 * at + after
    return 0.0 if curvature == 0 else float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5))


def half_width(r: np.ndarray, peak: int) -> float:
    """Steps from the peak to half its height, mean of both sides or the one that falls so far; NaN if neither does."""
    sides = [side for side in (_steps_to_half(r[peak::-1]), _steps_to_half(r[peak:])) if np.isfinite(side)]
    return float(np.mean(sides)) if sides else np.nan


def _steps_to_half(r):
    below = np.flatnonzero(r <= r[0] / 2)
    if not below.size or r[0] <= 0:
        return np.nan
    k = below[0]
    return k - (r[0] / 2 - r[k]) / (r[k - 1] - r[k])
