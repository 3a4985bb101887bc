"""Do the intervals of r hold the truth, and does the test of a difference reject as often as it says?"""

import numpy as np
import pytest
from scipy.signal import butter, hilbert, lfilter, sosfiltfilt
from scipy.stats import f as f_distribution

from pipeline.stats import bootstrap, freedom

PAIRS, SAMPLES = 400, 340  # windows of 6 h at 64 s


def power_law(rng, count, slope):
    size = 1 << (4 * SAMPLES).bit_length()
    frequency = np.fft.rfftfreq(size)
    frequency[0] = np.inf
    white = rng.standard_normal((count, frequency.size)) + 1j * rng.standard_normal((count, frequency.size))
    return np.fft.irfft(white * frequency ** (-slope / 2), size)[:, :SAMPLES]


def relaxing(rng, count, memory):
    phi = np.exp(-1 / memory)
    noise = rng.standard_normal((count, SAMPLES + int(10 * memory))) * np.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=1)[:, -SAMPLES:]


def band(rng, count):
    sos = butter(2, [1 / 60, 1 / 10], "bandpass", fs=1.0, output="sos")
    return sosfiltfilt(sos, rng.standard_normal((count, SAMPLES + 400)), axis=1)[:, 200:-200]


MAKERS = {
    "turbulence": (lambda rng, n: power_law(rng, n, 5 / 3), None),
    "random walk": (lambda rng, n: power_law(rng, n, 2.0), None),
    "memory of half an hour": (lambda rng, n: relaxing(rng, n, 28), None),
    "waves in a band": (band, None),
    "slow shared, fast unshared": (lambda rng, n: relaxing(rng, n, 60), lambda rng, n: relaxing(rng, n, 8)),
    "fast shared, slow unshared": (lambda rng, n: relaxing(rng, n, 8), lambda rng, n: relaxing(rng, n, 40)),
}


def pairs(kind, r, seed):
    """PAIRS pairs x, y whose shared part has the share r of the variance in the mean over windows."""
    rng = np.random.default_rng(seed)
    make, other = MAKERS[kind]
    shared, one, two = make(rng, PAIRS), (other or make)(rng, PAIRS), (other or make)(rng, PAIRS)
    return np.sqrt(r) * shared + np.sqrt(1 - r) * one, np.sqrt(r) * shared + np.sqrt(1 - r) * two


def true_correlation(kind, r):
    """Expected covariance over expected variance inside the window, where slow parts lose what exceeds it."""
    make, other = MAKERS[kind]
    rng = np.random.default_rng(99)
    a, b = (np.var(m(rng, 3000), axis=1).mean() for m in (make, other or make))
    return r * a / (r * a + (1 - r) * b)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("r", [0.0, 0.7, 0.95])
def test_intervals_hold_the_truth_and_differences_are_not_invented(kind, r):
    x, y = pairs(kind, r, seed=5)
    truth = np.arctanh(true_correlation(kind, r))
    rng = np.random.default_rng(6)
    draws = np.array([freedom.correlation_draws(a, b, 1000, rng) for a, b in zip(x, y, strict=True)])
    low, high = np.percentile(draws, [2.5, 97.5], axis=1)
    # 92 to 98 % asked; 0.013 is the standard error of a share of 400, and flat-ish spectra are on the careful side
    assert 0.92 - 0.013 <= np.mean((low < truth) & (truth < high)) <= 0.995
    differences = draws[::2] - draws[1::2]
    false = np.mean([freedom.two_sided_p(d) < 0.05 for d in differences])
    assert false <= 0.07 + 0.011


@pytest.mark.parametrize("degrees", [90, 60])
def test_one_wave_at_two_phases(degrees):
    """r = cos(phase) of a wave that both see is known far better than r of two waves, and held."""
    rng = np.random.default_rng(15)
    wave = hilbert(band(rng, PAIRS), axis=1)
    x, y = wave.real, (wave * np.exp(1j * np.radians(degrees))).real
    x, y = (a + 0.1 * rng.standard_normal(a.shape) for a in (x, y))
    other = band(rng, PAIRS)
    truth = np.arctanh(np.mean(x * y) / np.sqrt(np.mean(x**2) * np.mean(y**2)))

    def bounds(b):
        draws = np.array([freedom.correlation_draws(*pair, 800, rng) for pair in zip(x, b, strict=True)])
        return np.percentile(draws, [2.5, 97.5], axis=1)

    low, high = bounds(y)
    held = np.mean((low < truth) & (truth < high))
    assert 0.92 - 0.013 <= held <= 0.995  # as above: careful, because the lowest bands take no part
    wide = np.subtract(*bounds(other)[::-1])
    assert np.median(high - low) < 0.75 * np.median(wide)


