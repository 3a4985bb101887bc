"""Wavelet coherence against Welch's, its interval and its null against simulation."""

import numpy as np
import pytest
from scipy.signal import csd

from pipeline.physics import wavelet
from pipeline.stats import coherence as kernel

STEP = 60.0
PERIODS = wavelet.periods(240.0, 7200.0, 8)


def coefficients(x):
    filled, missing = wavelet.prepare(np.atleast_2d(x).T)
    bands = wavelet.transform(filled, STEP, PERIODS, step=1)
    ok = np.concatenate(wavelet.usable(missing, STEP, bands))
    return np.concatenate([band.w for band in bands], axis=1), ok


def pair(rng, n):
    """White x and y whose coherence falls from long to short periods: y follows a moving average of x."""
    x = rng.standard_normal(n)
    return x, np.convolve(x, np.ones(9) / 9, "same") + 0.3 * rng.standard_normal(n)


def test_pooled_coherency_is_welchs_coherence():
    x, y = pair(np.random.default_rng(1), 40_000)
    (w_x, ok), (w_y, _) = coefficients(x), coefficients(y)
    gamma = kernel.coherency(kernel.region_spectra(w_x, w_y, ok), axis=0)
    f, cross = csd(x, y, fs=1 / STEP, nperseg=512)
    powers = [csd(a, a, fs=1 / STEP, nperseg=512)[1].real for a in (x, y)]
    for p in range(0, len(PERIODS), 4):
        found = abs(gamma[p]) ** 2
        spread = 1 / (wavelet.scale(PERIODS[p]) * 2 * np.pi * np.sqrt(2))  # the wavelet's own width in frequency
        near = np.exp(-0.5 * ((f - 1 / PERIODS[p]) / spread) ** 2)
        expected = abs(np.sum(near * cross)) ** 2 / (np.sum(near * powers[0]) * np.sum(near * powers[1]))
        assert found == pytest.approx(expected, abs=0.03)


def test_local_coherence_of_equal_series_is_one_and_of_delayed_ones_has_their_phase():
    rng = np.random.default_rng(2)
    x = rng.standard_normal(3000)
    (w_x, ok), (w_y, _) = coefficients(x), coefficients(np.roll(x, 3))
    scale_steps = wavelet.scale(PERIODS) / STEP
    same, _ = kernel.local_coherence(w_x, w_x, ok, scale_steps, 8)
    np.testing.assert_allclose(same[np.isfinite(same)], 1, atol=1e-9)
    high, phase = kernel.local_coherence(w_x, w_y, ok, scale_steps, 8)
    p = int(np.argmin(np.abs(PERIODS - 1800)))
    inside = ok[p]
    assert np.median(high[p, inside]) > 0.98
    assert np.median(phase[p, inside]) == pytest.approx(2 * np.pi * 3 * STEP / PERIODS[p], abs=0.03)  # y lags: positive


def test_missing_places_are_missing_and_leave_their_neighbours_alone():
    rng = np.random.default_rng(3)
    x, y = pair(rng, 2000)
    gappy = x.copy()
    gappy[900:1000] = np.nan
    (w_x, _), (w_y, _), (w_g, ok) = coefficients(x), coefficients(y), coefficients(gappy)
    scale_steps = wavelet.scale(PERIODS) / STEP
    whole, _ = kernel.local_coherence(w_x, w_y, np.ones_like(ok), scale_steps, 8)
    part, _ = kernel.local_coherence(w_g, w_y, ok, scale_steps, 8)
    p = 6
    assert np.isnan(part[p, 950])
    np.testing.assert_allclose(part[p, 300:700], whole[p, 300:700], atol=0.02)


@pytest.mark.parametrize("truth", [0.0, 0.5, 0.9])
def test_interval_of_coherency_holds_the_truth(truth):
    """Complex Gaussian modes with known coherency: 95 % of the intervals hold it, at 0 all that reach down to 0."""
    rng, modes, held = np.random.default_rng(4), 20, []
    for _ in range(800):
        s, a, b = rng.standard_normal((3, modes)) + 1j * rng.standard_normal((3, modes))
        x, y = np.sqrt(truth) * s + np.sqrt(1 - truth) * a, np.sqrt(truth) * s + np.sqrt(1 - truth) * b
        found = abs(np.vdot(x, y)) / np.sqrt(np.vdot(x, x).real * np.vdot(y, y).real)
        floor = np.sqrt(1 / modes)
        low, high = kernel.coherency_interval(kernel.without_floor(found, floor), modes)
        held.append(low <= truth <= high)
    assert 0.92 <= np.mean(held) <= 0.99


def test_rayleigh_of_uniform_and_of_one_direction():
    rng = np.random.default_rng(5)
    p = [kernel.rayleigh(rng.uniform(-np.pi, np.pi, 40), 40)[1] for _ in range(2000)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.02)
    length, small = kernel.rayleigh(np.full(30, 1.2), 30)
    assert length == pytest.approx(1, abs=1e-12)
    assert small < 1e-12
    assert np.isnan(kernel.rayleigh(np.array([np.nan]), 1)[0])
