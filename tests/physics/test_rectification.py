"""Outward is what the geometry says: Parker's spiral at 1 au, waves from the Sun in both sectors."""

import numpy as np
import pytest

from pipeline.constants import AU_KM
from pipeline.physics import rectification


def test_the_nominal_spiral_at_one_au():
    """About 45 degrees for 430 km/s at 1 au: the textbook value; outward, and trailing the rotation."""
    assert np.degrees(rectification.parker_angle(430.0, AU_KM)) == pytest.approx(45.0, abs=0.5)
    direction = rectification.parker_direction(430.0, AU_KM)
    assert direction == pytest.approx([np.sqrt(0.5), -np.sqrt(0.5), 0.0], abs=0.01)
    assert rectification.parker_direction(np.array([300.0, 800.0]), AU_KM).shape == (2, 3)
    assert rectification.parker_angle(400.0, 1e-6 * AU_KM) == pytest.approx(0.0, abs=1e-5)


def test_the_spiral_unwinds_with_latitude_and_is_taken_at_the_equator_unless_said():
    equator = rectification.parker_angle(430.0, AU_KM, 0.0)
    assert rectification.parker_angle(430.0, AU_KM) == equator
    # the foot point moves half as fast at 60 degrees
    assert np.tan(rectification.parker_angle(430.0, AU_KM, 60.0)) == pytest.approx(0.5 * np.tan(equator), rel=1e-12)
    assert rectification.parker_direction(430.0, AU_KM) == pytest.approx(
        [np.cos(equator), -np.sin(equator), 0.0], abs=1e-15
    )


def test_sign_of_the_mean_field_and_where_there_is_none():
    radial = np.array([-1.0, 0.0, 0.0])  # away from the Sun in GSE
    b = np.array([[-3.0, 1.0, 0.0], [3.0, 1.0, 0.0], [0.1, 5.0, 0.0], [0.0, 0.0, 0.0], [np.nan, 1.0, 1.0]])
    found = rectification.polarity(b, radial, 0.2)
    assert found == pytest.approx([1, -1, np.nan, np.nan, np.nan], nan_ok=True)
    assert rectification.polarity(b[2], radial, 0.01) == -1


@pytest.mark.parametrize("b_radial", [5.0, -5.0])
def test_a_wave_from_the_sun_is_outward_in_either_sector(b_radial):
    """An Alfvén wave along +B has dv = -db, along -B dv = +db. One that leaves the Sun is sigma_c* = +1 always."""
    sigma_c = -np.sign(b_radial)  # travels along R, that is along B where B_R > 0
    polarity = rectification.polarity([b_radial, 0.0, 0.0], [1.0, 0.0, 0.0], 0.2)
    assert rectification.outward(sigma_c, polarity) == 1.0
