"""Intervals of energy ratios and of r from the degrees of freedom of cosine modes."""

import numpy as np
from scipy import fft

from baseline.series import complete


def edges(count: int, growth: float) -> np.ndarray:
    """Edges of bands of modes: four in the lowest, then growing."""
    out = [0]
    while out[-1] < count:
        out.append(min(count, max(out[-1] + 4, int(np.ceil(out[-1] * growth)))))
    return np.array(out)


def free_components(x: np.ndarray) -> float:
    """(tr C)^2 / tr C^2 of the covariance of x (time, k)."""
    c = np.cov(x.T)
    return np.trace(c) ** 2 / np.sum(c**2)


def energy_draws(v, b, shares, length: int, rng, count: int = 2000) -> tuple[np.ndarray, float]:
    """e_v, e_b, h (count, 3) that the data allow around the mean of shares (time, 3), and their freedom."""
    rows = np.isfinite(np.hstack([v, b, shares])).all(axis=1)
    v, b, shares = v[rows], b[rows], shares[rows]
    n, mean = len(v), shares.mean(axis=0)
    v, b = (fft.dct(x - x.mean(axis=0), axis=0, norm="ortho")[1:] for x in (v, b))
    at = edges(n - 1, 1.35)
    products = np.stack([(v * v).sum(axis=1) / 2, (b * b).sum(axis=1) / 2, (v * b).sum(axis=1)]) / n
    bands = np.add.reduceat(products, at[:-1], axis=1)
    nu = np.diff(at) * min(free_components(v + b), free_components(v - b))
    energy = bands[0] + bands[1]
    total = energy.sum() ** 2 / np.sum(energy**2 / nu)
    smooth = np.convolve(shares[:, :2].sum(axis=1), np.ones(min(length, n // 4)) / min(length, n // 4), "valid")
    bursts = (1 + 2 * n / total / length) * smooth.mean() ** 2 / np.mean(smooth**2)
    spread = min(1.0, bursts)
    draws = inverse_wishart(*bands, np.maximum(nu * spread, 4.0), rng, count).sum(axis=-1)
    scale = np.array([mean[0] / bands[0].sum(), mean[1] / bands[1].sum()])
    return np.column_stack([draws[0] * scale[0], draws[1] * scale[1], draws[2] * np.sqrt(scale.prod())]), total * spread


def inverse_wishart(e_v, e_b, h, nu, rng, count: int = 2000) -> np.ndarray:
    """(3, count, band) around [[2 e_v, h], [h, 2 e_b]] with nu degrees of freedom, by Bartlett's triangle."""
    e_v, e_b, h, nu = map(np.atleast_1d, (e_v, e_b, h, nu))
    l_11 = np.sqrt(2 * e_v)
    l_21 = h / l_11
    l_22 = np.sqrt(np.maximum(2 * e_b - l_21**2, 0))
    t_11, t_22 = (np.sqrt(rng.chisquare(nu - k, (count, nu.size)) / np.maximum(nu - 3, 1)) for k in (0, 1))
    t_21 = rng.standard_normal((count, nu.size)) / np.sqrt(np.maximum(nu - 3, 1))
    m_11, m_12 = l_11 / t_11, -l_11 * t_21 / t_11 / t_22
    m_21, m_22 = l_21 / t_11, (l_22 - l_21 * t_21 / t_11) / t_22
    return np.stack([(m_11**2 + m_12**2) / 2, (m_21**2 + m_22**2) / 2, m_11 * m_21 + m_12 * m_22])


def variance_draws(pieces: list[np.ndarray], rng, about_mean: bool, slope: float, count: int = 4000) -> np.ndarray:
    """(count,): sums of squares that the data allow, of pieces (time, k)."""
    if about_mean:
        pieces = [piece - piece.mean(axis=0) for piece in pieces]
    longest = max(map(len, pieces))
    power, number = np.zeros((longest, pieces[0].shape[1])), np.zeros(longest)
    for piece in pieces:
        power[: len(piece)] += fft.dct(piece, axis=0, norm="ortho") ** 2
        number[: len(piece)] += 1
    first = int(about_mean)
    shape = np.maximum(np.arange(longest), 1.0)[first:] ** -slope
    at = edges(longest - first, 1.5)[:-1]
    modes = np.add.reduceat(number[first:], at)
    height = np.add.reduceat(power[first:] / shape[:, None], at, axis=0) / modes[:, None]
    level = height * np.add.reduceat(shape * number[first:], at)[:, None] + 1e-12
    freedom = modes * level.sum(axis=1) ** 2 / np.sum(level**2, axis=1)
    freedom[2:] += 2
    return (level.sum(axis=1) * freedom) @ (1 / rng.chisquare(freedom[:, None], (freedom.size, count)))


def correlation_draws(x: list[np.ndarray], y: list[np.ndarray], rng, slope: float = 2.0) -> np.ndarray:
    """(4000,): z = artanh r from the variances of sum and difference of pieces x, y (time, k)."""
    scale = [np.sqrt(sum(np.sum((p - p.mean(axis=0)) ** 2) for p in pieces)) for pieces in (x, y)]
    u = [[p / scale[0] + sign * q / scale[1] for p, q in zip(x, y, strict=True)] for sign in (1, -1)]
    return 0.5 * np.log(np.divide(*(variance_draws(pieces, rng, True, slope) for pieces in u)))


def common(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = complete(np.hstack([x, y]))
    return both[:, : x.shape[1]], both[:, x.shape[1] :]


def interval(draws: np.ndarray) -> np.ndarray:
    return np.percentile(draws, [2.5, 97.5])


def two_sided(draws: np.ndarray) -> float:
    return min(1.0, max(2 * min((draws <= 0).sum(), (draws >= 0).sum()), 1) / draws.size)


def holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p)
    out = np.empty_like(p)
    out[order] = np.minimum(1, np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]))
    return out
