"""De Hoffmann-Teller frame and Walén relation (Khrabrov & Sonnerup 1998, ISSI SR-001; Sonnerup et al. 1987).

In the HT frame the convection electric field is as small as one velocity can make it; a structure that is convected or
propagates steadily has one. In it an Alfvénic structure has v - v_ht = W v_A, W = +1 (-1) for propagation against
(along) the field. All sums are over samples where v and b are both complete, and are divided by their number.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pipeline.physics import elsasser


class DeHoffmannTeller(NamedTuple):
    """HT frame of one interval."""

    count: int  # samples with v and b
    v_ht: np.ndarray  # (component) km s-1
    acceleration: np.ndarray  # (component) km s-2, zero unless fitted
    correlation: float  # of the components of -v x b and -v_ht x b; above 0.9 in a good frame
    quality: float  # D(v_ht) / D(0): electric field that is left, in energy; far below 1 in a good frame
    covariance: np.ndarray  # (component, component) of v_ht, km2 s-2


def dehoffmann_teller(v: ArrayLike, b: ArrayLike, time_s: ArrayLike | None = None) -> DeHoffmannTeller:
    """v_ht = <K>^-1 <K v>, K_ij = b^2 delta_ij - b_i b_j: minimises D(V) = <|(v - V) x b|^2>.

    v: (time, component), km s-1; b: (time, component), any unit. With time_s (time,) the frame accelerates,
    V(t) = v_ht + a (t - <t>), and v_ht is its velocity at the mean time. The covariance D / (2 M - 3) <K>^-1 holds for
    independent samples. NaN where the field does not determine a frame (fewer than three samples, or one
    direction only).
    """
    v, b = np.asarray(v, dtype=float), np.asarray(b, dtype=float)
    valid = np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1)
    time = None if time_s is None else np.asarray(time_s, dtype=float)[valid]
    v, b = (np.compress(valid, x.T, axis=1).T for x in (v, b))  # each component in one piece
    weights = np.ones((1, len(v))) if time is None else np.stack([np.ones(len(v)), _centred(time)])
    unknowns = len(weights)
    pairs = [[_sum_of_k(b, p * q) for q in weights] for p in weights]
    matrix = np.block(pairs) / max(len(v), 1)
    if len(v) < 3 or np.linalg.cond(matrix) > 1e10:
        nothing = np.full(3, np.nan)
        return DeHoffmannTeller(len(v), nothing, nothing, np.nan, np.nan, np.full((3, 3), np.nan))
    zero = v.mean(axis=0)  # solving for the small difference to the mean speed keeps its digits
    right = (weights @ _k_times(b, v - zero)).ravel() / len(v)
    solution = np.linalg.solve(matrix, right).reshape(unknowns, 3)
    v_ht = solution[0] + zero
    acceleration = solution[1] / _spread(time) if time is not None else np.zeros(3)
    frame = (solution.T @ weights).T + zero
    residual = electric_energy(v - frame, b)
    covariance = residual / (2 * len(v) - 3) * np.linalg.inv(matrix)[:3, :3]
    quality = residual / electric_energy(v, b)
    return DeHoffmannTeller(len(v), v_ht, acceleration, electric_correlation(v, frame, b), quality, covariance)


def _sum_of_k(b, weight):
    """sum_t weight K, (component, component)."""
    return np.sum(weight * np.einsum("ti,ti->t", b, b)) * np.eye(3) - (b * weight[:, None]).T @ b


def _k_times(b, v):
    """K v, (time, component)."""
    return np.einsum("ti,ti->t", b, b)[:, None] * v - np.einsum("ti,ti->t", b, v)[:, None] * b


def electric_energy(v: ArrayLike, b: ArrayLike) -> np.floating:
    """D = <|v x b|^2> of complete samples (time, component): the square of the convection electric field."""
    return np.mean(np.sum(_cross(v, b) ** 2, axis=0))


def _cross(v, b):
    """v x b, (component, time): by columns, which np.cross takes four times as long for."""
    (v_x, v_y, v_z), (b_x, b_y, b_z) = np.transpose(v), np.transpose(b)
    return np.stack([v_y * b_z - v_z * b_y, v_z * b_x - v_x * b_z, v_x * b_y - v_y * b_x])


def electric_correlation(v: ArrayLike, frame: ArrayLike, b: ArrayLike) -> float:
    """Pearson correlation of the pooled components of -v x b and -frame x b; all (time, component)."""
    convection, model = (_cross(x, b).ravel() for x in (v, frame))
    convection, model = convection - convection.mean(), model - model.mean()
    energy = np.sum(convection**2) * np.sum(model**2)
    return float(np.sum(convection * model) / np.sqrt(energy)) if energy > 0 else np.nan


def walen_energies(v: ArrayLike, b: ArrayLike, v_ht: ArrayLike | None = None) -> np.ndarray:
    """e_v, e_b, h of every sample (time, 3), km2 s-2, whose means give the Walén slopes and correlation.

    v, b: (time, component), km s-1, b in Alfvén units. Without v_ht both are taken about their own means, so that the
    slope does not depend on a frame; with it, v about the HT frame and b as it is: a line through the origin.
    """
    v, b = np.asarray(v, dtype=float), np.asarray(b, dtype=float)
    valid = np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1)
    if v_ht is not None:
        return np.stack(elsasser.energies(v - v_ht, b)).T
    if not valid.any():
        return np.full((len(v), 3), np.nan)
    mean_v, mean_b = (np.compress(valid, x.T, axis=1).mean(axis=1) for x in (v, b))
    return np.stack(elsasser.energies(v - mean_v, b - mean_b)).T


def walen(v: ArrayLike, b: ArrayLike, v_ht: ArrayLike | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Walén slope (least squares), orthogonal slope and correlation, components pooled; see `walen_energies`."""
    return walen_relation(walen_energies(v, b, v_ht))


def walen_relation(energies: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same from the energies (time, 3) of every sample."""
    known = np.compress(np.isfinite(energies).all(axis=1), energies.T, axis=1)
    e_v, e_b, h = known.mean(axis=1) if known.size else np.full(3, np.nan)
    return (
        elsasser.walen_slope(e_b, h),
        elsasser.walen_slope_orthogonal(e_v, e_b, h),
        elsasser.correlation(e_v, e_b, h),
    )


def _centred(time):
    return (time - time.mean()) / _spread(time)


def _spread(time):
    return max(np.ptp(time), 1e-300) if len(time) else 1.0
