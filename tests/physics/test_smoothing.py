"""Slow and fast parts: the filter's analytic response, its phase, its ends and its gaps."""

import numpy as np
import pytest

from pipeline.physics.smoothing import band_pass, low_pass

STEP, PERIOD = 60.0, 3600.0
TIME = np.arange(3000) * STEP
INSIDE = slice(300, -300)


def response(ratio):
    gaussian = (1 - np.sqrt(0.5)) ** (ratio**-2.0)
    return 1 - (1 - gaussian) ** 2


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_response_is_as_derived_and_without_phase(ratio):
    """Amplitude 1 - (1 - G)^2, G = (1 - sqrt(1/2))^((T_split / T)^2), for a wave of period T: 1/2 at the split."""
    for wave in (np.sin, np.cos):
        x = wave(2 * np.pi * TIME / (ratio * PERIOD))[:, None]
        found = low_pass(x, PERIOD, STEP)[INSIDE, 0]
        expected = response(ratio) * x[INSIDE, 0]
        np.testing.assert_allclose(found, expected, atol=6e-4)  # weights cut at 4 sigma, twice


def test_straight_lines_pass_unchanged_to_the_ends_and_around_gaps():
    x = np.stack([3 + 1e-3 * TIME, 7 - 2e-4 * TIME], axis=1)
    x[1000:1010], x[2000:2300] = np.nan, np.nan
    found = low_pass(x, PERIOD, STEP)
    valid = np.isfinite(found)
    assert valid[[0, 999, 1010, 1999, 2300, -1]].all()
    assert not valid[1000:1010].any()
    np.testing.assert_allclose(found[valid], x[valid], rtol=1e-9)


def test_scales_add_up_and_do_not_mix():
    slow, fast = np.sin(2 * np.pi * TIME / 40_000), np.sin(2 * np.pi * TIME / 1500)
    band = band_pass((slow + fast)[:, None], 600, PERIOD, STEP)[INSIDE, 0]
    passed = response(1500 / 600) - response(1500 / PERIOD)
    assert passed > 0.95
    left = 1 - response(40_000 / PERIOD)  # of the slow part
    np.testing.assert_allclose(band, passed * fast[INSIDE], atol=left + 1e-3)


def test_a_third_of_scattered_gaps_does_little():
    rng = np.random.default_rng(1)
    x = np.sin(2 * np.pi * TIME / 10_000)[:, None]
    gappy = np.where(rng.random(x.shape) < 0.3, np.nan, x)
    whole, part = low_pass(x, PERIOD, STEP), low_pass(gappy, PERIOD, STEP)
    assert np.nanmax(np.abs(part - whole)) < 0.1
    assert np.nanstd(part - whole) < 0.02


def test_lonely_samples_in_a_gap_are_not_filtered():
    x = np.ones((1000, 1))
    x[300:500] = np.nan
    x[400] = 1.0
    assert np.isnan(low_pass(x, PERIOD, STEP)[400])
    assert np.isnan(low_pass(np.full((50, 2), np.nan), PERIOD, STEP)).all()


def test_periods_shorter_than_the_cadence_change_nothing():
    x = np.random.default_rng(2).standard_normal((100, 2))
    np.testing.assert_allclose(low_pass(x, 1.0, STEP), x, atol=1e-12)


def test_short_gaps_are_filled_if_asked_and_long_ones_never():
    x = np.sin(2 * np.pi * TIME / 40_000)[:, None]
    gappy = x.copy()
    gappy[500:510], gappy[1000:1200] = np.nan, np.nan
    found = low_pass(gappy, PERIOD, STEP, into_gaps=True)
    np.testing.assert_allclose(found[500:510], x[500:510], atol=0.02)
    assert np.isnan(found[1100])


def test_each_sample_is_a_local_line_taken_twice():
    """Against lines fitted sample by sample, over several blocks of the transform and 10 % of gaps."""
    rng = np.random.default_rng(3)
    x, period = np.cumsum(rng.standard_normal((5000, 2)), axis=0), 3000.0
    x[rng.random(5000) < 0.1] = np.nan
    there = np.isfinite(x[:, 0])
    sigma = np.sqrt(-2 * np.log(1 - np.sqrt(0.5))) / (2 * np.pi) * period / STEP
    reach = int(np.ceil(4 * sigma))

    def line(values, t):
        near = np.flatnonzero(there[max(0, t - reach) : t + reach + 1]) + max(0, t - reach)
        root = np.exp(-0.25 * ((near - t) / sigma) ** 2)[:, None]
        return np.linalg.lstsq(root * np.stack([np.ones(near.size), near - t], axis=1), root * values[near])[0][0]

    first = np.array([line(x, t) if there[t] else [0, 0] for t in range(5000)])
    second = np.array([line(x - first, t) for t in range(5000)])
    found = low_pass(x, period, STEP)
    # moments by transform: rounding of some thousand values of up to a hundred
    np.testing.assert_allclose(found[there], (first + second)[there], atol=1e-10)
    assert np.isnan(found[~there]).all()
