"""How many independent samples a pair of autocorrelated series is worth, and what that makes of r."""

import numpy as np

from pipeline.physics.fast_length import fast_length


def autocovariance(x: np.ndarray, max_lag: int) -> np.ndarray:
    """(max_lag + 1,): mean of (x_t - m)(x_{t+k} - m) over pairs where both are there, times pairs(k)/pairs(0).

    x: (time,), NaN where missing. The factor keeps the sequence close to positive
    definite, as the usual division by n does.
    """
    valid = np.isfinite(x)
    return _product_sums(x, valid, max_lag) / max(valid.sum(), 1)


def _product_sums(x, valid, max_lag):
    """Sums of (x_t - m)(x_{t+k} - m), k = 0..max_lag, over pairs where both samples are valid."""
    return _lagged_sums(np.where(valid, x - (x[valid].mean() if valid.any() else 0.0), 0.0), max_lag)


def _lagged_sums(a, max_lag):
    size = fast_length(a.size + max_lag)
    spectrum = np.fft.rfft(a, size)
    return np.fft.irfft(spectrum * np.conj(spectrum), size)[: max_lag + 1]


def effective_size(x: np.ndarray, y: np.ndarray) -> float:
    """Number of independent pairs: 1/n_eff = 1/n + 2/n sum_j (pairs_j/n) rho_xx(j) rho_yy(j), between 2 and n.

    x, y: (time,) with NaN; only samples where both are there count, autocorrelations are pairwise complete and pairs_j
    is the number of pairs j steps apart ((n - j) without gaps). Summed to n/5. NaN for fewer than 3 samples or a
    constant series. Pyper & Peterman (1998), Can. J. Fish. Aquat. Sci. 55, 2127, equation 1.
    """
    n = int((np.isfinite(x) & np.isfinite(y)).sum())
    max_lag = max(1, x.size // 5)
    rho_x, rho_y, pairs = _joint_autocorrelations(x, y, max_lag)
    if n < 3 or not np.isfinite(rho_x[0] * rho_y[0]):
        return np.nan
    inverse = 1 / n + 2 / n * np.sum(pairs[1:] / n * rho_x[1:] * rho_y[1:])
    return float(np.clip(1 / inverse if inverse > 0 else n, 2, n))


def _joint_autocorrelations(x, y, max_lag):
    both = np.isfinite(x) & np.isfinite(y)
    max_lag = min(max_lag, both.size - 1)
    pairs = np.rint(_lagged_sums(both * 1.0, max_lag))
    there = np.maximum(pairs, 1)

    def correlation(series):
        sums = _product_sums(series, both, max_lag)
        variance = sums[0] / there[0]
        return sums / there / variance if variance > 0 else np.full(sums.size, np.nan)

    rho_x = correlation(x)
    return rho_x, rho_x if y is x else correlation(y), pairs
