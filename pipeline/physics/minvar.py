"""Minimum variance analysis of the field (Sonnerup & Cahill 1967; Sonnerup & Scheible 1998, ISSI SR-001).

Axes come in the order max, int, min, are right-handed in that order, and their signs follow one rule: the largest
component (in absolute value) of e_max and of e_min is positive, and e_int = e_min x e_max.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pipeline.physics.window import interval_sums


class MinimumVariance(NamedTuple):
    """Result for any number of windows; leading dimensions (...) are those of the windows, none for one."""

    count: np.ndarray  # (...) samples with all three components
    mean: np.ndarray  # (..., component) mean field
    eigenvalue: np.ndarray  # (..., axis) variance along max, int, min
    axes: np.ndarray  # (..., axis, component)


def minimum_variance_analysis(b: ArrayLike) -> MinimumVariance:
    """M_ij = <b_i b_j> - <b_i><b_j> over the rows of b (time, component) that are complete, any unit, and its axes.

    NaN for fewer than three complete rows.
    """
    b = np.asarray(b, dtype=float)
    b = b[np.isfinite(b).all(axis=1)]
    if len(b) < 3:
        return MinimumVariance(np.array(len(b)), *(np.full(shape, np.nan) for shape in ((3,), (3,), (3, 3))))
    return of_complete(b)


def of_complete(b: np.ndarray) -> MinimumVariance:
    """The same of windows b (..., time, component) of equal length that lack nothing."""
    mean = b.mean(axis=-2)
    about = b - mean[..., None, :]
    covariance = np.swapaxes(about, -1, -2) @ about / b.shape[-2]
    return MinimumVariance(np.full(b.shape[:-2], b.shape[-2]), mean, *principal_axes(covariance))


def eigenvalue_ratios(eigenvalue: ArrayLike) -> np.ndarray:
    """Ratios (..., 2) max/int and int/min of eigenvalues (..., axis); NaN where the smaller one vanishes."""
    smaller = np.asarray(eigenvalue, dtype=float)[..., 1:]
    return np.asarray(eigenvalue, dtype=float)[..., :2] / np.where(smaller > 0, smaller, np.nan)


def sliding_minimum_variance(b: ArrayLike, start: ArrayLike, stop: ArrayLike) -> MinimumVariance:
    """The same for the windows [start, stop) of sample indices, which may overlap, all at once."""
    b = np.asarray(b, dtype=float)
    valid = np.isfinite(b).all(axis=1)
    zero = b[valid].mean(axis=0) if valid.any() else np.zeros(3)
    i, j = np.triu_indices(3)
    moments = np.empty((10, len(b)))  # count, b, products: in one place, as copies of them cost more than the sums
    moments[0], x = valid, moments[1:4]
    np.subtract(b.T, zero[:, None], out=x)
    x[:, ~valid] = 0.0
    for product, k, m in zip(moments[4:], i, j, strict=True):
        np.multiply(x[k], x[m], out=product)
    sums = interval_sums(moments, start, stop)
    count = sums[0].astype(int)
    mean = (sums[1:] / np.where(count >= 3, count, np.nan)).T
    covariance = np.empty((len(count), 3, 3))
    covariance[:, i, j] = covariance[:, j, i] = mean[:, 3:] - mean[:, i] * mean[:, j]
    return MinimumVariance(count, mean[:, :3] + zero, *principal_axes(covariance))


def principal_axes(covariance: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (..., axis) and axes (..., axis, component) of (..., 3, 3), largest first; NaN in gives NaN out."""
    covariance = np.asarray(covariance, dtype=float)
    missing = ~np.isfinite(covariance).all(axis=(-1, -2))
    eigenvalue, vectors = np.linalg.eigh(np.where(missing[..., None, None], 0.0, covariance))
    axes = _signed(np.swapaxes(vectors, -1, -2)[..., ::-1, :])
    eigenvalue = np.maximum(eigenvalue[..., ::-1], 0.0)  # rounding may leave a vanishing variance below zero
    return np.where(missing[..., None], np.nan, eigenvalue), np.where(missing[..., None, None], np.nan, axes)


def _signed(axes):
    e_max, e_min = (_largest_positive(axes[..., k, :]) for k in (0, 2))
    return np.stack([e_max, np.cross(e_min, e_max), e_min], axis=-2)


def _largest_positive(vector):
    largest = np.take_along_axis(vector, np.abs(vector).argmax(axis=-1)[..., None], axis=-1)
    return vector * np.where(largest < 0, -1.0, 1.0)


def rotate(b: ArrayLike, axes: ArrayLike) -> np.ndarray:
    """Components (..., axis) of b (..., component) along axes (axis, component)."""
    return np.asarray(b) @ np.swapaxes(np.asarray(axes), -1, -2)


def angular_error(eigenvalue: ArrayLike, count: ArrayLike) -> np.ndarray:
    """Angle (rad) by which axes i and j may be turned into each other, (..., axis, axis), NaN on the diagonal.

    dphi_ij = sqrt( l_3/(M - 1) (l_i + l_j - l_3) / (l_i - l_j)^2 ) (Sonnerup & Scheible 1998, eq. 8.23), one sigma.
    eigenvalue: (..., axis), largest first; count: number M of independent samples (...), not of samples where these
    are correlated. Infinite where two eigenvalues are equal; larger than about a radian means undetermined.
    """
    eigenvalue = np.asarray(eigenvalue, dtype=float)
    i, j, least = eigenvalue[..., :, None], eigenvalue[..., None, :], eigenvalue[..., 2, None, None]
    independent = np.asarray(count, dtype=float)[..., None, None] - 1
    variance = least / np.where(independent > 0, independent, np.nan) * (i + j - least)
    angle = np.full(variance.shape, np.inf)
    np.divide(np.sqrt(variance), np.abs(i - j), out=angle, where=i != j)
    return np.where(np.eye(3, dtype=bool) | np.isnan(variance), np.nan, angle)


def normal_field_error(eigenvalue: ArrayLike, mean: ArrayLike, axes: ArrayLike, count: ArrayLike) -> np.ndarray:
    """One-sigma error of the mean field along e_min, in the unit of the field (Sonnerup & Scheible 1998, eq. 8.24).

    d<B.e_min> = sqrt( l_3/(M - 1) + (dphi_32 <B>.e_int)^2 + (dphi_31 <B>.e_max)^2 ).
    """
    angle = angular_error(eigenvalue, count)
    field = np.einsum("...ac,...c->...a", axes, mean)
    independent = np.asarray(count, dtype=float) - 1
    noise = np.asarray(eigenvalue)[..., 2] / np.where(independent > 0, independent, np.nan)
    return np.sqrt(noise + (angle[..., 2, 1] * field[..., 1]) ** 2 + (angle[..., 2, 0] * field[..., 0]) ** 2)


def turning_angle(b_max: ArrayLike, b_int: ArrayLike) -> np.ndarray:
    """Angle (deg, (time,)) of the field in the max-int plane, from e_max towards e_int, followed through full turns.

    Successive samples are taken to differ by less than half a turn: smooth the field first. NaN samples are skipped.
    """
    angle = np.degrees(np.arctan2(b_int, b_max))
    there = np.isfinite(angle)
    followed = np.full(angle.shape, np.nan)
    followed[there] = np.unwrap(angle[there], period=360.0)
    return followed
