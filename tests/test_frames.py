"""Frames against astropy's ephemeris, the IAU pole of the Sun, printed almanac values, and invariants of rotations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import frames
from pipeline.constants import AU_KM, EARTH_RADIUS_KM

YEARS = np.arange("1995-01-01", "2025-01-01", 23, dtype="datetime64[D]").astype("datetime64[ns]")


@pytest.fixture(scope="module")
def astropy_sun():
    """Sun from the Earth at YEARS: longitude of date (rad), latitude-free distance (km), by astropy's ephemeris."""
    from astropy.coordinates import GeocentricTrueEcliptic, get_sun
    from astropy.time import Time
    from astropy.utils import iers

    with iers.conf.set_temp("auto_download", False):
        time = Time(YEARS.astype("datetime64[ms]").astype(str), scale="utc")
        sun = get_sun(time).transform_to(GeocentricTrueEcliptic(equinox=time, obstime=time))
        return sun.lon.rad, sun.distance.km


def test_sun_longitude_is_that_of_the_ephemeris(astropy_sun):
    """The Almanac's formula is good to 0.01 degree, nutation (0.005) and the light time come on top."""
    difference = np.angle(np.exp(1j * (frames.sun_longitude(YEARS) - astropy_sun[0])), deg=True)
    assert np.abs(difference).max() < 0.02


def test_sun_distance_is_that_of_the_ephemeris(astropy_sun):
    """Planets and the Moon move the Earth by up to 1e-4 au from the ellipse."""
    assert np.abs(frames.sun_distance(YEARS) - astropy_sun[1]).max() < 1.5e-4 * AU_KM


def test_solar_axis_is_the_iau_pole(astropy_sun):
    """IAU 2015 pole of the Sun: right ascension 286.13, declination 63.87 degrees (ICRF).

    Carrington's elements and the IAU pole differ by 0.01 degree; the Sun's longitude adds its 0.02.
    """
    from astropy.coordinates import BarycentricTrueEcliptic, SkyCoord
    from astropy.time import Time

    pole = SkyCoord(286.13, 63.87, unit="deg", frame="icrs")
    for time, longitude, axis in zip(YEARS[::40], astropy_sun[0][::40], frames.solar_axis(YEARS)[::40], strict=True):
        frame = BarycentricTrueEcliptic(equinox=Time(str(time.astype("datetime64[ms]"))))
        x, y, z = pole.transform_to(frame).cartesian.xyz.value
        cos, sin = np.cos(longitude), np.sin(longitude)
        expected = np.array([cos * x + sin * y, -sin * x + cos * y, z])
        assert np.degrees(np.linalg.norm(np.cross(expected, axis))) < 0.04


@pytest.mark.parametrize(
    ("day", "latitude"),
    [
        ("1992-10-13", 5.99),  # Meeus, Astronomical Algorithms, example 29.a: B0 = +5.99
        ("2003-06-06", 0.0),  # the Earth crosses the solar equator about June 6 and December 7
        ("2003-12-07", 0.0),
        ("2003-09-08", 7.25),  # greatest latitudes about September 8 and March 5
        ("2003-03-05", -7.25),
    ],
)
def test_heliographic_latitude_of_the_earth(day, latitude):
    """Printed to 0.01 degree; the dates of the crossings to a day or so, in which B0 moves by 0.12 degree."""
    found = frames.heliographic(np.zeros((1, 3)), np.array([day], dtype="datetime64[ns]"))
    assert found[0][0] == pytest.approx(0.0, abs=1e-9)
    assert found[1][0] == pytest.approx(latitude, abs=0.02 if latitude == 5.99 else 0.2)


def test_catalogued_place_of_wind(shared):
    """HELIO4CAST ICMECAT gives Wind's distance from the Sun and HEEQ latitude at the start of every event."""
    import pandas as pd

    table = pd.read_csv(shared / "catalogues" / "HELIO4CAST_ICMECAT_v23.csv")
    wind = table[table["sc_insitu"] == "Wind"].dropna(subset=["mo_sc_heliodistance", "mo_sc_lat_heeq"])
    time = pd.to_datetime(wind["mo_start_time"], format="ISO8601").dt.tz_localize(None).to_numpy("datetime64[ns]")
    # The catalogue's own place of Wind is near L1; 240 Earth radii sunward stand in for it, and 100 are 0.004 au.
    place = np.tile([240 * EARTH_RADIUS_KM, 0.0, 0.0], (len(time), 1))
    _, latitude, distance = frames.heliographic(place, time)
    assert len(time) > 300
    assert np.median(np.abs(latitude - wind["mo_sc_lat_heeq"])) < 0.05
    assert np.median(np.abs(distance / AU_KM - wind["mo_sc_heliodistance"])) < 0.004


