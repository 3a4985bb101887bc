"""The rope against Lundquist's formula in tabulated numbers, and against what force-free means."""

import numpy as np
import pytest

from pipeline.simulate.rope import FIRST_ZERO, lundquist, path
from pipeline.simulate.settings import Rope

AXIS = Rope(latitude_deg=35, longitude_deg=110).axis
ACROSS = np.cross(AXIS, [0.0, 0.0, 1.0]) / np.linalg.norm(np.cross(AXIS, [0.0, 0.0, 1.0]))
AZIMUTH = np.cross(AXIS, ACROSS)


def test_axis_has_the_chosen_latitude_and_longitude():
    assert np.degrees(np.arcsin(AXIS[2])) == pytest.approx(35)
    assert np.degrees(np.arctan2(AXIS[1], AXIS[0])) == pytest.approx(110)


@pytest.mark.parametrize(
    ("argument", "axial", "azimuthal"),  # J0 and J1 in Abramowitz & Stegun, table 9.1
    [(0.0, 1.0, 0.0), (1.0, 0.7651976866, 0.4400505857), (2.0, 0.2238907791, 0.5767248078), (FIRST_ZERO, 0, 0.5191475)],
)
@pytest.mark.parametrize("handedness", [-1, 1])
def test_field_has_the_tabulated_values(argument, axial, azimuthal, handedness):
    point = argument / FIRST_ZERO * ACROSS + 3.3 * AXIS  # where along the axis makes no difference
    (b,) = lundquist(point[None], AXIS, handedness)
    np.testing.assert_allclose(b, axial * AXIS + handedness * azimuthal * AZIMUTH, atol=1e-7)  # digits of the table


@pytest.mark.parametrize("handedness", [-1, 1])
def test_field_is_force_free_and_without_sources(handedness):
    points = np.random.default_rng(1).uniform(-0.55, 0.55, (50, 3))
    h = 1e-4
    slopes = np.stack(
        [
            (lundquist(points + step, AXIS, handedness) - lundquist(points - step, AXIS, handedness)) / (2 * h)
            for step in h * np.eye(3)
        ]
    )  # (direction, point, component)
    curl = np.stack([slopes[(k + 1) % 3, :, (k + 2) % 3] - slopes[(k + 2) % 3, :, (k + 1) % 3] for k in range(3)], 1)
    b = lundquist(points, AXIS, handedness)
    # central differences err by h^2 |B'''| / 6, about 3e-8
    np.testing.assert_allclose(curl, handedness * FIRST_ZERO * b, atol=1e-6)
    np.testing.assert_allclose(slopes[0, :, 0] + slopes[1, :, 1] + slopes[2, :, 2], 0, atol=1e-6)


@pytest.mark.parametrize("impact", [-0.6, 0.0, 0.3])
def test_path_enters_and_leaves_at_the_boundary_and_passes_at_the_impact(impact):
    points = path(np.linspace(0, 1, 1001), AXIS, impact)
    distance = np.linalg.norm(points - np.outer(points @ AXIS, AXIS), axis=1)
    assert distance[[0, -1]] == pytest.approx(1)
    assert distance.min() == pytest.approx(abs(impact), abs=1e-9)
    assert distance.argmin() == 500
    assert np.all(np.diff(points[:, 0]) > 0)  # the rope moves away from the Sun, the spacecraft sunward through it
