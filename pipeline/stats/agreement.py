"""How well two series agree: correlation says how alike they move, the misfit in nT how far they are apart.

x, y: (time, component), NaN where missing; a sample counts where all components of both are there. Components are
pooled: variances and covariances are summed over them, so one column gives the textbook quantity of two scalars.
"""

import numpy as np

ROUNDING = 1e-12  # of the mean; measured fields are told to 1e-7


def common(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The samples (common, component) that both have."""
    both = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    return x[both], y[both]


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """r = sum_i cov(x_i, y_i) / sqrt(sum_i var x_i sum_i var y_i), in [-1, 1]; NaN where a variance is zero."""
    var_x, var_y, covariance, _ = _moments(x, y)
    product = var_x * var_y
    return float(np.clip(covariance / np.sqrt(product), -1, 1)) if product > 0 else np.nan


def concordance(x: np.ndarray, y: np.ndarray) -> float:
    """2 sum cov / (sum var x + sum var y + |mean x - mean y|^2), in [-1, 1]: 1 only for equal values. Lin (1989)."""
    var_x, var_y, covariance, offset = _moments(x, y)
    total = var_x + var_y + offset
    return float(2 * covariance / total) if total > 0 else np.nan


def variance_ratio(x: np.ndarray, y: np.ndarray) -> float:
    """sum var y / sum var x."""
    var_x, var_y, *_ = _moments(x, y)
    return float(var_y / var_x) if var_x > 0 else np.nan


def rms_difference(x: np.ndarray, y: np.ndarray) -> float:
    """sqrt(<|y - x|^2>), in the units of x: what a forecast of y by x would miss, whatever the variance."""
    x, y = common(x, y)
    return float(np.sqrt(np.mean(np.sum((y - x) ** 2, axis=1)))) if len(x) else np.nan


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Correlation of the ranks of two scalars (time, 1)."""
    x, y = common(x, y)
    return correlation(*(_ranks(a[:, 0])[:, None] for a in (x, y))) if len(x) else np.nan


def _ranks(x):
    """Ranks from 1, equal values share the mean of theirs."""
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def angle_median(x: np.ndarray, y: np.ndarray) -> float:
    """Median angle between the vectors x and y (degrees)."""
    x, y = common(x, y)
    if not len(x):
        return np.nan
    angles = np.arctan2(np.linalg.norm(np.cross(x, y), axis=1), np.einsum("ti,ti->t", x, y))
    return float(np.degrees(np.median(angles)))


def varies(x: np.ndarray) -> bool:
    """False where no column of x (time, component) scatters by more than rounding leaves of a constant."""
    x = x[np.isfinite(x).all(axis=1)]
    return bool(len(x) and np.any(_about(x, x.mean(axis=0))))


def _about(x, mean):
    """x - mean; zero throughout a column that is constant but for rounding, which would correlate with any other."""
    deviation = x - mean
    return np.where(np.abs(deviation).max(axis=0) <= ROUNDING * np.abs(mean), 0.0, deviation)


def _moments(x, y):
    """sum var x, sum var y, sum cov, |difference of means|^2 over common samples."""
    x, y = common(x, y)
    if not len(x):
        return np.nan, np.nan, np.nan, np.nan
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    dx, dy = _about(x, mean_x), _about(y, mean_y)
    return (
        np.sum(dx**2) / len(x),
        np.sum(dy**2) / len(x),
        np.sum(dx * dy) / len(x),
        np.sum((mean_x - mean_y) ** 2),
    )
