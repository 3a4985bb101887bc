"""Lundquist's force-free flux rope."""

import numpy as np

FIRST_ZERO = 2.404825557695773  # of J0: the field at the boundary has no axial part


def lundquist(points: np.ndarray, axis: np.ndarray, handedness: int) -> np.ndarray:
    """Field (point, component) over that on the axis: J0(a r) axis + H J1(a r) azimuth; curl B = H a B, a = 2.405 / R.

    `points` (point, component) in radii R from any point of the axis, `axis` (component) a unit vector. Lundquist
    (1950), Ark. Fys. 2, 361; Burlaga (1988), JGR 93, 7217.
    """
    from scipy.special import j0, j1

    across = points - np.outer(points @ axis, axis)
    r = np.linalg.norm(across, axis=1)
    azimuth = np.cross(axis, across) / np.maximum(r, 1e-300)[:, None]
    return j0(FIRST_ZERO * r)[:, None] * axis + handedness * j1(FIRST_ZERO * r)[:, None] * azimuth


def path(fraction: np.ndarray, axis: np.ndarray, impact: float) -> np.ndarray:
    """Points (time, component) in radii along a straight way through the rope, which passes the spacecraft along -x.

    `fraction` (time): 0 at the front boundary, 1 at the rear. The way passes the axis at `impact` radii; the part of
    the motion along the axis changes nothing and is left out.
    """
    along = np.array([1.0, 0.0, 0.0]) - axis[0] * axis
    along /= np.linalg.norm(along)
    half = np.sqrt(1 - impact**2)
    return np.outer(half * (2 * fraction - 1), along) + impact * np.cross(axis, along)
