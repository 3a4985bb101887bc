"""Windowed energies: against pandas, against a plain loop, and bounds that hold on any input with any gaps."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.physics import elsasser, window

EPS = np.finfo(float).eps


def series(n=3000, seed=0, gaps=0.02):
    """Red v about (-400, 20, -5) km/s and red b, each with its own gaps."""
    rng = np.random.default_rng(seed)
    v, b = np.cumsum(rng.normal(size=(2, n, 3)), axis=1)
    v += [-400.0, 20.0, -5.0]
    v[rng.random(n) < gaps] = np.nan
    b[rng.random(n) < gaps, 1] = np.nan  # one component is enough to lose the sample
    v[n // 2 : n // 2 + 80] = np.nan
    return v, b


def sigmas(m):
    return elsasser.sigma_c(m.e_v, m.e_b, m.h), elsasser.sigma_r(m.e_v, m.e_b)


def plain(v, b, start, stop):
    """Loop over windows with numpy's own statistics of the rows that are complete."""
    for lower, upper in zip(start, stop, strict=True):
        x = np.hstack([v, b])[lower:upper]
        x = x[np.isfinite(x).all(axis=1)]
        d = x - x.mean(axis=0) if len(x) else x
        square = (d**2).sum(axis=1)
        e_v, e_b, h = (d[:, :3] ** 2).sum(), (d[:, 3:] ** 2).sum(), (d[:, :3] * d[:, 3:]).sum()
        n = len(square) or np.nan
        yield len(x), e_v / n / 2, e_b / n / 2, h / n


def test_calls_at_once_do_not_share_their_memory():
    """What one call leaves to the next is taken by one thread only: the same bits as one after the other."""
    pairs = [series(20_000, seed) for seed in range(8)]
    one_by_one = [window.running_moments(v, b, 601) for v, b in pairs]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda pair: window.running_moments(*pair, 601), pairs * 3))
    for alone, together in zip(one_by_one * 3, at_once, strict=True):
        np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("cached", [window.CACHED, 2500])  # in one piece, and in pieces of some 250 samples or more
@pytest.mark.parametrize("length", [3, 57, 601])
def test_running_windows_agree_with_pandas(monkeypatch, length, cached):
    """pandas' own rolling variance and covariance of the jointly valid samples.

    To 1e-9 where a tenth of the window is there; pandas itself is off by more on the few samples beside a long gap,
    which the plain loop of the next test covers.
    """
    monkeypatch.setattr(window, "CACHED", cached)
    v, b = series()
    m = window.running_moments(v, b, length)
    joint = np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1)
    frame = pd.DataFrame(np.where(joint[:, None], np.hstack([v, b]), np.nan)).rolling(
        length, center=True, min_periods=2
    )
    variance = frame.var(ddof=0).to_numpy()
    covariance = frame.cov(ddof=0, pairwise=True)
    cross = sum(covariance.xs(i, level=1)[i + 3].to_numpy() for i in range(3))
    total = variance.sum(axis=1)
    assert np.array_equal(m.count >= 2, np.isfinite(total))
    enough = m.count >= max(2, length / 10)
    assert sigmas(m)[0][enough] == pytest.approx((2 * cross / total)[enough], abs=1e-9)
    residual = variance[:, :3].sum(axis=1) - variance[:, 3:].sum(axis=1)
    assert sigmas(m)[1][enough] == pytest.approx((residual / total)[enough], abs=1e-9)
    count = pd.Series(joint.astype(float)).rolling(length, center=True, min_periods=1).sum()
    assert np.array_equal(m.count, count)
    assert np.array_equal(m.valid_fraction, count / length)


