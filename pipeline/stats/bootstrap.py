"""Stationary block bootstrap (Politis & Romano 1994) of statistics that are functions of means.

A statistic such as r depends on the data through means of per-sample contributions (x, y, xx, yy, xy). The bootstrap
therefore resamples the contributions' means only: blocks are differences of prefix sums, so that a replicate costs as
many operations as it has blocks, not samples. x and y always travel in the same block (paired).
"""

import itertools

import numpy as np

from pipeline.stats.effective import autocovariance

BLOCKS_AT_ONCE = 32_000  # keeps the working arrays in the processor's cache


def optimal_block_length(x: np.ndarray) -> float:
    """Mean block length, in samples, that minimises the error of the stationary bootstrap's variance of the mean.

    x: (time,) or (time, k), NaN where missing; for k columns the longest of the k lengths. Between 1 and
    min(3 sqrt(n), n/3). Politis & White (2004), Econometric Reviews 23, 53, with the correction of Patton, Politis &
    White (2009), ibid. 28, 372.
    """
    columns = np.atleast_2d(np.asarray(x, float).T)
    return max(_block_length(column) for column in columns)


def _block_length(x):
    n = int(np.isfinite(x).sum())
    if n < 8:
        return 1.0
    longest = min(3 * np.sqrt(n), n / 3)
    patience = max(5, int(np.sqrt(np.log10(n))))
    covariance = autocovariance(x, min(x.size - 1, int(np.ceil(np.sqrt(n))) + patience))
    if not covariance[0] > 0:
        return 1.0
    window = min(2 * _last_correlated_lag(covariance / covariance[0], n, patience), covariance.size - 1)
    lags = np.arange(1, window + 1)
    weight = np.clip(2 * (1 - lags / max(window, 1)), 0, 1)  # flat-top window of Politis & Romano (1995)
    spectrum = covariance[0] + 2 * np.sum(weight * covariance[1 : window + 1])
    slope = 2 * np.sum(weight * lags * covariance[1 : window + 1])
    if spectrum <= 0:
        return float(longest)  # the window's spectrum at zero may come out negative: the data do not say, stay careful
    return float(np.clip((slope**2 / spectrum**2 * n) ** (1 / 3), 1, longest))


def _last_correlated_lag(correlation, n, patience):
    """Last lag before a run of `patience` correlations below 2 sqrt(log10(n)/n)."""
    small = np.abs(correlation[1:]) < 2 * np.sqrt(np.log10(n) / n)
    for lag in range(small.size - patience + 1):
        if small[lag : lag + patience].all():
            return max(lag, 1)
    large = np.flatnonzero(~small)
    return int(large[-1]) + 1 if large.size else 1


