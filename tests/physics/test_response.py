"""The boxcar model against the notes' numbers and against waves that are averaged, shifted and made noisy for real."""

import numpy as np
import pytest

from pipeline.physics import elsasser, response, wavelet

MHZ = np.array([1.0, 2.0, 5.0, 10.0]) * 1e-3


def test_sigma_r_of_unequal_averages():
    # Computed independently for real pairs of products: 64 s against 16 s, 92 s against 3 s; given to 2 or 3 digits.
    np.testing.assert_allclose(response.recorded_sigma(MHZ, 64, 16)[1], [-0.006, -0.025, -0.163, -0.64], atol=0.002)
    np.testing.assert_allclose(response.recorded_sigma(MHZ, 92, 3)[1], [-0.014, -0.056, -0.36, -0.985], atol=0.002)
    assert response.recorded_sigma(5e-3, 64, 16)[0] == pytest.approx(0.987, abs=5e-4)


def test_sigma_c_of_a_clock_offset():
    sigma_c, sigma_r = response.recorded_sigma(MHZ, 64, 64, 24)
    np.testing.assert_allclose(sigma_c, [0.989, 0.955, 0.729, 0.063], atol=0.003)
    np.testing.assert_allclose(sigma_r, 0.0, atol=1e-12)


@pytest.mark.parametrize(("t_v", "t_b", "offset"), [(64, 16, 0), (92, 3, 0), (64, 64, 24), (64, 64, -24)])
def test_just_inside_the_band_is_within_tolerance_and_just_outside_is_not(t_v, t_b, offset):
    shortest, longest = response.usable_band(t_v, t_b, offset, 0.05)
    inside = 1 / np.geomspace(shortest, 100 * shortest, 500)
    worst = [
        np.abs(np.subtract(s, ideal))
        for s, ideal in zip(response.recorded_sigma(inside, t_v, t_b, offset), (1, 0), strict=True)
    ]
    assert np.max(worst) <= 0.05
    sigma_c, sigma_r = response.recorded_sigma(1 / (0.99 * shortest), t_v, t_b, offset)
    assert max(abs(sigma_c - 1), abs(sigma_r)) > 0.05
    assert longest == np.inf


def test_equal_averages_on_one_clock_are_usable_down_to_the_nyquist_period():
    assert response.usable_band(64, 64)[0] == 128
    # "Usable for f below 2 to 3 mHz, periods above some 6 min" for 64 s against 16 s, and more for 92 s.
    assert 300 < response.usable_band(64, 16)[0] < 400 < response.usable_band(92, 3)[0] < 600


def averaged(x, width):
    """Means over `width` samples around every sample, for odd widths."""
    return np.stack([np.convolve(column, np.ones(width) / width, "same") for column in x.T], axis=1)


def wave(period_s, n=60_000):
    phase = 2 * np.pi * np.arange(n) / period_s
    return np.stack((np.cos(phase), np.sin(phase), np.zeros(n)), axis=1) * 20


@pytest.mark.parametrize(("t_v", "t_b", "offset"), [(65, 17, 0), (65, 65, 24), (93, 3, 10)])
def test_a_wave_that_is_averaged_and_shifted_comes_out_as_the_model_says(t_v, t_b, offset):
    period_s = 200.0
    b = wave(period_s)
    v = np.roll(averaged(b, t_v), offset, axis=0)[1000:-1000]
    sg = wavelet.scalogram(v, averaged(b, t_b)[1000:-1000], 1.0, np.array([period_s]), 25)
    e_v, e_b, h = (np.nanmean(part) for part in (sg.e_v, sg.e_b, sg.h))
    sigma_c, sigma_r = response.recorded_sigma(1 / period_s, t_v, t_b, offset)
    # The ends of the record leave 1e-4 inside the cone.
    assert elsasser.sigma_c(e_v, e_b, h) == pytest.approx(sigma_c, abs=1e-3)
    assert elsasser.sigma_r(e_v, e_b) == pytest.approx(sigma_r, abs=1e-3)


def test_a_wave_of_signal_to_noise_three_is_recorded_as_the_formula_says_and_corrected():
    rng = np.random.default_rng(0)
    b = rng.standard_normal((40_000, 3)) * 30.0  # a white wave has one signal-to-noise ratio at all periods
    noise = rng.standard_normal(b.shape) * 10.0
    sg = wavelet.scalogram(b + noise, b, 3.0, wavelet.periods(30.0, 300.0, 4), 10)
    e_v, e_b, h = (np.nanmean(part) for part in (sg.e_v, sg.e_b, sg.h))
    # 40 000 samples at periods of 10 to 100, 3 components: ten thousand independent values, 1 % in a ratio.
    # 2 / (2 + SNR^-2) and SNR^-2 / (2 + SNR^-2)
    assert elsasser.sigma_c(e_v, e_b, h) == pytest.approx(0.947, abs=0.01)
    assert elsasser.sigma_r(e_v, e_b) == pytest.approx(0.053, abs=0.01)
    corrected = response.noise_corrected(e_v, e_b, h, response.white_noise_energy(np.full(3, 10.0)))
    assert elsasser.sigma_c(*corrected) == pytest.approx(1.0, abs=0.01)
    assert elsasser.sigma_r(*corrected[:2]) == pytest.approx(0.0, abs=0.01)


def test_the_noise_floor_is_found_below_a_red_signal():
    rng = np.random.default_rng(1)
    v = wave(900.0, 20_000) + rng.standard_normal((20_000, 3)) * 10.0
    sg = wavelet.scalogram(v, v, 3.0, np.array([30.0, 60.0, 2700.0]), 10)
    floor = response.noise_floor(np.nanmean(sg.e_v, axis=1), sg.period_s, 60.0)
    # 20 000 samples at periods of ten and twenty: a thousand independent values or more, 3 components.
    assert floor == pytest.approx(response.white_noise_energy(np.full(3, 10.0)), rel=0.05)


def test_noise_correction_never_leaves_the_circle_and_says_when_nothing_is_left():
    e_v, e_b, h = response.noise_corrected([1.0, 1.0], [1.0, 1.0], [1.9, 0.5], [0.3, 1.2])
    sigma_c, sigma_r = elsasser.sigma_c(e_v, e_b, h), elsasser.sigma_r(e_v, e_b)
    assert sigma_c[0] ** 2 + sigma_r[0] ** 2 <= 1 + 1e-12
    assert np.isnan(sigma_c[1])
    assert np.isnan(sigma_r[1])


def test_no_noise_floor_without_short_periods():
    assert np.isnan(response.noise_floor([1.0, 2.0], [100.0, 200.0], 50.0))