def test_what_a_band_pass_leaves_has_draws_about_its_own_r():
    """In a few periods of band-passed noise, draws with f^-2 in a few modes lie beside r, those with none about it."""
    rng = np.random.default_rng(17)
    away = {freedom.FLAT: [], freedom.SLOPE: []}
    for _ in range(60):
        x, y = (a[100:127] for a in band(rng, 2))
        z = np.arctanh(np.corrcoef(x, y)[0, 1])
        for slope, found in away.items():
            draws = freedom.correlation_draws(x, y, 400, rng, slope)
            found.append(abs(np.median(draws) - z) / np.std(draws))
    assert np.max(away[freedom.FLAT]) < 0.5 < np.max(away[freedom.SLOPE])


def test_dependence_by_hand():
    """One oscillation and its quarter period: wholly dependent. Two noises: hardly ever."""
    rng = np.random.default_rng(16)
    wave = hilbert(band(rng, 1)[0][:300])[:, None]
    bands = freedom.band_edges(299)
    inside = np.searchsorted(bands, 600 / np.array([50, 15])) - 1  # bands of modes with periods of 15 to 50 samples
    one = freedom.dependence([wave.real], [wave.imag])[inside[0] + 1 : inside[1]]
    assert (one > 0.8).all()
    none = [freedom.dependence(*([x - x.mean(axis=0)] for x in rng.standard_normal((2, 300, 1)))) for _ in range(200)]
    assert np.mean(np.array(none)[:, freedom.WIDE :] > 0) < 0.09  # 0.05 asked, half-spaced modes are not quite free


def test_block_bootstrap_alone_would_not():
    """Why there is more than a bootstrap: percentile intervals of turbulence over 6 h hold the truth far too seldom."""
    x, y = pairs("turbulence", 0.7, seed=7)
    rng, held = np.random.default_rng(8), []
    for a, b in zip(x[:150], y[:150], strict=True):
        moments = bootstrap.pair_moments(a, b)
        block = bootstrap.optimal_block_length(moments[:, 1:])
        means = bootstrap.bootstrap_means(moments, block, 400, rng)
        low, high = bootstrap.percentile_interval(bootstrap.correlation_from_means(means))
        held.append(low < 0.7 < high)
    assert np.mean(held) < 0.8


def test_vector_intervals_hold_the_truth_for_three_components_and_for_one_oblique_line():
    rng = np.random.default_rng(9)
    held = {"three": [], "line": []}
    for _ in range(200):
        shared, one, two = (power_law(rng, 3, 5 / 3).T for _ in range(3))
        x, y = 0.7**0.5 * shared + 0.3**0.5 * one, 0.7**0.5 * shared + 0.3**0.5 * two
        for name, a, b in (("three", x, y), ("line", x[:, :1] * np.ones(3), y[:, :1] * np.ones(3))):
            low, high = freedom.correlation_interval(freedom.correlation_draws(a, b, 1000, rng))
            held[name].append(low < 0.7 < high)
    assert np.mean(held["three"]) >= 0.92
    assert 0.9 <= np.mean(held["line"]) <= 0.99


def test_one_band_of_flat_power_gives_the_f_interval(monkeypatch):
    """With one band and a flat spectrum, var(x + y) / var(x - y) has the F distribution exactly."""
    monkeypatch.setattr(freedom, "MODES", 10_000)
    monkeypatch.setattr(freedom, "SLOPE", 0.0)
    rng = np.random.default_rng(10)
    x, e = rng.standard_normal((2, 200))
    y = 0.6 * x + 0.8 * e
    x, y = ((a - a.mean()) / a.std() for a in (x, y))
    low, high = freedom.correlation_interval(freedom.correlation_draws(x, y, 200_000, rng))
    z = 0.5 * np.log(np.var(x + y) / np.var(x - y))
    expected = np.tanh(z - 0.5 * np.log(f_distribution.ppf([0.975, 0.025], 199, 199)))
    np.testing.assert_allclose([low, high], expected, atol=0.003)


def test_bands_cover_every_mode_once():
    for count in (1, 3, 4, 7, 11, 100, 4321):
        edges = freedom.band_edges(count)
        assert edges[0] == 0
        assert edges[-1] == count
        assert (np.diff(edges) >= min(4, count)).all()


def test_too_little_or_constant_data_give_no_interval():
    rng = np.random.default_rng(11)
    for x in (np.ones(100), np.r_[rng.standard_normal(5), np.full(95, np.nan)]):
        draws = freedom.correlation_draws(x, rng.standard_normal(100), 50, rng)
        assert np.isnan(draws).all()
        assert np.isnan(freedom.correlation_interval(draws)).all()
        assert np.isnan(freedom.two_sided_p(draws))


def test_holm_by_hand():
    p = np.array([0.04, 0.01, 0.03, 0.2, 0.5])
    np.testing.assert_allclose(freedom.holm(p), [0.06, 0.03, 0.06, 0.2, 0.5])
    np.testing.assert_allclose(freedom.holm(np.array([0.04, np.nan, 0.03])), [0.06, np.nan, 0.06])
