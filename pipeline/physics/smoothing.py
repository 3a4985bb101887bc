"""Slow and fast parts of a series with gaps: zero phase, no gap bridged, straight lines kept to the very ends."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pipeline.physics.fast_length import fast_length

# Two passes have the response 1 - (1 - G)^2 with G = exp(-(omega sigma)^2 / 2); it is 1/2 where G is 1 - sqrt(1/2).
SIGMA = np.sqrt(-2 * np.log(1 - np.sqrt(0.5))) / (2 * np.pi)  # over the period that is passed with half its amplitude
REACH = 4.0  # sigmas at which the weights are cut: 3e-4 of their peak
CACHED = 80_000  # numbers to work on at once, 0.6 MB
BLOCK = 2000  # samples, at least, that come out of one transform


def low_pass(
    x: np.ndarray, period_s: float, dt_s: float, min_fraction: float = 0.5, into_gaps: bool = False
) -> np.ndarray:
    """Slow part of x (time, k): a local line with Gaussian weights at each sample, and again of what it leaves.

    Inside a full record that is a filter of zero phase with amplitude 1/2 at `period_s`, 0.93 at twice and 0.01 at half
    of it. At ends and gaps the line keeps a trend from bending. NaN where x is missing, and where the weights with data
    are less than `min_fraction` of what they are at a record's end. A sample that any column lacks counts as missing in
    all. With `into_gaps` the line is also taken at missing samples that have enough around them.
    """
    rows = np.array(np.transpose(x), dtype=float, order="C")  # each column in one piece, as the transform wants them
    there = np.isfinite(rows).all(axis=0)
    return LowPass(there, period_s, dt_s, min_fraction, into_gaps)(rows).T


class LowPass:
    """The same for many series (..., time) that lack the same samples: ~there (time). What is missing is not looked at.

    Weighted least-squares lines around each sample, from the samples that are there. It works in memory of its own: one
    thread at a time.
    """

    def __init__(
        self, there: np.ndarray, period_s: float, dt_s: float, min_fraction: float = 0.5, into_gaps: bool = False
    ) -> None:
        sigma = max(SIGMA * period_s / dt_s, 1e-3)
        self.n, self.gap = len(there), np.flatnonzero(~there)
        self.reach = max(0, min(self.n - 1, int(np.ceil(REACH * sigma))))
        offset = np.arange(-self.reach, self.reach + 1.0)
        weight = np.exp(-0.5 * (offset / sigma) ** 2)
        self.size = fast_length(2 * self.reach + max(1, min(self.n, max(BLOCK, 6 * self.reach))))
        self.kernels = np.fft.rfft([(weight * offset**m)[::-1] for m in range(3)], self.size)
        self.work = _Blocks(1, self.n, self.reach, self.size)
        self.work.record[:] = there
        s0, s1, s2 = (self._moment(m)[0].copy() for m in range(3))
        spread = s0 * s2 - s1**2
        has_line = spread > 1e-9 * np.sum(weight * offset**2) * np.sum(weight)
        # The line at its centre is (s2 t0 - s1 t1) / spread; a mean, t0 / s0, where there is no line.
        divisor = np.where(has_line, spread, 1.0)
        self.by_sum = np.where(has_line, s2 / divisor, 1 / np.maximum(s0, 1e-300))
        self.by_slope = np.where(has_line, -s1 / divisor, 0.0)
        seen = s0.ravel()[: self.n] / weight[offset >= 0].sum() >= min_fraction
        self.unknown = np.flatnonzero(~(seen & (there | into_gaps)))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Slow parts (..., time) of x (..., time)."""
        rows = x.reshape(math.prod(x.shape[:-1]), self.n)
        slow = np.empty(rows.shape)
        parts = max(1, -(-rows.size // CACHED))
        at_once = -(-len(rows) // parts)
        if len(self.work.record) != at_once:
            self.work = _Blocks(at_once, self.n, self.reach, self.size)
        for first in range(0, len(rows), at_once or 1):
            last = min(first + at_once, len(rows))  # the last part takes some once more, so that all are alike
            self._smooth(rows[last - at_once : last], slow[last - at_once : last])
        return slow.reshape(x.shape)

    def _smooth(self, rows, out):
        left, line = self.work.record, self.work.found
        left[:] = rows
        left[:, self.gap] = 0.0
        origin = left.sum(axis=1, keepdims=True) / max(self.n - self.gap.size, 1)
        left -= origin  # about the mean, the moments keep their digits
        left[:, self.gap] = 0.0
        self._lines()
        np.add(line, origin, out=out)
        left -= line
        left[:, self.gap] = 0.0
        self._lines()
        out += line
        out[:, self.unknown] = np.nan

    def _lines(self):
        """Values of the lines at their centres, of a record that is zero where there is nothing."""
        np.multiply(self._moment(0), self.by_sum, out=self.work.line)
        slope = self._moment(1)
        slope *= self.by_slope
        self.work.line += slope

    def _moment(self, m):
        """sum_d weight(d) d^m x(t + d) of the record x, (series, block, sample); after that of m - 1."""
        work = self.work
        if m == 0:
            np.fft.rfft(work.windows, out=work.spectrum)
        np.multiply(work.spectrum, self.kernels[m], out=work.product)
        np.fft.irfft(work.product, self.size, out=work.whole)
        return work.moment


class _Blocks:
    """`count` series of n samples in blocks of `size` that overlap by the weights, and memory to work on them.

    The transform of a whole record would leave the processor's cache, and fresh memory costs more than the sums.
    """

    def __init__(self, count, n, reach, size) -> None:
        step = size - 2 * reach
        blocks = max(1, -(-n // step))
        padded = np.zeros((count, blocks * step + 2 * reach))
        self.record = padded[:, reach : reach + n]
        self.windows = sliding_window_view(padded, size, axis=1)[:, ::step]
        self.spectrum, self.product = np.empty((2, count, blocks, size // 2 + 1), complex)
        self.whole = np.empty((count, blocks, size))
        self.moment = self.whole[..., 2 * reach :]
        self.line = np.empty((count, blocks, step))
        self.found = self.line.reshape(count, blocks * step)[:, :n]


def band_pass(x: np.ndarray, shortest_s: float, longest_s: float, dt_s: float) -> np.ndarray:
    """Part of x (time, k) between two periods: low_pass(shortest) - low_pass(longest), amplitude 1/2 at both."""
    return low_pass(x, shortest_s, dt_s) - low_pass(x, longest_s, dt_s)
