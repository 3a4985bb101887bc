"""Slow and fast parts of a series with gaps: zero phase, no gap bridged, straight lines kept to the very ends."""

import numpy as np

from pipeline.physics.fast_length import fast_length

# Two passes have the response 1 - (1 - G)^2 with G = exp(-(omega sigma)^2 / 2); it is 1/2 where G is 1 - sqrt(1/2).
SIGMA = np.sqrt(-2 * np.log(1 - np.sqrt(0.5))) / (2 * np.pi)  # over the period that is passed with half its amplitude
REACH = 4.0  # sigmas at which the weights are cut: 3e-4 of their peak


def low_pass(
    x: np.ndarray, period_s: float, dt_s: float, min_fraction: float = 0.5, into_gaps: bool = False
) -> np.ndarray:
    """Slow part of x (time, k): a local line with Gaussian weights at each sample, and again of what it leaves.

    Inside a full record that is a filter of zero phase with amplitude 1/2 at `period_s`, 0.93 at twice and 0.01 at half
    of it. At ends and gaps the line keeps a trend from bending. NaN where x is missing, and where the weights with data
    are less than `min_fraction` of what they are at a record's end. A sample that any column lacks counts as missing in
    all. With `into_gaps` the line is also taken at missing samples that have enough around them.
    """
    x = np.asarray(x, float)
    there = np.isfinite(x).all(axis=1, keepdims=True)
    filled = np.where(there, x, 0.0)
    origin = filled.sum(axis=0) / max(there.sum(), 1)  # about the mean, the moments keep their digits
    filled = np.where(there, x - origin, 0.0)
    fit = _LocalLine(there, period_s, dt_s)
    slow = fit(filled)
    slow += fit(np.where(there, filled - slow, 0.0))
    seen = fit.share >= min_fraction
    return np.where(seen & (there | into_gaps), slow + origin, np.nan)


class _LocalLine:
    """Weighted least-squares lines around each sample, from the samples that are there."""

    def __init__(self, there, period_s, dt_s) -> None:
        sigma = max(SIGMA * period_s / dt_s, 1e-3)
        reach = min(len(there) - 1, int(np.ceil(REACH * sigma)))
        offset = np.arange(-reach, reach + 1.0)
        weight = np.exp(-0.5 * (offset / sigma) ** 2)
        self.n, self.reach = len(there), reach
        self.size = fast_length(len(there) + len(weight))
        self.kernels = [np.fft.rfft((weight * offset**k)[::-1], self.size)[:, None] for k in range(3)]
        self.s0, self.s1, self.s2 = self._moments(there * 1.0, 3)
        self.spread = self.s0 * self.s2 - self.s1**2
        self.has_line = self.spread > 1e-9 * np.sum(weight * offset**2) * np.sum(weight)
        self.share = self.s0 / weight[offset >= 0].sum()

    def __call__(self, filled):
        """Values (time, k) of the lines at their centres; `filled` is zero where there is nothing."""
        t0, t1 = self._moments(filled, 2)
        line = (self.s2 * t0 - self.s1 * t1) / np.where(self.has_line, self.spread, 1.0)
        return np.where(self.has_line, line, t0 / np.maximum(self.s0, 1e-300))

    def _moments(self, columns, count):
        """sum_d weight(d) d^m columns(t + d), (time, k), for m = 0 .. count - 1."""
        spectrum = np.fft.rfft(columns, self.size, axis=0)
        whole = (np.fft.irfft(spectrum * kernel, self.size, axis=0) for kernel in self.kernels[:count])
        return [each[self.reach : self.reach + self.n] for each in whole]


def band_pass(x: np.ndarray, shortest_s: float, longest_s: float, dt_s: float) -> np.ndarray:
    """Part of x (time, k) between two periods: low_pass(shortest) - low_pass(longest), amplitude 1/2 at both."""
    return low_pass(x, shortest_s, dt_s) - low_pass(x, longest_s, dt_s)
