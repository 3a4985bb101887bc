"""Draws of the true energies against scipy's inverse Wishart and against repeated sampling."""

import numpy as np
import pytest

from pipeline.physics import elsasser
from pipeline.stats.wishart import covariance_draws


@pytest.mark.parametrize("freedom", [5, 30])
def test_draws_are_inverse_wishart(freedom):
    from scipy.stats import invwishart

    sample = np.array([[2.6, 0.9], [0.9, 1.4]])
    theirs = invwishart(df=freedom, scale=freedom * sample).rvs(60_000, random_state=1)
    e_v, e_b, h = covariance_draws(1.3, 0.7, 0.9, freedom, 60_000, np.random.default_rng(0))
    for ours, expected in ((e_v, theirs[:, 0, 0] / 2), (e_b, theirs[:, 1, 1] / 2), (h, theirs[:, 0, 1])):
        # A percentile of 60 000 draws is good to about 1 % of the spread.
        np.testing.assert_allclose(
            np.percentile(ours, [10, 50, 90]), np.percentile(expected, [10, 50, 90]), rtol=0.05, atol=0.03
        )


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(2)
    sigma_c, sigma_r, n = 0.8, -0.1, 24
    r = sigma_c / np.sqrt(1 - sigma_r**2)
    held = []
    for _ in range(400):
        first, second = rng.standard_normal((2, n))
        v, b = np.sqrt(1 + sigma_r) * (r * first + np.sqrt(1 - r**2) * second), np.sqrt(1 - sigma_r) * first
        draws = covariance_draws(np.mean(v**2) / 2, np.mean(b**2) / 2, np.mean(v * b), n, 400, rng)
        bounds = np.percentile([elsasser.sigma_c(*draws), elsasser.sigma_r(*draws[:2])], [2.5, 97.5], axis=1)
        held.append((bounds[0] <= (sigma_c, sigma_r)) & ((sigma_c, sigma_r) <= bounds[1]))
    # 400 cases: 95 +- 1.1 %.
    assert np.abs(np.mean(held, axis=0) - 0.95).max() < 0.035


def test_draws_stay_inside_the_circle_and_a_pure_wave_stays_pure():
    e_v, e_b, h = covariance_draws(1.0, 2.0, 2.7, 6.0, 5000, np.random.default_rng(3))
    assert (elsasser.sigma_c(e_v, e_b, h) ** 2 + elsasser.sigma_r(e_v, e_b) ** 2).max() <= 1 + 1e-12
    pure = covariance_draws(1.0, 1.0, -2.0, 10.0, 500, np.random.default_rng(4))
    np.testing.assert_allclose(elsasser.sigma_c(*pure), -1.0, atol=1e-12)


@pytest.mark.parametrize("arguments", [(np.nan, 1, 0, 10), (1, 1, 0, 2), (0, 1, 0, 10), (1, 1, 0, np.nan)])
def test_nothing_to_draw_from_gives_nothing(arguments):
    assert np.isnan(covariance_draws(*arguments, 10, np.random.default_rng(0))).all()
