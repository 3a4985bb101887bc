"""Measures of agreement against scipy, hand-made cases and the trap of normalised variance."""

import numpy as np
import pytest
from scipy import stats

from pipeline.stats import agreement


@pytest.fixture
def pair():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((300, 1))
    y = 0.7 * x + rng.standard_normal((300, 1)) ** 3
    x[:20], y[10:40] = np.nan, np.nan
    return x, y


def test_scalars_against_scipy(pair):
    x, y = pair
    both = np.isfinite(x[:, 0]) & np.isfinite(y[:, 0])
    assert agreement.correlation(x, y) == pytest.approx(stats.pearsonr(x[both, 0], y[both, 0])[0], abs=1e-12)
    x, y = np.round(x, 1), np.round(y)  # ties
    assert agreement.spearman(x, y) == pytest.approx(stats.spearmanr(x[both, 0], y[both, 0])[0], abs=1e-12)


def test_concordance_of_a_worked_example():
    """x = 1..5, y = x + 1: s_xy = s_x^2 = s_y^2 = 2, offset 1: 2 * 2 / (2 + 2 + 1)."""
    x = np.arange(1.0, 6)[:, None]
    assert agreement.concordance(x, x + 1) == pytest.approx(0.8, abs=1e-15)
    assert agreement.concordance(x, x) == pytest.approx(1.0, abs=1e-15)
    assert agreement.correlation(x, 3 * x + 1) == pytest.approx(1.0, abs=1e-15)
    assert agreement.concordance(x, 3 * x + 1) < 0.5


def test_vector_correlation_does_not_depend_on_the_axes():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((2, 200, 3))
    y = x + y * [1, 2, 3]
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    for measure in (agreement.correlation, agreement.concordance, agreement.rms_difference, agreement.variance_ratio):
        assert measure(x @ turn, y @ turn) == pytest.approx(measure(x, y), rel=1e-12)


def test_angle_and_misfit_of_a_turned_field():
    x = np.tile([10.0, 0, 0], (50, 1))
    y = 10 * np.tile([np.cos(0.3), np.sin(0.3), 0], (50, 1))
    assert agreement.angle_median(x, y) == pytest.approx(np.degrees(0.3), abs=1e-12)
    assert agreement.rms_difference(x, y) == pytest.approx(20 * np.sin(0.15), abs=1e-12)  # chord


def test_same_misfit_with_less_rotation_lowers_r_but_not_the_misfit():
    """Two regions of equal misfit: r of the one that rotates less is lower, the rms difference is the same."""
    rng = np.random.default_rng(3)
    time, misfit = np.linspace(-1, 1, 2000), rng.standard_normal((2000, 1))
    much, little = 10 * time[:, None], 1 * time[:, None]
    assert agreement.correlation(much, much + misfit) > 0.97
    assert agreement.correlation(little, little + misfit) < 0.6
    found = [agreement.rms_difference(x, x + misfit) for x in (much, little)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_nothing_in_common_is_missing():
    x, y = np.full((5, 3), np.nan), np.ones((5, 3))
    for measure in (
        agreement.correlation, agreement.concordance, agreement.rms_difference, agreement.variance_ratio,
        agreement.angle_median,
    ):  # fmt: skip
        assert np.isnan(measure(x, y))
