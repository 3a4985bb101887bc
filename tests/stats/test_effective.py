"""Effective sample size against the theory of autoregressive series."""

import numpy as np
import pytest
from scipy.signal import lfilter

from pipeline.stats.effective import autocovariance, effective_size


def ar1(rng, shape, phi):
    return lfilter([1.0], [1.0, -phi], rng.standard_normal((*shape[:-1], shape[-1] + 300)), axis=-1)[..., 300:]


@pytest.mark.parametrize(("first", "second"), [(0.9, 0.9), (0.9, 0.5), (0.9, 0.0), (0.6, -0.6)])
def test_size_of_autoregressive_pairs(first, second):
    """n (1 - phi_1 phi_2) / (1 + phi_1 phi_2), exact for long series."""
    rng, n = np.random.default_rng(1), 3000
    expected = min(n, n * (1 - first * second) / (1 + first * second))
    pairs = [(ar1(rng, (n,), first), ar1(rng, (n,), second)) for _ in range(60)]
    assert np.median([effective_size(x, y) for x, y in pairs]) == pytest.approx(expected, rel=0.1)


def test_size_is_what_the_scatter_of_r_says():
    """var r = 1 / (n_eff - 1) for unrelated series."""
    rng = np.random.default_rng(2)
    x, y = ar1(rng, (2, 1500, 600), 0.8)
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)]
    size = np.median([effective_size(a, b) for a, b in zip(x[:200], y[:200], strict=True)])
    assert size == pytest.approx(1 + 1 / np.var(r), rel=0.12)  # 4 % error of the variance, estimation bias of 1/n


def test_gaps_take_away_what_they_hold():
    rng = np.random.default_rng(3)
    x, y = ar1(rng, (2, 6000), 0.9)
    whole = effective_size(x, y)
    half = x.copy()
    half[3000:] = np.nan
    assert effective_size(half, y) == pytest.approx(whole / 2, rel=0.25)
    scattered = x.copy()
    scattered[rng.random(6000) < 0.3] = np.nan  # neighbours speak for what is missing
    assert effective_size(scattered, y) == pytest.approx(whole, rel=0.1)


def test_autocovariance_with_gaps_is_that_of_the_pairs():
    x = np.array([1.0, 2.0, np.nan, 4.0, 5.0, -1.0])
    a = x - np.nanmean(x)
    expected = [np.nansum(a[: 6 - k] * a[k:]) / 5 for k in range(4)]
    np.testing.assert_allclose(autocovariance(x, 3), expected, atol=1e-14)


def test_constant_or_missing_series_have_no_size():
    rng = np.random.default_rng(4)
    for x in (np.ones(50), np.full(50, np.nan), np.r_[1.0, 2.0, np.full(48, np.nan)]):
        assert np.isnan(effective_size(x, rng.standard_normal(50)))
