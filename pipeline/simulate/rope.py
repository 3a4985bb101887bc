"""Lundquist's force-free flux rope along a straight path."""

import numpy as np

FIRST_ZERO = 2.404825557695773  # of J0: the field at the boundary has no axial part


def axis(latitude_deg: float, longitude_deg: float) -> np.ndarray:
    """Unit vector (component) from GSE latitude and longitude."""
    latitude, longitude = np.radians([latitude_deg, longitude_deg])
    return np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])


def lundquist(fraction: np.ndarray, direction: np.ndarray, impact: float, handedness: int) -> np.ndarray:
    """Field (time, component) over the axial field: B = J0(a r) axis + H J1(a r) azimuth, curl B = a B, a = 2.405 / R.

    `fraction` (time): 0 at the front boundary, 1 at the rear; the spacecraft moves along +x through the rope, whose
    `direction` (component) is its axis, and passes it at `impact` radii. Lundquist (1950); Burlaga (1988).
    """
    from scipy.special import j0, j1

    along = np.array([1.0, 0.0, 0.0]) - direction[0] * direction
    along /= np.linalg.norm(along)
    across = np.cross(direction, along)
    half = np.sqrt(1 - impact**2)
    radial = np.outer(half * (2 * fraction - 1), along) + impact * across
    r = np.linalg.norm(radial, axis=1)
    azimuth = np.cross(direction, radial) / np.maximum(r, 1e-12)[:, None]
    return j0(FIRST_ZERO * r)[:, None] * direction + handedness * j1(FIRST_ZERO * r)[:, None] * azimuth
