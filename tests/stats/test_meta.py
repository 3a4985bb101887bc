"""Summaries over events against published numbers and known truth."""

import numpy as np
import pytest

from pipeline.stats import meta

# Trials of BCG vaccine (Colditz et al. 1994): tuberculosis and rest among vaccinated, among controls. The standard
# worked example of random effects; DerSimonian & Laird give a mean log risk ratio of -0.7141 with tau^2 = 0.3088 and
# I^2 = 92.12 % (Viechtbauer 2010, J. Stat. Softw. 36, 3).
BCG = np.array(
    [(4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
     (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
     (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)], float,
)  # fmt: skip


def log_risk_ratios():
    a, b, c, d = BCG.T
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def test_random_effects_against_the_standard_example():
    found = meta.random_effects(*log_risk_ratios())
    assert found.n == 13
    assert found.mean == pytest.approx(-0.7141, abs=5e-5)
    assert found.tau**2 == pytest.approx(0.3088, abs=5e-5)
    assert found.i2 == pytest.approx(0.9212, abs=5e-5)


def test_the_interval_of_the_mean_holds_its_level_with_few_events():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(1000):
        variance = rng.uniform(0.01, 0.09, 8)
        effect = rng.normal(-0.3, 0.2, 8) + rng.normal(0, np.sqrt(variance))
        found = meta.random_effects(effect, variance)
        hits += found.low <= -0.3 <= found.high
    assert 0.92 <= hits / 1000 <= 0.98  # 95 % within four standard errors of 1000 draws


def test_missing_events_are_left_out_and_one_event_has_no_interval():
    found = meta.random_effects(np.array([0.1, np.nan, 0.3]), np.array([0.01, 0.01, np.nan]))
    assert (found.n, found.mean) == (1, 0.1)
    assert np.isnan(found.low)
    assert np.isnan(meta.random_effects(np.array([]), np.array([])).mean)


@pytest.mark.parametrize(
    # Newcombe (1998), Stat. Med. 17, 857, table I, Wilson without continuity correction
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_against_published_intervals(k, n, low, high):
    p, lower, upper = meta.share(k, n)
    assert p == k / n
    assert (lower, upper) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_the_scale_length_of_noisy_correlations_is_found():
    rng = np.random.default_rng(2)
    d = rng.uniform(0.001, 0.03, 200)
    r = np.exp(-d / 0.02) + rng.normal(0, 0.1, d.size)
    assert meta.scale_length(d, r) == pytest.approx(0.02, rel=0.05)
    assert np.isnan(meta.scale_length(d, np.ones(d.size)))
    assert np.isnan(meta.scale_length(d[:2], r[:2]))


@pytest.mark.parametrize("n", [6, 12, 40])
def test_mean_interval_covers(n):
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(800):
        _, low, high = meta.mean_interval(rng.normal(0.2, 0.1, n), rng, draws=800)
        hits += low <= 0.2 <= high
    assert 0.94 - 4 * 0.0084 <= hits / 800 <= 0.95 + 4 * 0.0077  # four standard errors of 800 trials about 94 and 95 %
    assert meta.mean_interval(np.array([np.nan, 2.0]), rng)[0] == 2.0


def test_the_spread_of_the_standard_example_has_the_published_interval():
    # the BCG trials; tau^2 from 0.1197 to 1.1115 by Viechtbauer (2010), J. Stat. Softw. 36(3), Sect. 3.1 (confint)
    low, high = meta.spread_interval(*log_risk_ratios())
    np.testing.assert_allclose([low**2, high**2], [0.1197, 1.1115], atol=2e-3)


def test_the_interval_of_the_spread_holds_its_level_and_reaches_zero():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        v = rng.uniform(0.005, 0.05, 12)
        low, high = meta.spread_interval(0.15 * rng.normal(size=12) + np.sqrt(v) * rng.normal(size=12), v)
        hits += low <= 0.15 <= high
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400) <= hits / 400  # three standard errors of a share
    assert meta.spread_interval(np.zeros(5), np.ones(5))[0] == 0
    assert np.isnan(meta.spread_interval(np.ones(1), np.ones(1))[0])
