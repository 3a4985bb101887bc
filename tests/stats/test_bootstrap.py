"""Block bootstrap against the theory of autoregressive series and against resampling sample by sample."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import pearsonr

from pipeline.stats import bootstrap


def ar1(rng, n, phi):
    return lfilter([1.0], [1.0, -phi], rng.standard_normal(n + 300))[300:] * np.sqrt(1 - phi**2)


@pytest.mark.parametrize("phi", [0.5, 0.8, 0.9])
def test_block_length_is_the_optimum_of_an_autoregressive_series(phi):
    """b = (2 G^2 / D n)^(1/3), D = 2 g^2; for AR(1) G/g = 2 phi / (1 - phi^2) in closed form."""
    rng, n = np.random.default_rng(1), 4000
    found = [bootstrap.optimal_block_length(ar1(rng, n, phi)) for _ in range(60)]
    optimum = ((2 * phi / (1 - phi**2)) ** 2 * n) ** (1 / 3)
    assert np.mean(found) == pytest.approx(optimum, rel=0.15)  # bias of the estimate at this n


def test_block_length_of_white_noise_is_a_few_samples_and_of_columns_the_longest():
    rng = np.random.default_rng(2)
    white, red = rng.standard_normal(2000), ar1(rng, 2000, 0.9)
    assert np.mean([bootstrap.optimal_block_length(rng.standard_normal(2000)) for _ in range(20)]) < 4
    both = bootstrap.optimal_block_length(np.stack([white, red], axis=1))
    assert both == max(bootstrap.optimal_block_length(white), bootstrap.optimal_block_length(red))


@pytest.mark.parametrize("x", [np.zeros(100), np.full(100, np.nan), np.arange(3.0), np.r_[np.nan, np.ones(50)]])
def test_block_length_of_what_has_no_correlation_is_one(x):
    assert bootstrap.optimal_block_length(x) == 1.0


def test_block_length_takes_gaps():
    rng = np.random.default_rng(3)
    x = ar1(rng, 6000, 0.8)
    gappy = x.copy()
    gappy[rng.random(6000) < 0.2] = np.nan
    assert bootstrap.optimal_block_length(gappy) == pytest.approx(bootstrap.optimal_block_length(x), rel=0.3)


def test_means_have_the_variance_of_the_stationary_bootstrap():
    """Politis & Romano (1994), lemma 1: var = 1/n [R(0) + 2 sum_k b_k R(k)], circular R, in closed form."""
    rng, n, block = np.random.default_rng(4), 300, 12.0
    x = ar1(rng, n, 0.8)
    x -= x.mean()
    circular = np.fft.irfft(np.abs(np.fft.rfft(x)) ** 2, n) / n
    k, p = np.arange(1, n), 1 / block
    weight = (1 - k / n) * (1 - p) ** k + k / n * (1 - p) ** (n - k)
    expected = (circular[0] + np.sum(weight * circular[1:])) / n
    means = bootstrap.bootstrap_means(x, block, 40_000, rng)[:, 0]
    assert np.var(means) == pytest.approx(expected, rel=0.03)  # 4 standard errors of a variance of 40,000
    assert np.mean(means) == pytest.approx(0, abs=5 * np.sqrt(expected / 40_000))


def test_blocks_of_one_are_the_ordinary_bootstrap():
    rng = np.random.default_rng(5)
    x = rng.exponential(size=200)
    means = bootstrap.bootstrap_means(x, 1.0, 40_000, rng)[:, 0]
    assert np.var(means) == pytest.approx(np.var(x) / 200, rel=0.03)


def test_columns_of_one_replicate_hold_the_same_samples():
    rng = np.random.default_rng(6)
    x = rng.standard_normal(500)
    means = bootstrap.bootstrap_means(np.stack([x, 3 - 2 * x, np.ones(500)], axis=1), 9.0, 300, rng)
    np.testing.assert_allclose(means[:, 1], 3 - 2 * means[:, 0], atol=1e-12)
    np.testing.assert_allclose(means[:, 2], 1, atol=1e-12)


@pytest.mark.parametrize("block", [1.0, 3.0, 40.0, 4000.0])
def test_samples_are_drawn_together_as_often_as_in_the_stationary_bootstrap(block):
    """Counts c of every sample: sums of n, equal means, and <c_s c_(s+d)> in closed form for every distance d.

    Two positions of a replicate, k apart, lie in one block with q^k, q = 1 - 1 / block, and then hold samples k apart
    on the circle; otherwise the samples are independent. Six standard errors of the mean over replicates.
    """
    n, replicates = 23, 20_000
    counts = n * bootstrap.bootstrap_means(np.eye(n), block, replicates, np.random.default_rng(11))
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)
    np.testing.assert_array_equal(np.round(counts).sum(axis=1), n)
    assert counts.mean(axis=0) == pytest.approx(np.ones(n), abs=6 * counts.std() / np.sqrt(replicates))
    k = np.arange(1, n)
    together = (1 - 1 / block) ** k
    for distance in range(n // 2):
        linked = together * ((k == distance) + (k == n - distance) * 1.0)
        expected = (distance == 0) + np.sum((1 - k / n) * (linked + 2 * (1 - together) / n))
        products = np.mean(counts * np.roll(counts, distance, axis=1), axis=1)
        error = products.std() / np.sqrt(replicates)
        assert products.mean() == pytest.approx(expected, abs=6 * error + 1e-9)


def test_replicates_at_once_are_like_single_ones(monkeypatch):
    """Cuts between replicates leave no trace: variance and covariance of neighbouring replicates."""
    x, spread = ar1(np.random.default_rng(12), 60, 0.7), []
    for at_once in (1, 30, 100_000):
        monkeypatch.setattr(bootstrap, "BLOCKS_AT_ONCE", at_once)
        means = bootstrap.bootstrap_means(x, 15.0, 5_001, np.random.default_rng(13))[:, 0]
        spread.append(means.std())
        assert abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 5 / np.sqrt(5_000)
    assert spread == pytest.approx([spread[0]] * 3, rel=5 / np.sqrt(5_000))


def test_what_does_not_vary_is_kept_to_the_bit():
    moments = np.stack([np.full(40, 0.1), np.arange(40.0), np.zeros(40)], axis=1)
    means = bootstrap.bootstrap_means(moments, 4.0, 50, np.random.default_rng(14))
    assert (means[:, 0] == 0.1).all()
    assert (means[:, 2] == 0).all()
    assert (bootstrap.bootstrap_means(np.ones(9), 4.0, 3, np.random.default_rng(15)) == 1).all()


def test_many_short_and_few_long_blocks_give_every_replicate():
    rng = np.random.default_rng(7)
    for n, block, replicates in ((1000, 1.0, 150), (50, 400.0, 7), (1, 1.0, 3)):
        assert bootstrap.bootstrap_means(rng.random((n, 2)), block, replicates, rng).shape == (replicates, 2)


def test_missing_contributions_are_refused():
    with pytest.raises(ValueError, match="finite"):
        bootstrap.bootstrap_means(np.array([1.0, np.nan]), 2.0, 10, np.random.default_rng(8))


def test_correlation_of_means_is_pearsons_with_gaps_and_offset():
    rng = np.random.default_rng(9)
    x, y = rng.standard_normal((2, 400))
    y = 0.5 * x + y + 1e5
    x[:40], y[30:80] = np.nan, np.nan
    both = np.isfinite(x) & np.isfinite(y)
    r = bootstrap.correlation_from_means(bootstrap.pair_moments(x, y).mean(axis=0))
    assert float(r) == pytest.approx(pearsonr(x[both], y[both])[0], abs=1e-12)


def test_constant_series_have_no_correlation():
    moments = bootstrap.pair_moments(np.ones(50), np.arange(50.0))
    assert np.isnan(bootstrap.correlation_from_means(moments.mean(axis=0)))
    assert np.isnan(
        bootstrap.correlation_from_means(bootstrap.pair_moments(np.full(5, np.nan), np.ones(5)).mean(axis=0))
    )


def test_interval_for_many_independent_samples_is_fishers():
    """n = 2000 white samples, r = 0.6: z +- 1.96/sqrt(n - 3)."""
    rng = np.random.default_rng(10)
    x, e = rng.standard_normal((2, 2000))
    y = 0.6 * x + 0.8 * e
    means = bootstrap.bootstrap_means(bootstrap.pair_moments(x, y), 1.0, 4000, rng)
    low, high = bootstrap.percentile_interval(bootstrap.correlation_from_means(means))
    z = np.arctanh(pearsonr(x, y)[0]) + np.array([-1.96, 1.96]) / np.sqrt(1997)
    np.testing.assert_allclose([low, high], np.tanh(z), atol=0.005)


def test_percentile_interval_ignores_a_few_missing_and_refuses_many():
    samples = np.stack([np.arange(1001.0), np.where(np.arange(1001) < 600, np.nan, 1.0)], axis=1)
    samples[:10, 0] = np.nan
    interval = bootstrap.percentile_interval(samples, 0.9)
    np.testing.assert_allclose(interval[:, 0], [10 + 0.05 * 990, 10 + 0.95 * 990])
    assert np.isnan(interval[:, 1]).all()
