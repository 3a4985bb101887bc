"""Random fluctuations against the spectrum, variance, cross helicity and residual energy that were asked for."""

import numpy as np
import pytest

from pipeline.simulate import waves

STEP_S = 30.0
PERIODS_S = (600.0, 3600.0)
PAIRS = [(-0.85, -0.1), (0.6, 0.3), (0.0, 0.0), (0.6, 0.8), (0.0, -0.9), (1.0, 0.0), (-1.0, 0.0)]


def sigmas(dv, db):
    """sigma_c and sigma_r from variances and covariances of numpy's own."""
    both = np.cov(np.hstack([dv, db]).T, bias=True)
    kinetic, magnetic = np.trace(both[:3, :3]), np.trace(both[3:, 3:])
    return 2 * np.trace(both[:3, 3:]) / (kinetic + magnetic), (kinetic - magnetic) / (kinetic + magnetic)


def test_red_noise_has_its_variance_and_spectrum():
    rng, size = np.random.default_rng(2), 4096
    draws = np.stack([waves.red_noise(rng, size, STEP_S, PERIODS_S) for _ in range(200)])
    # about 600 independent draws of a variance that rests on some 20 heavy modes: 1 % one sigma
    assert np.mean(draws**2) == pytest.approx(1, abs=0.04)
    f = np.fft.fftfreq(size, STEP_S)
    power = np.mean(np.abs(np.fft.fft(draws, axis=1)) ** 2, axis=(0, 2))
    outside = (np.abs(f) < 1 / PERIODS_S[1]) | (np.abs(f) > 1 / PERIODS_S[0])
    assert power[outside].max() < 1e-20 * power.max()
    within = (f >= 1 / PERIODS_S[1]) & (f <= 1 / PERIODS_S[0])
    slope = np.polyfit(np.log(f[within]), np.log(power[within]), 1)[0]
    assert slope == pytest.approx(-5 / 3, abs=0.05)  # 600 draws per mode, 170 modes: 0.006 one sigma
    cross = np.mean(draws[..., 0] * draws[..., 1])
    assert abs(cross) < 0.05


def test_red_noise_refuses_a_band_without_a_frequency():
    with pytest.raises(ValueError, match=r"no period between 4900 and 4950 s fits into 30000 s"):
        waves.red_noise(np.random.default_rng(0), 1000, STEP_S, (4900.0, 4950.0))


def test_delayed_shifts_whole_steps_like_a_roll_and_turns_a_cosine_by_its_phase():
    noise = waves.red_noise(np.random.default_rng(3), 2000, STEP_S, PERIODS_S)
    np.testing.assert_allclose(waves.delayed(noise, STEP_S, 17 * STEP_S), np.roll(noise, 17, axis=0), atol=1e-10)
    t = np.arange(2000) * STEP_S
    w = 2 * np.pi * 40 / (2000 * STEP_S)
    turned = waves.delayed(np.cos(w * t)[:, None], STEP_S, 100.0, 50.0)[:, 0]
    np.testing.assert_allclose(turned, np.cos(w * (t - 100) - np.radians(50)), atol=1e-10)


@pytest.mark.parametrize(("sigma_c", "sigma_r"), PAIRS)
def test_alfvenic_is_exact_for_uncorrelated_input(sigma_c, sigma_r):
    phase = 2 * np.pi * np.arange(500) / 50
    b = np.array([0.0, 0.6, 0.8])
    first, second = (waves.circular(phase - k * np.pi / 2, b) for k in (0, 1))
    dv, db = waves.alfvenic(first, second, sigma_c, sigma_r)
    assert sigmas(dv, db) == pytest.approx((sigma_c, sigma_r), abs=1e-12)
    assert np.mean(np.sum(db**2, axis=1)) == pytest.approx(1)
    np.testing.assert_allclose(np.stack([dv, db]) @ b, 0, atol=1e-12)  # circular turns across b


def test_all_kinetic_has_no_field():
    phase = 2 * np.pi * np.arange(500) / 50
    first, second = (waves.circular(phase - k * np.pi / 2, np.array([1.0, 0.0, 0.0])) for k in (0, 1))
    dv, db = waves.alfvenic(first, second, 0.0, 1.0)
    assert not db.any()
    assert np.mean(np.sum(dv**2, axis=1)) == pytest.approx(1)


@pytest.mark.parametrize(("sigma_c", "sigma_r"), [(-0.85, -0.1), (0.6, 0.3), (0.0, 0.0), (0.0, -0.9), (0.95, 0.0)])
def test_mean_over_draws_is_the_nominal_value(sigma_c, sigma_r):
    rng, size = np.random.default_rng(4), 720  # 6 h
    draws = []
    for _ in range(400):
        first, second = (waves.red_noise(rng, size, STEP_S, PERIODS_S) for _ in range(2))
        draws.append(sigmas(*waves.alfvenic(first, second, sigma_c, sigma_r)))
    # one draw scatters by 0.02 to 0.12 (few heavy modes), the mean of 400 by 0.006 at most: three of that
    assert np.mean(draws, axis=0) == pytest.approx((sigma_c, sigma_r), abs=0.018)


def test_across_is_perpendicular_and_keeps_the_variance():
    noise = np.random.default_rng(5).normal(size=(20000, 3))
    b = np.random.default_rng(6).normal(size=(20000, 3))
    kept = waves.across(noise, b)
    np.testing.assert_allclose(np.sum(kept * b, axis=1), 0, atol=1e-10)
    assert np.mean(np.sum(kept**2, axis=1)) == pytest.approx(3, rel=0.02)  # 20000 draws: 0.7 % one sigma


def test_orthonormal_over_an_interval():
    rng = np.random.default_rng(7)
    inside = np.arange(1000) > 400
    first, second = waves.orthonormal(rng.normal(size=(1000, 3)), 2 + rng.normal(size=(1000, 3)), inside, 5.0)
    both = np.cov(np.hstack([first, second])[inside].T, bias=True)
    assert np.trace(both[:3, :3]) == pytest.approx(5)
    assert np.trace(both[3:, 3:]) == pytest.approx(5)
    assert np.trace(both[:3, 3:]) == pytest.approx(0, abs=1e-12)


def test_taper_is_half_at_its_boundaries():
    t = np.arange(0.0, 100.0)
    shape = waves.taper(t, 20, 80, 10)
    assert shape[[20, 80]] == pytest.approx(0.5)
    assert shape[25:76].min() == 1
    assert shape[:16].max() == shape[85:].max() == 0
    assert waves.taper(t, 20, 80, 0).sum() == 60
