"""Which way is outward: the sign of the mean field decides whether z_plus or z_minus comes from the Sun.

Where the mean field points away from the Sun, waves that travel outward have v and b anti-correlated (sigma_c < 0), and
the other way round where it points to the Sun. Inside an ejecta, whose field lines may be closed loops, "outward" is
only as meaningful as the sign is: unrectified values always stand beside.
"""

import numpy as np
from numpy.typing import ArrayLike

from pipeline.constants import SOLAR_ROTATION_RATE


def polarity(b_mean: ArrayLike, direction: ArrayLike, min_ratio: float) -> np.ndarray:
    """Sign of <B>.direction: +1 or -1, NaN where |<B>.direction| / |<B>| < min_ratio and where <B> is missing.

    b_mean: mean field (..., component), any unit; direction: unit vector that points away from the Sun (component) or
    (..., component).
    """
    b_mean = np.asarray(b_mean, dtype=float)
    along = np.einsum("...i,...i->...", b_mean, np.broadcast_to(direction, b_mean.shape))
    magnitude = np.sqrt(np.einsum("...i,...i->...", b_mean, b_mean))
    clear = (magnitude > 0) & (np.abs(along) >= min_ratio * magnitude)
    return np.where(clear, np.sign(along), np.nan)


def outward(sigma_c: ArrayLike, polarity: ArrayLike) -> np.ndarray:
    """sigma_c rectified = -polarity sigma_c = (e_out - e_in) / (e_out + e_in): positive where waves travel outward.

    The same sign turns h = <dv.db> into half of e_out - e_in.
    """
    return -np.asarray(polarity) * np.asarray(sigma_c)


def parker_angle(speed: ArrayLike, distance_km: ArrayLike, latitude_deg: ArrayLike = 0.0) -> np.ndarray:
    """psi = arctan(Omega r cos(latitude) / V): angle (rad) of the nominal spiral from the radial direction.

    speed: radial solar wind speed (km s-1); distance_km from the Sun; latitude_deg: heliographic.
    """
    return np.arctan2(SOLAR_ROTATION_RATE * np.asarray(distance_km) * np.cos(np.radians(latitude_deg)), speed)


def parker_direction(speed: ArrayLike, distance_km: ArrayLike, latitude_deg: ArrayLike = 0.0) -> np.ndarray:
    """Unit vector (..., axis) along the nominal spiral away from the Sun, in R, T, N: (cos psi, -sin psi, 0)."""
    psi = parker_angle(speed, distance_km, latitude_deg)
    return np.stack([np.cos(psi), -np.sin(psi), np.zeros_like(psi)], axis=-1)