@pytest.mark.parametrize("length", [3, 57, 601])
def test_running_windows_agree_with_a_plain_loop(length):
    v, b = series(800)
    centre = np.arange(800)
    m = window.running_moments(v, b, length)
    start, stop = np.maximum(centre - length // 2, 0), np.minimum(centre + length // 2 + 1, 800)
    count, e_v, e_b, h = np.array(list(plain(v, b, start, stop))).T
    assert np.array_equal(m.count, count)
    some = count > 1
    for found, expected in ((m.e_v, e_v), (m.e_b, e_b), (m.h, h)):
        assert found[some] == pytest.approx(expected[some], rel=1e-9, abs=1e-9)
    assert np.isnan(m.e_v[count == 0]).all()
    assert np.isnan(sigmas(m)[0][count == 0]).all()


def test_sums_of_any_windows_are_those_of_a_plain_loop():
    rng = np.random.default_rng(5)
    columns, start = rng.normal(size=(4, 800)), rng.integers(0, 800, 60)
    stop = np.minimum(800, start + rng.integers(0, 300, 60))
    start, stop = np.append(start, [0, 799, 800]), np.append(stop, [800, 800, 800])  # everything, the last one, nothing
    plainly = [columns[:, lower:upper].sum(axis=1) for lower, upper in zip(start, stop, strict=True)]
    assert window.interval_sums(columns, start, stop) == pytest.approx(np.transpose(plainly), abs=1e-11)
    assert window.interval_sums(columns, [], []).shape == (4, 0)


def test_small_fluctuations_on_a_fast_wind_keep_their_digits():
    """60,000 samples at 400 km/s with a step of 600; waves of 10 and 20 m/s keep sigma_r = -0.6, sigma_c = 0.8."""
    t = np.arange(60_000)
    phase = 2 * np.pi * t / 50
    wave = np.stack([np.cos(phase), np.sin(phase), 0 * t], axis=1)
    v, b = -400.0 + 0.01 * wave, 30.0 + 0.02 * wave
    v[:1000] += 600.0
    m = window.running_moments(v, b, 101)
    inside = slice(1100, -51)
    e_v, e_b, _ = next(zip(*[iter(plain(v, b, [2000], [2101]))], strict=True))[0][1:]
    assert sigmas(m)[1][2050] == pytest.approx((e_v - e_b) / (e_v + e_b), abs=1e-8)
    assert sigmas(m)[1][inside] == pytest.approx(-0.6, abs=1e-6)  # 101 samples are not quite two periods
    assert sigmas(m)[0][inside] == pytest.approx(0.8, abs=1e-6)


def test_what_lies_outside_a_window_does_not_touch_it():
    """A wild value (an unflagged fill) spoils the windows that hold it and no other, to the last bits."""
    v, b = series(500, gaps=0.0)
    wild = v.copy()
    wild[100] = 99999.9
    clean, found = (sigmas(window.running_moments(x, b, 21))[0] for x in (v, wild))
    away = np.abs(np.arange(500) - 100) > 10
    assert found[away] == pytest.approx(clean[away], abs=1e-9, nan_ok=True)
    assert not np.allclose(found[~away], clean[~away])


samples = arrays(float, (24, 6), elements=st.just(np.nan) | st.floats(-1e9, 1e9) | st.integers(-3, 3).map(float))


@settings(max_examples=200)
@given(samples, st.sampled_from([3, 5, 11, 31]))
def test_the_circle_holds_on_any_input_with_any_gaps(x, length):
    v, b = x[:, :3], x[:, 3:]
    contributions = window.contributions(v, b, length, 0.0)
    shares = contributions[np.isfinite(contributions).all(axis=1)]
    pooled = shares.mean(axis=0) if len(shares) else np.full(3, np.nan)
    for e_v, e_b, h in (
        window.running_moments(v, b, length)[-3:],
        window.running_mean_moments(v, b, length)[-3:],
        pooled,
    ):
        sigma_c, sigma_r = elsasser.sigma_c(e_v, e_b, h), elsasser.sigma_r(e_v, e_b)
        radius = np.atleast_1d(sigma_c**2 + sigma_r**2)
        assert (radius[np.isfinite(radius)] <= 1 + 8 * EPS).all()


@settings(max_examples=100)
@given(samples)
def test_swapping_and_reversing_any_input(x):
    v, b = x[:, :3], x[:, 3:]
    m, swapped, reversed_ = (window.running_moments(p, q, 7) for p, q in ((v, b), (b, v), (v, -b)))
    exact = {"rtol": 0, "atol": 1e-12, "equal_nan": True}
    assert np.allclose(sigmas(m)[0], sigmas(swapped)[0], **exact)
    assert np.allclose(sigmas(m)[1], -sigmas(swapped)[1], **exact)
    assert np.allclose(sigmas(m)[0], -sigmas(reversed_)[0], **exact)
    assert np.allclose(sigmas(m)[1], sigmas(reversed_)[1], **exact)


def test_only_b_missing_is_no_residual_energy():
    """Elsewhere 1154 of 1154 such samples came out as sigma_r = +1."""
    v, b = series(600, gaps=0.0)
    b[200:300] = np.nan
    m = window.running_moments(v, b, 31)
    assert (m.count[216:284] == 0).all()
    assert np.isnan(sigmas(m)[1][216:284]).all()
    assert (np.abs(sigmas(m)[1][m.count > 1]) < 1).all()


def test_a_constant_is_no_fluctuation():
    v, b = np.full((50, 3), 412.3456789), np.full((50, 3), -7.7)
    assert np.isnan(sigmas(window.running_moments(v, b, 9))).all()
    b = b + np.sin(np.arange(50))[:, None]
    assert sigmas(window.running_moments(v, b, 9))[1] == pytest.approx(-1.0)  # all the energy is magnetic


def test_running_mean_definition_on_a_sine():
    """A centred mean of L samples passes D = sin(pi f L)/(L sin(pi f)) of a sine: (1 - D) of the amplitude is left."""
    t, length = np.arange(2000), 41
    f_v, f_b = 1 / 30, 1 / 90
    zero = np.zeros(2000)
    v = np.stack([np.sin(2 * np.pi * f_v * t), np.cos(2 * np.pi * f_v * t), zero], axis=1) - 400.0
    b = np.stack([np.sin(2 * np.pi * f_b * t), np.cos(2 * np.pi * f_b * t), zero], axis=1)
    left = {f: 1 - np.sin(np.pi * f * length) / (length * np.sin(np.pi * f)) for f in (f_v, f_b)}
    m = window.running_mean_moments(v, b, length, 181)
    inside = slice(200, -200)
    assert 2 * m.e_v[inside] == pytest.approx(left[f_v] ** 2, rel=1e-9)
    assert 2 * m.e_b[inside] == pytest.approx(left[f_b] ** 2, rel=1e-9)


def test_shares_of_the_samples_add_up_to_the_windows():
    """The mean of the shares is the pooled energy of the complete windows, counted in a plain loop."""
    v, b = series(400, seed=3, gaps=0.1)
    length = 31
    start = np.arange(400 - length + 1)
    count, e_v, e_b, h = np.array(list(plain(v, b, start, start + length))).T
    used = count >= 0.5 * length
    pooled = [np.sum(count[used] * e[used]) / count[used].sum() for e in (e_v, e_b, h)]
    shares = window.contributions(v, b, length, 0.5)
    joint = np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1)
    assert np.array_equal(np.isfinite(shares).all(axis=1), joint)
    assert shares[joint].mean(axis=0) == pytest.approx(pooled, rel=1e-9)
    whole = window.contributions(v, b, 10_000)
    assert whole[joint].mean(axis=0) == pytest.approx(next(plain(v, b, [0], [400]))[1:], rel=1e-9)
    assert np.isnan(window.contributions(v * np.nan, b, length)).all()


