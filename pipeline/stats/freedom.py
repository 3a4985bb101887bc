"""How far the variance of a red series, and with it r of a pair, can be trusted.

For series x, y of unit variance z = artanh r = ln(var(x + y) / var(x - y)) / 2: r compares the variance of what is
shared with that of what is not. Over a window, a variance is the sum of the powers of cosine modes; a band of m modes
of like power gives m degrees of freedom, and the true power of the band is the found one times m / chi-squared(m). Sum
and difference have their own spectra, so their own freedom: little for slow structure, much for fast waves. Draws of
both variances give draws of z, and from them come intervals and tests of r and of differences between regions.

Powers of sum and difference are independent where what differs between x and y has nothing to do with what they share.
One wave seen at two phases is otherwise: its sum and its difference are as strong as the wave itself, whatever that is,
and r = cos(phase) is known from few modes. So where sum and difference are coherent at any phase, more than chance
would have it, both share part of their draws: two powers of one mode correlate by the square of that coherency.

Percentile intervals of the block bootstrap hold the truth in 60 to 90 % of windows of 6 h of red noise, because the few
modes that carry the variance are resampled but never more than they are. These hold it in 92 to 99 %
(`tests/stats/test_freedom.py`); for a nearly monochromatic wave, narrower than a band, in 75 to 80 %.
"""

import numpy as np

from pipeline.stats.agreement import common

# ASSUME: within a band the spectrum falls as f^-2, between turbulence (5/3) and a slowly turning field (steeper).
SLOPE = 2.0
FLAT = 0.0  # of what a band-pass filter leaves: its lowest modes hold little, and would count for much by f^-2
MODES = 4  # in the lowest band: fewer make the interval of a whole rotation limitless, more hide the slope within it
GROWTH = 1.5  # of the width of the bands
# 1/chi-squared(m) has the mean 1/(m - 2). In a sum over many bands that makes intervals too wide; in the lowest two,
# which carry red noise, all of its width is needed: from the third on m + 2 is drawn. Settled by coverage.
WIDE = 2
CHANCE = 0.05  # of a coherency that is taken for real though there is none
FEWEST = 12  # samples


Pieces = np.ndarray | list[np.ndarray]  # a series, or a list of them


def correlation_draws(x: Pieces, y: Pieces, count: int, rng: np.random.Generator, slope: float = SLOPE) -> np.ndarray:
    """(count,): values of z = artanh r that the data allow, for intervals of r and of differences of r.

    x, y: (time,) or (time, component), NaN where missing, or lists of such pieces, each taken about its own mean.
    Several components are pooled as in the vector correlation. NaN throughout for fewer than FEWEST common samples or
    without variance. slope: of the spectrum within a few modes.
    """
    pieces = common_pieces(x, y)
    if sum(len(a) for a, _ in pieces) < FEWEST:
        return np.full(count, np.nan)
    scales = [np.sqrt(sum(np.sum((piece[k] - piece[k].mean(axis=0)) ** 2) for piece in pieces)) for k in (0, 1)]
    if not min(scales) > 0:
        return np.full(count, np.nan)
    shared = [a / scales[0] + b / scales[1] for a, b in pieces]
    other = [a / scales[0] - b / scales[1] for a, b in pieces]
    return 0.5 * np.log(_ratio_draws(*map(_centred, (shared, other)), count, rng, slope))


def common_pieces(x: Pieces, y: Pieces) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pieces (x, y), each (time, component), with the samples that both have; empty pieces are left out."""
    pairs = [common(_columns(a), _columns(b)) for a, b in zip(_pieces(x), _pieces(y), strict=True)]
    return [pair for pair in pairs if len(pair[0])]


def variance_draws(
    u: Pieces, count: int, rng: np.random.Generator, about_mean: bool = True, slope: float = SLOPE
) -> np.ndarray:
    """(count,): sums over samples of the true variance that the data allow, components of u (time, component) summed.

    u is one piece or a list of them, evenly spaced; each is taken about its own mean, or about zero. Components are
    first turned to their principal axes: what oscillates along one oblique line is one series, not three.
    """
    pieces = _centred(u) if about_mean else [_columns(piece) for piece in _pieces(u)]
    total, freedom = _bands(_principal(pieces), about_mean, slope)
    return (total * freedom) @ (1 / rng.chisquare(freedom[:, None], (freedom.size, count)))


def _ratio_draws(p, q, count, rng, slope):
    """(count,): var(p) / var(q) that the data allow; p, q: pieces (time, component) about their means."""
    p, q = _principal(p), _principal(q)
    (total_p, freedom_p), (total_q, freedom_q) = (_bands(pieces, True, slope) for pieces in (p, q))
    together = dependence(p, q) * np.minimum(freedom_p, freedom_q)
    shared = together > 0  # in few bands, if any: what has no freedom needs no draw
    common = rng.chisquare(together[shared, None], (shared.sum(), count))
    variances = []
    for total, freedom in ((total_p, freedom_p), (total_q, freedom_q)):
        powers = rng.chisquare((freedom - together)[:, None], (freedom.size, count))
        powers[shared] += common
        variances.append((total * freedom) @ (1 / powers))
    return variances[0] / variances[1]


def dependence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(band,) in [0, 1): correlation of the powers of p and q, from their coherency at any phase; 0 where chance does.

    p, q: pieces (time, component) about their means. With the spectral matrices S of a band it is
    |S_pq|^2 / (|S_pp| |S_qq|) (Frobenius norms) less what so few modes give by chance. The lowest bands, whose modes
    are too few to tell, have none.
    """
    spectra, modes = _cross_spectra(p, q)
    k = p[0].shape[1]
    own_p, own_q, cross = spectra[:, :k, :k], spectra[:, k:, k:], spectra[:, :k, k:]
    size = np.sqrt(_square(own_p) * _square(own_q)) + 1e-300
    complex_modes = np.maximum(modes / 2, 1 + 1e-9)  # cosine modes lie half as far apart as Fourier's
    found = _square(cross) / size
    floor = _trace(own_p) * _trace(own_q) / complex_modes / size
    # Goodman (1957): squared coherency of unrelated series exceeds 1 - CHANCE^(1 / (K - 1)) with the chance CHANCE.
    real = (found > 1 - CHANCE ** (1 / (complex_modes - 1))) & (np.arange(modes.size) >= WIDE)
    return np.where(real, np.clip((found - floor) / np.maximum(1 - floor, 1e-3), 0, 0.98), 0.0)


