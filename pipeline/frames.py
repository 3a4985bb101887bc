"""GSE, RTN and the view from the Sun.

GSE: x to the Sun, z to the ecliptic north, origin at the Earth. RTN of a spacecraft: R from the Sun to it, T along
(solar rotation axis) x R, N = R x T. Both are right-handed, so a rotation carries one into the other; (R, T, N) =
(-x, -y, z) only to the tilt of the solar axis, 7.25 degrees.

The Sun's place is the low-precision formula of the Astronomical Almanac, as in Hapgood (1992), Planet. Space Sci. 40,
711: 0.01 degree in longitude, 1e-4 au in distance. The solar axis is Carrington's: inclined by 7.25 degrees with the
ascending node at 73.6667 degrees + 0.013958 degrees a year since 1850.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.constants import AU_KM, EARTH_RADIUS_KM

J2000 = np.datetime64("2000-01-01T12:00:00", "ns")
NODE_EPOCH = np.datetime64("1850-01-01T00:00:00", "s")  # MJD -3242
INCLINATION = np.radians(7.25)


def days_since(epoch: np.datetime64, time: np.ndarray) -> np.ndarray:
    """Days (float) from `epoch` to `time` (datetime64)."""
    return (np.asarray(time, dtype="datetime64[us]") - epoch.astype("datetime64[us]")) / np.timedelta64(1, "D")


def mean_anomaly(time: np.ndarray) -> np.ndarray:
    """Mean anomaly of the Sun (rad)."""
    return np.radians(357.528 + 0.9856003 * days_since(J2000, time))


def sun_longitude(time: np.ndarray) -> np.ndarray:
    """Ecliptic longitude of the Sun seen from the Earth (rad, equinox of date)."""
    anomaly = mean_anomaly(time)
    mean_longitude = 280.460 + 0.9856474 * days_since(J2000, time)
    return np.radians(mean_longitude + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))


def sun_distance(time: np.ndarray) -> np.ndarray:
    """Distance from the Sun to the Earth (km)."""
    anomaly = mean_anomaly(time)
    return AU_KM * (1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly))


def solar_axis(time: np.ndarray) -> np.ndarray:
    """Unit vector (time, component) of the solar rotation axis in GSE."""
    node = np.radians(73.6667 + 0.013958 * days_since(NODE_EPOCH, time) / 365.25)
    from_sun = node - sun_longitude(time)
    horizontal = np.sin(INCLINATION)
    return np.stack(
        [horizontal * np.sin(from_sun), -horizontal * np.cos(from_sun), np.full_like(from_sun, np.cos(INCLINATION))],
        axis=-1,
    )


def heliocentric(position_km: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Vector (time, component) from the Sun to a spacecraft, along the GSE axes (km).

    `position_km` (time, component): the spacecraft from the Earth in GSE.
    """
    sun = np.zeros(np.shape(position_km))
    sun[..., 0] = sun_distance(time)
    return position_km - sun


def rtn_axes(position_km: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Rotation (time, axis, component): rows are the unit vectors R, T, N in GSE.

    `position_km` (time, component) in GSE from the Earth; a missing position gives missing axes.
    """
    radial = _unit(heliocentric(position_km, time))
    tangential = _unit(np.cross(solar_axis(time), radial))
    return np.stack([radial, tangential, np.cross(radial, tangential)], axis=-2)


def to_rtn(vector: np.ndarray, position_km: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Components (time, axis) along R, T, N of a `vector` (time, component) in GSE."""
    return np.einsum("...ij,...j->...i", rtn_axes(position_km, time), vector)


def to_gse(vector: np.ndarray, position_km: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Components (time, component) in GSE of a `vector` (time, axis) along R, T, N. Inverse of `to_rtn`."""
    return np.einsum("...ij,...i->...j", rtn_axes(position_km, time), vector)


def heliographic(position_km: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stonyhurst longitude and latitude (degrees; longitude 0 at the Earth, positive to the west) and distance (km)."""
    vector, axis = heliocentric(position_km, time), solar_axis(time)
    earthward = np.broadcast_to([-1.0, 0.0, 0.0], axis.shape)
    west = _unit(np.cross(axis, earthward))
    meridian = np.cross(west, axis)
    distance = np.linalg.norm(vector, axis=-1)
    longitude = np.degrees(np.arctan2(_dot(vector, west), _dot(vector, meridian)))
    return longitude, np.degrees(np.arcsin(_dot(vector, axis) / distance)), distance


@dataclass(frozen=True)
class Separation:
    """Where the second spacecraft is, seen from the first: arrays (time). Angles are seen from the Sun."""

    distance_km: np.ndarray
    angle_deg: np.ndarray
    longitude_deg: np.ndarray
    latitude_deg: np.ndarray
    radial_km: np.ndarray

    @property
    def distance_re(self) -> np.ndarray:
        """Distance in Earth radii of 6378 km."""
        return self.distance_km / EARTH_RADIUS_KM

    @property
    def distance_au(self) -> np.ndarray:
        """Distance in astronomical units."""
        return self.distance_km / AU_KM


def separation(first_position: np.ndarray, second_position: np.ndarray, time: np.ndarray) -> Separation:
    """Separation of two spacecraft at the same times.

    Positions (time, component) in GSE from the Earth (km). Longitude (west) and latitude are heliographic differences
    second minus first, `radial_km` that of the distances from the Sun: positive where the second is farther out.
    """
    first, second = heliocentric(first_position, time), heliocentric(second_position, time)
    first_longitude, first_latitude, first_distance = heliographic(first_position, time)
    second_longitude, second_latitude, second_distance = heliographic(second_position, time)
    return Separation(
        distance_km=np.linalg.norm(second_position - first_position, axis=-1),
        # The arc tangent keeps its digits at a fraction of a degree, where the arc cosine loses half of them.
        angle_deg=np.degrees(np.arctan2(np.linalg.norm(np.cross(first, second), axis=-1), _dot(first, second))),
        longitude_deg=(second_longitude - first_longitude + 180.0) % 360.0 - 180.0,
        latitude_deg=second_latitude - first_latitude,
        radial_km=second_distance - first_distance,
    )


def _unit(vector):
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def _dot(a, b):
    return np.einsum("...i,...i->...", a, b)
