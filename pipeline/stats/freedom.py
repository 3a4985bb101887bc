"""How far the variance of a red series, and with it r of a pair, can be trusted.

For series x, y of unit variance z = artanh r = ln(var(x + y) / var(x - y)) / 2: r compares the variance of what is
shared with that of what is not. Over a window, a variance is the sum of the powers of cosine modes; a band of m modes
of like power gives m degrees of freedom, and the true power of the band is the found one times m / chi-squared(m). Sum
and difference have their own spectra, so their own freedom: little for slow structure, much for fast waves. Draws of
both variances give draws of z, and from them come intervals and tests of r and of differences between regions.

Percentile intervals of the block bootstrap hold the truth in 60 to 90 % of windows of 6 h of red noise, because the few
modes that carry the variance are resampled but never more than they are. These hold it in 92 to 99 %
(`tests/stats/test_freedom.py`); for a nearly monochromatic wave, narrower than a band, in 75 to 80 %.
"""

import numpy as np

# ASSUME: within a band the spectrum falls as f^-2, between turbulence (5/3) and a slowly turning field (steeper).
SLOPE = 2.0
MODES = 4  # in the lowest band: fewer make the interval of a whole rotation limitless, more hide the slope within it
GROWTH = 1.5  # of the width of the bands
FEWEST = 12  # samples


def correlation_draws(x: np.ndarray, y: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,): values of z = artanh r that the data allow, for intervals of r and of differences of r.

    x, y: (time,) or (time, component), NaN where missing; several components are pooled as in the vector correlation.
    NaN throughout for fewer than FEWEST common samples or without variance.
    """
    x, y = _columns(x), _columns(y)
    both = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    if both.sum() < FEWEST:
        return np.full(count, np.nan)
    x, y = (a[both] - a[both].mean(axis=0) for a in (x, y))
    scale_x, scale_y = (np.sqrt(np.sum(a**2)) for a in (x, y))
    if not scale_x * scale_y > 0:
        return np.full(count, np.nan)
    shared, other = x / scale_x + y / scale_y, x / scale_x - y / scale_y
    return 0.5 * np.log(variance_draws(shared, count, rng) / variance_draws(other, count, rng))


def variance_draws(u: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,): values of the true variance that the data allow, components of u (time, component) summed.

    Samples are taken as evenly spaced. Components are first turned to their principal axes: what oscillates along one
    oblique line is one series, not three.
    """
    u = _columns(u)
    axes = np.linalg.eigh(u.T @ u)[1]
    return sum(_variance_draws(column, count, rng) for column in (u @ axes).T)


def _variance_draws(u, count, rng):
    from scipy.fft import dct

    # Cosine modes, unlike Fourier's, do not take a difference between the two ends for power at every frequency.
    power = dct(u, norm="ortho")[1:] ** 2 / u.size
    edges = band_edges(power.size)
    modes = np.diff(edges)
    shape = np.arange(1, power.size + 1.0) ** -SLOPE
    level = np.add.reduceat(power / shape, edges[:-1]) * np.add.reduceat(shape, edges[:-1]) + 1e-12
    return level @ (1 / rng.chisquare(modes[:, None], (modes.size, count)))


def band_edges(count: int) -> np.ndarray:
    """Edges of bands of modes 0..count-1: MODES in the lowest, then growing by GROWTH; the last takes what remains."""
    edges = [0, min(MODES, count)]
    while edges[-1] < count:
        edges.append(max(edges[-1] + MODES, int(np.ceil((edges[-1] + 1) * GROWTH)) - 1))
    edges[-1] = count
    if len(edges) > 2 and edges[-1] - edges[-2] < MODES:
        del edges[-2]
    return np.array(edges)


def correlation_interval(z_draws: np.ndarray, level: float = 0.95) -> np.ndarray:
    """(2,): bounds of r from draws of z."""
    tail = 50 * (1 - level)
    return np.tanh(np.percentile(z_draws, [tail, 100 - tail])) if np.isfinite(z_draws).all() else np.full(2, np.nan)


def two_sided_p(draws: np.ndarray) -> float:
    """Twice the share of draws on the rarer side of zero, at least 1/count; NaN where the draws are."""
    if not np.isfinite(draws).all():
        return np.nan
    rarer = min((draws <= 0).sum(), (draws >= 0).sum())
    return float(min(1.0, max(2 * rarer, 1) / draws.size))


def _columns(a):
    a = np.asarray(a, float)
    return a[:, None] if a.ndim == 1 else a
