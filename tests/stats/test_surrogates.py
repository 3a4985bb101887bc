"""Surrogates keep what they promise to keep, and nothing of the timing."""

import numpy as np
import pytest

from pipeline.stats.surrogates import circular_shifts, phase_randomised, phase_randomised_series


@pytest.mark.parametrize("n", [256, 257])
def test_spectrum_mean_and_cross_spectra_are_kept(n):
    rng = np.random.default_rng(1)
    x = np.cumsum(rng.standard_normal((n, 3)), axis=0) + np.array([1.0, 2.0, 3.0])
    made = phase_randomised(x, 5, rng)
    before, after = np.fft.rfft(x, axis=0), np.fft.rfft(made, axis=1)
    np.testing.assert_allclose(np.abs(after), np.broadcast_to(np.abs(before), after.shape), atol=1e-9 * n)
    np.testing.assert_allclose(made.mean(axis=1), np.broadcast_to(x.mean(axis=0), (5, 3)), atol=1e-10)
    cross = before[:, 0] * np.conj(before[:, 1])
    np.testing.assert_allclose(
        after[..., 0] * np.conj(after[..., 1]), np.broadcast_to(cross, (5, cross.size)), atol=1e-7
    )


def test_components_lose_their_relation_if_asked():
    rng = np.random.default_rng(2)
    x = rng.standard_normal(4096)
    made = phase_randomised(np.stack([x, x], axis=1), 20, rng, keep_cross_spectra=False)
    r = [np.corrcoef(m.T)[0, 1] for m in made]
    assert np.abs(r).max() < 5 / np.sqrt(4096)


def test_surrogates_are_unrelated_to_the_data_and_to_each_other():
    rng = np.random.default_rng(3)
    x = rng.standard_normal(4096)
    r = np.corrcoef(np.vstack([x, phase_randomised(x, 20, rng)])) - np.eye(21)
    assert np.abs(r).max() < 5 / np.sqrt(4096)


def test_gaps_stay_where_they_are():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((100, 2))
    x[10:20, 0], x[50, 1] = np.nan, np.nan
    for made in (phase_randomised(x, 3, rng), phase_randomised(x, 3, rng, keep_cross_spectra=False)):
        assert (np.isnan(made) == np.isnan(x)).all()


def test_circular_shifts_are_whole_and_large_enough():
    rng = np.random.default_rng(5)
    x = np.arange(60.0)
    made = circular_shifts(x, 200, rng, least=10)
    steps = np.mod(-made[:, 0], 60)
    assert steps.min() == 10
    assert steps.max() == 50
    for row, step in zip(made, steps.astype(int), strict=True):
        np.testing.assert_array_equal(row, np.roll(x, step))


def test_a_shift_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="least shift 40 does not fit a series of 60 samples"):
        circular_shifts(np.arange(60.0), 3, np.random.default_rng(6), least=40)


def test_surrogates_made_in_parts_are_those_made_at_once():
    x = np.cumsum(np.random.default_rng(7).standard_normal((90, 3)), axis=0)
    x[20:25] = np.nan
    whole = phase_randomised(x, 7, np.random.default_rng(8))
    parts = list(phase_randomised_series(x, [3, 3, 1], np.random.default_rng(8)))
    np.testing.assert_array_equal(np.concatenate(parts).swapaxes(1, 2), whole)
