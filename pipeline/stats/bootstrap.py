"""Stationary block bootstrap (Politis & Romano 1994) of statistics that are functions of means.

A statistic such as r depends on the data through means of per-sample contributions (x, y, xx, yy, xy). The bootstrap
therefore resamples the contributions' means only: blocks are differences of prefix sums, so that a replicate costs as
many operations as it has blocks, not samples. x and y always travel in the same block (paired).
"""

import numpy as np

from pipeline.stats.effective import autocovariance

BLOCKS_AT_ONCE = 20_000  # keeps the working arrays in the processor's cache


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
    n = len(contributions)
    means = np.repeat(contributions[:1], replicates, axis=0)
    varying = np.flatnonzero((contributions != contributions[:1]).any(axis=0))  # weights seldom do
    prefix = _prefix_sums(contributions[:, varying])
    chunk = max(1, int(BLOCKS_AT_ONCE * max(block, 1.0) / n))
    for done in range(0, replicates, chunk):
        part = slice(done, min(done + chunk, replicates))
        sums = _resampled_sums(prefix, n, max(block, 1.0), part.stop - done, rng)
        means[part, varying] = sums[:, : varying.size] / n
    return means


def _prefix_sums(columns):
    """(pair, 2 time + 1): sums of two columns, one in the real, one in the imaginary part, before each sample.

    The series goes round twice. Numbers of two columns are looked up, subtracted and added together: half the steps.
    """
    n, k = columns.shape
    sums = np.zeros((2 * n + 1, k + k % 2))
    np.cumsum(np.concatenate((columns, columns)), axis=0, out=sums[1:, :k])
    return np.ascontiguousarray(sums.view(complex).T)


def _resampled_sums(prefix, n, block, replicates, rng):
    """(replicate, 2 pair): sums of the columns over the blocks of each replicate."""
    start, length, first, has_more, carried_start, carried_length = _blocks(n, block, replicates, rng)
    sums = np.empty((replicates, len(prefix)), complex)
    length += start
    carried_length += carried_start
    for row, out in zip(prefix, sums.T, strict=True):
        values = row.take(length)
        values -= row.take(start)
        np.multiply(np.add.reduceat(values, first), has_more, out=out)
        out += row.take(carried_length) - row.take(carried_start)
    return sums.view(float)


def _blocks(n, block, replicates, rng):
    """Starts and lengths of blocks along all replicates laid end to end; the first one of each replicate and whether
    it has any; and start and length of the block that each replicate begins with.

    A block that reaches over a replicate's end is cut there. A geometric length has no memory, so what is left of it is
    again a geometric block, which begins the next replicate with a start of its own.
    """
    total, cuts = n * replicates, n * np.arange(replicates + 1)
    start, length = _draw(n, block, int(total / block + 5 * np.sqrt(total / block) + 10), rng)
    end = np.cumsum(length)
    while end[-1] < total:
        more = _draw(n, block, 100, rng)
        start, length = np.concatenate((start, more[0])), np.concatenate((length, more[1]))
        end = np.cumsum(length)
    at = np.searchsorted(end, cuts)
    left = np.minimum(end[at[:-1]], cuts[1:]) - cuts[:-1]
    before = cuts - (end[at] - length[at])
    length[at[::-1]] = before[::-1]  # a long block may reach over many ends: the first of them, written last, holds
    used = slice(at[-1] + 1)
    first, has_more = np.minimum(at[:-1] + 1, at[-1]), at[1:] > at[:-1]
    return start[used], length[used], first, has_more, _draw(n, 1.0, replicates, rng)[0], left


def _draw(n, mean, size, rng):
    """Starts, uniform on 0 to n - 1, and geometric lengths >= 1, each pair from 64 random bits, which is quick.

    ASSUME: 32 bits are enough for each. Starts are uniform to n / 2^32, and no length is beyond 22 means (one of 4e9).
    """
    bits = rng.integers(0, 2**64, size, dtype=np.uint64)
    start = (((bits >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32)).view(np.int64)
    if mean == 1:
        return start, np.ones(size, np.int64)
    bits &= np.uint64(0xFFFFFFFF)
    tail = bits.view(np.int64) + 0.5
    tail *= 2.0**-32
    np.log(tail, out=tail)  # probability that a length is longer is (1 - 1 / mean)^length
    tail *= 1 / np.log1p(-1 / mean)
    length = tail.astype(np.int64)
    length += 1
    return start, length


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