def _square(matrices):
    return np.sum(np.abs(matrices) ** 2, axis=(1, 2))


def _trace(matrices):
    return np.einsum("bii->b", matrices).real


def _cross_spectra(p, q):
    """Spectral matrices (band, 2 component, 2 component) of p and q side by side, and the modes (band,) in each."""
    from scipy.fft import dct, dst

    together = [np.concatenate(pair, axis=1) for pair in zip(p, q, strict=True)]
    longest, k = max(map(len, together)), together[0].shape[1]
    spectra, number = np.zeros((longest, k, k), complex), np.zeros(longest, int)
    for piece in together:
        # The sine of mode k stands at k - 1: cosine and sine of one frequency are the two parts of one amplitude.
        sine = np.concatenate([np.zeros((1, k)), dst(piece, norm="ortho", axis=0)[:-1]])
        amplitude = dct(piece, norm="ortho", axis=0) + 1j * sine
        spectra[: len(piece)] += amplitude[:, :, None] * amplitude[:, None, :].conj()
        number[: len(piece)] += 1
    edges = band_edges(longest - 1)[:-1]
    return np.add.reduceat(spectra[1:], edges, axis=0), np.add.reduceat(number[1:], edges)


def _centred(u):
    """Pieces (time, component), each about its own mean."""
    return [piece - piece.mean(axis=0) for piece in map(_columns, _pieces(u))]


def _principal(pieces):
    """Pieces turned to the principal axes of all of them."""
    axes = np.linalg.eigh(sum(piece.T @ piece for piece in pieces))[1]
    return [piece @ axes for piece in pieces]


def _bands(pieces, about_mean, slope):
    """Power (band,) summed over components, and its degrees of freedom."""
    level, modes = _band_levels(pieces, about_mean, slope)
    total = level.sum(axis=1)
    # Components of unlike power give less freedom than their number: (sum level)^2 / sum level^2 of them count.
    freedom = modes * total**2 / np.sum(level**2, axis=1)
    freedom[WIDE:] += 2
    return total, freedom


def _band_levels(pieces, about_mean, slope):
    """Power (band, component) summed over modes, and the modes (band,) of all pieces that it was found from."""
    from scipy.fft import dct

    longest = max(map(len, pieces))
    power, number = np.zeros((longest, pieces[0].shape[1])), np.zeros(longest, int)
    for piece in pieces:
        # Cosine modes, unlike Fourier's, do not take a difference between the two ends for power at every frequency.
        power[: len(piece)] += dct(piece, norm="ortho", axis=0) ** 2
        number[: len(piece)] += 1
    shape = np.maximum(np.arange(longest), 1.0) ** -slope
    if about_mean:
        power, number, shape = power[1:], number[1:], shape[1:]
    edges = band_edges(len(power))[:-1]
    modes = np.add.reduceat(number, edges)
    height = np.add.reduceat(power / shape[:, None], edges, axis=0) / modes[:, None]
    return height * np.add.reduceat(shape * number, edges)[:, None] + 1e-12, modes


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


def holm(p: np.ndarray, tested: int = 3) -> np.ndarray:
    """Copy of p (quantity,) with the first `tested` (the components) corrected for testing so many. Holm (1979)."""
    out = p.copy()
    order = [k for k in np.argsort(p[:tested]) if np.isfinite(p[k])]
    running = 0.0
    for place, k in enumerate(order):
        running = max(running, min(1.0, (len(order) - place) * p[k]))
        out[k] = running
    return out


def _pieces(a):
    return a if isinstance(a, list | tuple) else [a]


def _columns(a):
    a = np.asarray(a, float)
    return a[:, None] if a.ndim == 1 else a
