"""Energies of v and b inside windows, from one pass over their joint moments.

Pairwise complete: a sample counts only where every component of v and of b is there, in every moment alike. Separate
masks or means let sigma_c^2 + sigma_r^2 exceed 1. The number of samples stands beside every value.

Two definitions of the same quantity are common, and differ by up to 0.4 locally:
  window        variance inside the window about the window's own mean (`running_moments`), a rope's rotation included;
  running mean  fluctuation about a centred running mean, energies then averaged over the window
                (`running_mean_moments`): reaches over two windows, and leaves a steady rotation out.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pipeline.physics import elsasser

CACHED = 320_000  # numbers to work on at once, 2.6 MB
SPARE: list[np.ndarray] = []  # memory for three times as many, kept from one call to the next


class Moments(NamedTuple):
    """Joint moments of v and b per window; energies in km2 s-2."""

    size: np.ndarray  # (window) samples that the window should hold
    count: np.ndarray  # (window) samples where v and b are both there
    e_v: np.ndarray  # (window) <|dv|^2>/2
    e_b: np.ndarray  # (window) <|db|^2>/2
    h: np.ndarray  # (window) <dv.db>

    @property
    def valid_fraction(self) -> np.ndarray:
        """count / size, in [0, 1]: windows that reach over the end of the record are not full."""
        return self.count / np.maximum(self.size, 1)


def odd_length(window_s: float, cadence_s: float) -> int:
    """Number of samples, odd so that the window has a central one, that is nearest to `window_s`; at least 3."""
    return max(3, 2 * round((window_s / cadence_s - 1) / 2) + 1)


def running_moments(v: ArrayLike, b: ArrayLike, length: int) -> Moments:
    """Moments of the windows of `length` samples (odd) centred at every sample. v, b: (time, component), km s-1."""
    _verify_odd(length)
    v, b = _pair(v, b)
    energies, count = np.empty((3, len(v))), np.empty(len(v), int)
    for part, sums in _pieces_of_sums(lambda rows, of: _fill(rows, v[of], b[of]), (10, len(v)), length, length // 2):
        _energies(sums, energies[:, part])
        count[part] = sums[0]
    return Moments(np.broadcast_to(length, len(v)), count, *energies)


def running_mean_moments(v: ArrayLike, b: ArrayLike, length: int, average_length: int | None = None) -> Moments:
    """Moments of the fluctuations about a centred running mean of `length` samples, averaged over `average_length`.

    v, b: (time, component), km s-1; both lengths odd, the second `length` by default. The energies are not about the
    fluctuations' own means: <|v - <v>_T|^2>_W / 2.
    """
    average_length = average_length or length
    energies = np.vstack(elsasser.energies(*fluctuations(v, b, length)))
    valid = np.isfinite(energies[2])
    count, *sums = centred_sums(np.where(valid, np.vstack([valid, energies]), 0.0), average_length)
    mean = np.divide(sums, np.where(count > 0, count, np.nan))
    _cauchy_schwarz(*mean)
    return Moments(np.broadcast_to(average_length, count.shape), count.astype(int), *mean)


def fluctuations(v: ArrayLike, b: ArrayLike, length: int) -> tuple[np.ndarray, np.ndarray]:
    """dv, db (time, component): v and b less the centred running mean of `length` samples, pairwise complete.

    Where the window is not symmetric, at the ends of the record and beside gaps, its mean lies at another time than
    its centre, and a steady trend would be left over. So the local straight line is taken off, which passes through the
    mean of a symmetric window at its centre and is the same there.
    """
    valid, columns = _columns(v, b)
    time = np.arange(valid.size) - 0.5 * valid.size
    moments = np.vstack([columns[:7], time * columns[0], time**2 * columns[0], time * columns[1:7]])
    sums = centred_sums(moments, length)
    count = np.where(sums[0] > 0, sums[0], np.nan)
    mean, offset = sums[1:7] / count, sums[7] / count - time
    spread = sums[8] / count - (sums[7] / count) ** 2
    slope = (sums[9:] / count - mean * (sums[7] / count)) / np.where(spread > 1e-6, spread, np.inf)
    x = np.where(valid, columns[1:7] - (mean - slope * offset), np.nan).T
    return x[:, :3], x[:, 3:]


def contributions(v: ArrayLike, b: ArrayLike, length: int, min_fraction: float = 0.5) -> np.ndarray:
    """Share of every sample in the energies of all complete windows: e_v, e_b, h, (time, 3), km2 s-2.

    v, b: (time, component), km s-1. The windows of `length` samples (any number, at most all) that lie inside the
    record and are filled to `min_fraction` are pooled; the mean of a column over its finite rows is the pooled energy
        sum_windows sum_samples |x - <x>_window|^2 / 2 / sum_windows count,
    so that any mean, and any resampling of samples, of these shares is one of windows. NaN where v or b is missing,
    all NaN where no window is filled.
    """
    valid, columns = _columns(v, b)
    length = min(length, valid.size)
    sums = _forward_sums(columns[:7], length)[:, : valid.size - length + 1]
    count = sums[0]
    used = count >= max(2, min_fraction * length)
    mean = sums[1:] * (used / np.maximum(count, 1))
    of_windows = np.vstack([used, mean, _products(mean)])
    pad = np.zeros((len(of_windows), length - 1))
    covering = _forward_sums(np.hstack([pad, of_windows, pad]), length)[:, : valid.size]  # windows that hold a sample
    share = _pooled(columns, covering)
    total = np.sum(count, where=used)
    share *= valid.sum() / total if total else np.nan
    return np.where(valid[:, None], share.T, np.nan)


def _pooled(columns, covering):
    """sum over the windows of a sample of (x - m)^2/2, (y - m)^2/2, (x - m).(y - m), by expanding the squares."""
    x, y = columns[1:4], columns[4:7]
    windows, mx, my = covering[0], covering[1:4], covering[4:7]
    e_v = 0.5 * (windows * columns[7] - 2 * np.sum(x * mx, axis=0) + covering[7])
    e_b = 0.5 * (windows * columns[8] - 2 * np.sum(y * my, axis=0) + covering[8])
    h = windows * columns[9] - np.sum(x * my, axis=0) - np.sum(y * mx, axis=0) + covering[9]
    return np.vstack([np.maximum(e_v, 0.0), np.maximum(e_b, 0.0), h])


def response(frequency: ArrayLike, length: int) -> np.ndarray:
    """1 - D^2, D = sin(pi f L) / (L sin(pi f)): share of the energy of a wave that windows of L samples hold.

    frequency: cycles per sample, (0, 1/2]. For fluctuations about a running mean it is (1 - D)^2.
    """
    frequency = np.asarray(frequency, dtype=float)
    return 1.0 - (np.sin(np.pi * frequency * length) / (length * np.sin(np.pi * frequency))) ** 2


def running_mean(x: ArrayLike, length: int, min_fraction: float = 0.0) -> np.ndarray:
    """Mean of x over the window of `length` samples (odd) centred at each, NaN where less than `min_fraction` is there.

    x: (time,) or (time, k), each column with its own gaps; at least one sample is always needed.
    """
    x = np.asarray(x, dtype=float)
    rows = np.atleast_2d(x.T)
    valid = np.isfinite(rows)
    zero = _mean_of_valid(rows, valid)
    count = centred_sums(valid.astype(float), length)
    total = centred_sums(np.where(valid, rows - zero[:, None], 0.0), length)
    enough = count >= max(1.0, min_fraction * length)
    mean = np.full(rows.shape, np.nan)
    np.divide(total, count, out=mean, where=enough)
    return (mean + zero[:, None]).T.reshape(x.shape)


def centred_sums(columns: np.ndarray, length: int) -> np.ndarray:
    """Sum over the window of `length` samples (odd) centred at each; beyond the ends there is nothing. (k, time)."""
    _verify_odd(length)
    return _forward_sums(columns, length, lead=length // 2)[:, : columns.shape[1]]


def interval_sums(columns: np.ndarray, start: ArrayLike, stop: ArrayLike) -> np.ndarray:
    """Sum over the windows [start, stop) of sample indices, which may overlap; empty ones give 0. (k, window)."""
    start, stop = np.asarray(start, dtype=int), np.asarray(stop, dtype=int)
    k, n = columns.shape
    if start.size and (start.min() < 0 or stop.max() > n or np.any(stop < start)):
        raise ValueError(f"windows must lie in [0, {n}] and not end before they start")
    if not start.size:
        return np.zeros((k, 0))
    # Overlapping windows share the pieces between their edges: every sample is added once, then pieces are.
    edges, index = np.unique(np.stack([start, stop], axis=1), return_inverse=True)
    padded = np.concatenate([columns, np.zeros((k, 1))], axis=1)  # so that `stop` may be the end
    pieces = np.add.reduceat(padded, edges, axis=1)
    sums = np.add.reduceat(pieces, index.ravel(), axis=1)[:, ::2]
    return np.where(stop > start, sums, 0.0)


def _verify_odd(length):
    if length % 2 == 0 or length < 1:
        raise ValueError(f"a centred window needs an odd number of samples, found {length}")


def _forward_sums(columns, length: int, lead: int = 0):
    """sum of columns[i - lead : i - lead + length] for every i, nothing beyond the ends. (k, time)."""
    out = np.empty(columns.shape)
    for part, sums in _pieces_of_sums(lambda rows, of: np.copyto(rows, columns[:, of]), columns.shape, length, lead):
        out[:, part] = sums
    return out


def _pieces_of_sums(fill, shape, length, lead):
    """Slices of time, and the sums (k, slice) there, for samples of shape (k, time).

    fill(rows, part) writes the samples of a slice into rows (k, slice). No sample outside the window ever enters:
    differences of prefix sums would keep the rounding errors of every large value before. Pieces stay in the
    processor's cache, and arrays are used again: fresh memory costs more than the additions.
    """
    k, n = shape
    piece = max(1, min(n, max(2 * length, CACHED // max(k, 1))))
    memory = _spare(3 * k * (piece + length - 1))
    buffers = memory[: 3 * k * (piece + length - 1)].reshape(3, k, piece + length - 1)
    for first in range(0, n, piece):
        last = min(first + piece, n)
        start, stop = first - lead, last - lead + length - 1
        head, tail = max(0, -start), max(0, stop - n)  # samples that lie beyond the ends
        padded = buffers[0, :, : stop - start]
        padded[:, :head] = 0.0
        padded[:, stop - start - tail :] = 0.0
        fill(padded[:, head : stop - start - tail], slice(max(start, 0), max(stop - tail, 0)))
        yield slice(first, last), _sums_by_doubling(padded, *buffers[1:], length)
    if memory.size <= 5 * CACHED:
        SPARE.append(memory)


def _spare(size):
    """At least `size` numbers of memory: what an earlier call has left, taken out so that no other call has it too."""
    try:
        memory = SPARE.pop()
    except IndexError:  # the first call, or another thread has it
        return np.empty(size)
    return memory if memory.size >= size else np.empty(size)


def _sums_by_doubling(samples, result, other, length):
    """Sums of `length` neighbours (k, width - length + 1), in one of two arrays as large as samples (k, width).

    From sums of m to sums of 2 m, or 2 m + 1, as the binary digits of `length` say. About 1.5 log2(length) additions
    per sample, but of whole vectors; the rounding error grows with log2(length), not with length.
    """
    sums, size = samples, 1
    for digit in format(length, "b")[1:]:
        doubled = result[:, : sums.shape[1] - size]
        np.add(sums[:, :-size], sums[:, size:], out=doubled)
        size *= 2
        if digit == "1":
            doubled = doubled[:, :-1]
            doubled += samples[:, size:]
            size += 1
        sums, result, other = doubled, other, result
    return sums


def _pair(v, b):
    v, b = np.asarray(v, dtype=float), np.asarray(b, dtype=float)
    if v.shape != b.shape or v.ndim != 2 or v.shape[1] != 3:
        raise ValueError(f"v and b must both be (time, 3), found {v.shape} and {b.shape}")
    return v, b


def _columns(v, b):
    """Rows that are valid, and (10, time): 1, v, b, v.v, b.b, v.b, zero where not, v and b about their means."""
    v, b = _pair(v, b)
    columns = np.empty((10, len(v)))
    _fill(columns, v, b)
    return columns[0] > 0, columns


def _fill(columns, v, b):
    """The columns of `_columns` into an array that is there."""
    x = columns[1:7]
    x[:3], x[3:] = v.T, b.T
    columns[0] = np.isfinite(x).all(axis=0)
    gone = np.flatnonzero(columns[0] == 0)
    x[:, gone] = 0.0
    zero = x.sum(axis=1) / max(x.shape[1] - gone.size, 1)
    x -= zero[:, None]  # 400 km/s of speed would cost digits of the 10 km/s of fluctuation
    x[:, gone] = 0.0
    _products(x, columns[7:])


def _products(x, out=None):
    """v.v, b.b, v.b of the rows of x (6, time)."""
    v, b = x[:3], x[3:]
    out = np.empty((3, x.shape[1])) if out is None else out
    for row, (p, q) in zip(out, ((v, v), (b, b), (v, b)), strict=True):
        np.einsum("it,it->t", p, q, out=row)
    return out


def _mean_of_valid(rows, valid):
    count = np.broadcast_to(valid, rows.shape).sum(axis=1)
    return np.sum(rows, axis=1, where=np.broadcast_to(valid, rows.shape)) / np.maximum(count, 1)


def _energies(sums, out):
    """e_v, e_b, h (3, window), about the windows' means, <x.y> - <x>.<y>, halved for e; from sums of the columns."""
    count, totals, squares = sums[0], sums[1:7], sums[7:]
    v, b = totals[:3], totals[3:]
    with np.errstate(divide="ignore", invalid="ignore"):  # no sample, no mean
        per_sample = 1.0 / count
        for row, square, (x, y) in zip(out, squares, ((v, v), (b, b), (v, b)), strict=True):
            np.einsum("iw,iw->w", x, y, out=row)
            row *= per_sample
            np.subtract(square, row, out=row)
        energies = out[:2]
        energies *= 0.5
        rounding = np.multiply(np.maximum(count, 4) * np.finfo(float).eps, squares[:2], out=squares[:2])  # of two terms
        energies[energies <= rounding] = 0.0
        _cauchy_schwarz(*out)
        out *= per_sample


def _cauchy_schwarz(e_v, e_b, h):
    """Hold h within 2 sqrt(e_v e_b), which it exceeds by rounding alone, in place."""
    bound = 2.0 * np.sqrt(e_v * e_b)
    np.minimum(h, bound, out=h)
    np.maximum(h, -bound, out=h)