def test_running_mean_of_each_column_with_its_own_gaps():
    x = series(300)[0]
    x[5:40, 2] = np.nan
    expected = pd.DataFrame(x).rolling(25, center=True, min_periods=13).mean().to_numpy()
    assert np.allclose(window.running_mean(x, 25, 0.5), expected, rtol=0, atol=1e-9, equal_nan=True)
    assert np.allclose(window.running_mean(x[:, 2], 25, 0.5), expected[:, 2], rtol=0, atol=1e-9, equal_nan=True)


def test_lengths_and_shapes_that_make_no_sense():
    assert [window.odd_length(w, 64.0) for w in (3600.0, 64.0, 700.0)] == [57, 3, 11]
    v, b = series(20)
    with pytest.raises(ValueError, match="odd number of samples, found 4"):
        window.running_moments(v, b, 4)
    with pytest.raises(ValueError, match=r"\(time, 3\), found"):
        window.running_moments(v[:, :2], b, 5)
    for start, stop in ((0, 21), (-1, 5), (5, 4)):
        with pytest.raises(ValueError, match="windows must lie in"):
            window.interval_sums(v.T, [start], [stop])


def test_a_day_of_three_second_data_takes_milliseconds():
    """57,600 samples: about 5 ms; the limit only catches a loop over windows (seconds)."""
    import time

    v, b = series(57_600)
    began = time.perf_counter()
    window.running_moments(v, b, 601)
    assert time.perf_counter() - began < 0.5


def test_a_steady_trend_leaves_no_fluctuation_at_ends_and_beside_gaps():
    """A rope that turns would look magnetic there: the mean of a one-sided window lies at another time."""
    t = np.arange(400.0)
    v = np.stack([0 * t, 0.1 * t, -0.2 * t], axis=1) - 400.0
    b = np.stack([0.3 * t, 0 * t, 0.05 * t], axis=1)
    v[100:120] = np.nan
    v[150] = np.nan
    dv, db = window.fluctuations(v, b, 57)
    there = np.isfinite(v[:, 0])
    assert np.abs(dv[there]).max() < 1e-9
    assert np.abs(db[there]).max() < 1e-9
    assert np.isnan(db[~there]).all()


def test_response_of_windows_on_a_sine():
    """Energy that windows hold of a wave, over that of the wave: 1 - D^2, on the mean over many phases."""
    t, length = np.arange(4000), 41
    for frequency in (1 / 150, 1 / 60, 1 / 17):
        wave = np.stack([np.cos(2 * np.pi * frequency * t), np.sin(2 * np.pi * frequency * t), 0 * t], axis=1)
        m = window.running_moments(wave, wave, length)
        assert 2 * m.e_v[50:-50] == pytest.approx(window.response(frequency, length), rel=1e-9)