vectors = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(np.array)
times = st.integers(0, 12_000).map(lambda day: np.datetime64("1994-11-01", "ns") + np.timedelta64(day, "D"))


@given(vectors, times)
def test_axes_are_a_right_handed_rotation(position, time):
    axes = frames.rtn_axes(position[None], np.array([time]))[0]
    assert np.abs(axes @ axes.T - np.eye(3)).max() < 1e-13  # a few roundings of unit vectors
    assert np.linalg.det(axes) == pytest.approx(1.0, abs=1e-13)


@given(vectors, vectors, times)
def test_rtn_and_back_is_the_same_vector(vector, position, time):
    time, position, vector = np.array([time]), position[None], vector[None]
    back = frames.to_gse(frames.to_rtn(vector, position, time), position, time)
    assert np.abs(back - vector).max() <= 1e-9 * max(1.0, np.abs(vector).max())


def test_definition_of_rtn():
    """R points from the Sun to the spacecraft, N is normal to T and as near the solar axis as that allows."""
    time = np.array(["2001-12-30T12:00", "2003-11-20T16:00"], dtype="datetime64[ns]")
    position = np.array([[1.5e6, 2.0e5, -1.0e5], [-1.36e6, -2.5e5, -8.0e4]])
    radial, tangential, normal = np.moveaxis(frames.rtn_axes(position, time), 1, 0)
    axis = frames.solar_axis(time)
    assert np.allclose(np.cross(radial, frames.heliocentric(position, time)) / AU_KM, 0, atol=1e-12)
    assert np.allclose(np.einsum("ti,ti->t", tangential, axis), 0, atol=1e-12)
    assert (np.einsum("ti,ti->t", normal, axis) > np.cos(np.radians(7.5))).all()
    assert (tangential[:, 1] < 0).all()  # T is along planetary motion, which is -y in GSE


def test_rough_rule_holds_to_the_tilt_of_the_axis():
    """(R, T, N) = (-x, -y, z) up to a rotation about R by at most 7.25 degrees, for a spacecraft at the Earth."""
    axes = frames.rtn_axes(np.zeros((len(YEARS), 3)), YEARS)
    angles = np.degrees(np.arccos(np.clip((axes * np.diag([-1, -1, 1])).sum(axis=2)[:, 1:], -1, 1)))
    assert np.abs(axes[:, 0] - [-1, 0, 0]).max() < 1e-12
    assert angles.max() == pytest.approx(7.25, abs=0.02)  # reached once a half-year, sampled every 23 days
    assert angles.min() < 0.3


def test_separation_of_known_places():
    """0.8 degree at 0.99 au is 0.0138 au (chord); along the Sun-Earth line only the distance differs."""
    time = np.array(["2001-12-30"], dtype="datetime64[ns]")
    radius = 0.99 * AU_KM
    sun = np.array([frames.sun_distance(time)[0], 0.0, 0.0])
    turned = np.radians(0.8)
    first = (sun + radius * np.array([-1.0, 0.0, 0.0]))[None]
    second = (sun + radius * np.array([-np.cos(turned), -np.sin(turned), 0.0]))[None]
    found = frames.separation(first, second, time)
    assert found.angle_deg[0] == pytest.approx(0.8, abs=1e-9)
    assert found.distance_au[0] == pytest.approx(2 * 0.99 * np.sin(turned / 2), rel=1e-9)
    assert found.distance_au[0] == pytest.approx(0.0138, abs=5e-5)
    assert found.distance_re[0] == pytest.approx(found.distance_km[0] / 6378.0)
    assert found.radial_km[0] == pytest.approx(0.0, abs=1e-3)
    # -y is where the Earth moves to: west of the Sun-Earth line. Longitude and latitude make up the angle.
    assert found.longitude_deg[0] > 0
    parallel = np.cos(np.radians(frames.heliographic(first, time)[1][0]))
    assert np.hypot(found.longitude_deg[0] * parallel, found.latitude_deg[0]) == pytest.approx(0.8, rel=1e-3)

    along = frames.separation(np.array([[1.5e6, 0.0, 0.0]]), np.array([[-1.4e6, 0.0, 0.0]]), time)
    assert along.radial_km[0] == pytest.approx(2.9e6)
    assert along.angle_deg[0] == pytest.approx(0.0, abs=1e-9)


def test_missing_positions_stay_missing():
    time = np.array(["2003-11-20", "2003-11-21"], dtype="datetime64[ns]")
    position = np.array([[np.nan] * 3, [1.5e6, 0.0, 0.0]])
    rotated = frames.to_rtn(np.ones((2, 3)), position, time)
    assert np.isnan(rotated[0]).all()
    assert np.isfinite(rotated[1]).all()
