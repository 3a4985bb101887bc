"""Slow and fast parts of a series with gaps: zero phase, no gap bridged, straight lines kept to the very ends."""

import numpy as np

HALF_POWER = np.sqrt(2 * np.log(2)) / (2 * np.pi)  # sigma over the period that is passed with half its amplitude: 0.187
REACH = 4.0  # sigmas at which the weights are cut: 3e-4 of their peak


def low_pass(
    x: np.ndarray, period_s: float, dt_s: float, min_fraction: float = 0.5, into_gaps: bool = False
) -> np.ndarray:
    """Slow part of x (time, k): the local straight line fitted with Gaussian weights, at each sample.

    Inside a full record that is a Gaussian filter of zero phase with amplitude 1/2 at `period_s`, 1/16 at half and 0.84
    at twice of it. At ends and gaps the line keeps a trend from bending. NaN where x is missing, and where the weights
    with data are less than `min_fraction` of what they are at a record's end. A sample that any column lacks counts as
    missing in all. With `into_gaps` the line is also taken at missing samples that have enough around them.
    """
    x = np.asarray(x, float)
    missing = ~np.isfinite(x).all(axis=1)
    there = np.where(missing, 0.0, 1.0)[:, None]
    origin = np.sum(np.where(missing[:, None], 0.0, x), axis=0) / max(there.sum(), 1)
    filled = np.where(missing[:, None], 0.0, x - origin)
    offset, weight = _weights(period_s, dt_s, len(x))
    s0, s1, s2 = (_correlate(there, weight * offset**power) for power in range(3))
    t0, t1 = (_correlate(filled, weight * offset**power) for power in range(2))
    spread = s0 * s2 - s1**2
    has_line = spread > 1e-9 * np.sum(weight * offset**2) * np.sum(weight)
    line = (s2 * t0 - s1 * t1) / np.where(has_line, spread, 1.0)
    slow = np.where(has_line, line, t0 / np.maximum(s0, 1e-300)) + origin
    least = min_fraction * weight[offset >= 0].sum()
    return np.where((missing[:, None] & (not into_gaps)) | (s0 < least), np.nan, slow)


def band_pass(x: np.ndarray, shortest_s: float, longest_s: float, dt_s: float) -> np.ndarray:
    """Part of x (time, k) between two periods: low_pass(shortest) - low_pass(longest), amplitude about 1/2 at both."""
    return low_pass(x, shortest_s, dt_s) - low_pass(x, longest_s, dt_s)


def _weights(period_s, dt_s, n):
    sigma = max(HALF_POWER * period_s / dt_s, 1e-3)
    reach = min(n - 1, int(np.ceil(REACH * sigma)))
    offset = np.arange(-reach, reach + 1.0)
    return offset, np.exp(-0.5 * (offset / sigma) ** 2)


def _correlate(columns, weight):
    """sum_d weight(d) columns(t + d), (time, k)."""
    n, size = len(columns), 1 << int(len(columns) + len(weight)).bit_length()
    spectrum = np.fft.rfft(columns, size, axis=0) * np.fft.rfft(weight[::-1], size)[:, None]
    reach = len(weight) // 2
    return np.fft.irfft(spectrum, size, axis=0)[reach : reach + n]