def bootstrap_means(contributions: np.ndarray, block: float, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """(replicates, k): means of (time, k) contributions over stationary-bootstrap resamples of the same length.

    block: mean block length in samples (geometric lengths, circular data). Contributions must be finite: give a
    missing sample zeros everywhere, with a column of ones and zeros to divide by.
    """
    contributions = np.asarray(contributions, float)
    if contributions.ndim == 1:
        contributions = contributions[:, None]
    if not np.isfinite(contributions).all():
        raise ValueError("bootstrap_means: contributions must be finite; give missing samples zeros and a weight")
    varying = np.flatnonzero((contributions != contributions[:1]).any(axis=0))  # weights seldom do
    at_once = max(1, int(BLOCKS_AT_ONCE * max(block, 1.0) / len(contributions)))
    count = -(-replicates // at_once)
    resample = _Resampler(contributions[:, varying], max(block, 1.0), -(-replicates // count))
    sums = np.empty((replicates, varying.size))
    for part in np.array_split(sums, count):
        part[...] = resample(rng)[: len(part)]
    means = np.repeat(contributions[:1], replicates, axis=0)
    means[:, varying] = sums / len(contributions)
    return means


class _Resampler:
    """Sums of columns (time, k) over `replicates` resamples, in arrays that are used again: fresh ones cost as much.

    Four columns are looked up in one step, or else two, or one: of 16 or 32 bytes hardly takes longer than of 8. They
    are added as complex numbers, two at once.
    """

    def __init__(self, columns, mean, replicates):
        n, k = columns.shape
        self.n, self.mean, self.cuts = n, mean, n * np.arange(replicates + 1)
        expected = n * replicates / mean
        size = int(expected + 7 * np.sqrt(expected) + 20)  # too few once in 1e11 times; the last one is longer then
        # Integers of 4 bytes are the quicker step from floats; no length is above 53 ln 2 = 37 times the mean.
        self.integer = np.int32 if 37 * max(n, mean) < 2**31 else np.int64
        self.start, self.end = np.empty((2, size), int)
        self.high, self.low = np.empty((2, 4 * size))
        self.uniform, self.length = self.low[:size], self.low.view(int)[size : 2 * size]  # needed before low is
        self.prefix = np.zeros((2 * n + 1, k))  # sums before each sample, twice round
        np.cumsum(np.concatenate((columns, columns)), axis=0, out=self.prefix[1:])
        edges = sorted({*range(0, k + 1, 4), k - k % 2, k})
        self.groups = [(i, j, np.ascontiguousarray(self.prefix[:, i:j])) for i, j in itertools.pairwise(edges)]

    def __call__(self, rng) -> np.ndarray:
        """(replicates, k): sums of the columns over the blocks of each replicate."""
        self._draw(rng)
        used, first, some, left = self._cut()
        start, stop = self.start[:used], np.add(self.start, self.length, out=self.end)[:used]
        begin = rng.integers(0, self.n, left.size)  # of what is left of the block that the replicate before has cut
        sums = self.prefix.take(begin + left, axis=0) - self.prefix.take(begin, axis=0)
        for i, j, prefix in self.groups:
            high, low = (values[: used * (j - i)].reshape(used, j - i) for values in (self.high, self.low))
            prefix.take(stop, axis=0, out=high, mode="clip")
            high -= prefix.take(start, axis=0, out=low, mode="clip")
            whole = np.add.reduceat(high.view(float if j == i + 1 else complex), first, axis=0).view(float)
            whole[~some] = 0.0
            sums[:, i:j] += whole
        return sums

    def _draw(self, rng):
        """Starts, uniform on 0 to n - 1, and geometric lengths: whole part and fraction of a random number times n."""
        u = rng.random(out=self.uniform)
        u *= self.n
        whole = np.floor(u, out=self.high[: u.size])
        self.start[:] = whole.astype(self.integer)
        u -= whole
        np.subtract(1.0, u, out=u)
        np.log(u, out=u)  # a length exceeds k with the probability (1 - 1 / mean)^k
        u *= 1 / np.log1p(-1 / self.mean) if self.mean > 1 else 0.0
        self.length[:] = u.astype(self.integer)
        self.length += 1

    def _cut(self):
        """Cuts the blocks, laid end to end, at the replicates' ends.

        A geometric length has no memory: what is left of a block that is cut is again a geometric block, which begins
        the next replicate, with a start of its own. Returns the number of blocks, for each replicate the first that
        begins in it, whether any does, and the length of what is left of the one before.
        """
        end, cuts = np.cumsum(self.length, out=self.end), self.cuts
        end[-1] = max(end[-1], cuts[-1])
        at = np.searchsorted(end, cuts)
        left = np.minimum(end[at[:-1]], cuts[1:]) - cuts[:-1]
        kept = cuts - (end[at] - self.length[at])
        self.length[at[::-1]] = kept[::-1]  # one block may reach over many ends: the first, written last, holds
        return at[-1] + 1, np.minimum(at[:-1] + 1, at[-1]), at[1:] > at[:-1], left


def percentile_interval(samples: np.ndarray, level: float = 0.95) -> np.ndarray:
    """(2, ...): central `level` interval of samples (replicates, ...) without NaN; NaN if half of them or more are."""
    samples = np.asarray(samples, float)
    tail = 100 * (1 - level) / 2
    usable = np.isfinite(samples).mean(axis=0) >= 0.5
    filled = np.where(usable, samples, 0.0)
    return np.where(usable, np.nanpercentile(filled, [tail, 100 - tail], axis=0), np.nan)


def pair_moments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(time, 6) contributions 1, x, y, xx, yy, xy of two (time,) series; zeros where either is missing.

    Both are first centred on their joint mean, which changes no correlation and keeps the differences of sums exact.
    """
    valid = np.isfinite(x) & np.isfinite(y)
    out = np.zeros((valid.size, 6))
    if valid.any():
        x, y = x[valid] - x[valid].mean(), y[valid] - y[valid].mean()
        out[valid] = np.stack((np.ones_like(x), x, y, x * x, y * y, x * y), axis=-1)
    return out


def covariances(means: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """var x, var y, cov(x, y) from (..., 6) means of `pair_moments`."""
    weight = means[..., :1]
    x, y, xx, yy, xy = np.moveaxis(means[..., 1:] / np.where(weight > 0, weight, np.nan), -1, 0)
    return xx - x * x, yy - y * y, xy - x * y


def correlation_from_means(means: np.ndarray) -> np.ndarray:
    """(...): Pearson's r from (..., 6) means of `pair_moments`; NaN where a variance is zero."""
    var_x, var_y, covariance = covariances(means)
    return _ratio(covariance, var_x * var_y)


def vector_correlation_from_means(means: np.ndarray) -> np.ndarray:
    """(...): sum_i cov(x_i, y_i) / sqrt(sum_i var x_i sum_i var y_i) from (..., component, 6) means."""
    var_x, var_y, covariance = (part.sum(axis=-1) for part in covariances(means))
    return _ratio(covariance, var_x * var_y)


def _ratio(covariance, product):
    positive = product > 0
    return np.where(positive, covariance / np.sqrt(np.where(positive, product, 1.0)), np.nan)
