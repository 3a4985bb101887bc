"""The transform against Torrence & Compo's series, other packages, a full-rate reference, and analytic cases."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.physics import elsasser, wavelet

PERIODS = np.geomspace(60.0, 21600.0, 60)


@pytest.fixture(scope="module")
def nino3(shared):
    folder = shared / "refcases" / "03_nino3_torrence_compo"
    series = np.loadtxt(folder / "sst_nino3.dat")
    return series, json.loads((folder / "expected.json").read_text())


def red_noise(rng, n, channels, slope=5 / 3):
    frequency = np.fft.rfftfreq(n)
    frequency[0] = frequency[1]
    spectrum = np.fft.rfft(rng.standard_normal((channels, n))) * frequency ** (-slope / 2)
    x = np.fft.irfft(spectrum, n).T
    return x / x.std(axis=0)


def correlated(rng, n):
    """v and b (time, component), red, with sigma_c about 0.8."""
    x = red_noise(rng, n, 6)
    return x[:, :3], 0.8 * x[:, :3] + 0.6 * x[:, 3:]


def full_rate(x, dt_s, period_s, length):
    """T&C eq. 4 as it stands: whole spectra, zero padding, one inverse FFT per scale (time, channel)."""
    omega = 2 * np.pi * np.fft.fftfreq(length, dt_s)
    spectrum = np.fft.fft(x, length, axis=0)
    for period in period_s:
        s = period * (6 + np.sqrt(38)) / (4 * np.pi)
        psi = np.where(omega > 0, np.sqrt(2 * np.pi * s / dt_s) * np.pi**-0.25 * np.exp(-0.5 * (s * omega - 6) ** 2), 0)
        yield np.fft.ifft(spectrum * psi[:, None], axis=0)[: len(x)]


def test_nino3_power_is_that_of_torrence_and_compo(nino3):
    series, expected = nino3
    x = ((series - series.mean()) / series.std(ddof=1))[:, None]
    (band,) = wavelet.transform(x, expected["dt_years"], np.array(expected["periods"]), step=1, length=1024)
    power = np.abs(band.w[0]) ** 2
    # The reference has the same padding, so only the cut at 3e-7 of the wavelet's peak lies between the two.
    np.testing.assert_allclose(power.mean(axis=1), expected["global_power_normalised"], rtol=1e-6)
    at = expected["power_at"]
    np.testing.assert_allclose(power[np.ix_(at["period_index"], at["time_index"])], at["value"], rtol=1e-6)


def test_nino3_scale_average_2_to_8_years(nino3):
    series, expected = nino3
    dt, period = expected["dt_years"], np.array(expected["periods"])
    chosen = (wavelet.scale(period) >= 2) & (wavelet.scale(period) < 8)
    (band,) = wavelet.transform((series - series.mean())[:, None], dt, period, step=1, length=1024)
    weights = wavelet.scale_weights(period, dt)
    np.testing.assert_allclose(
        weights, expected["dj"] * dt / (expected["Cdelta"] * np.array(expected["scales"])), rtol=1e-9
    )
    for limits in (
        period,
        wavelet.scale(period),
    ):  # the reference does not say whether 2 to 8 years are periods or scales
        chosen = (limits >= 2) & (limits < 8)
        variance = weights[chosen] @ np.abs(band.w[0][chosen]) ** 2
        if abs(variance.mean() / expected["scale_avg_2_8yr_degC2"]["mean"] - 1) < 1e-6:
            break
    assert variance.mean() == pytest.approx(expected["scale_avg_2_8yr_degC2"]["mean"], rel=1e-6)
    assert variance.max() == pytest.approx(expected["scale_avg_2_8yr_degC2"]["max"], rel=1e-6)


def test_nino3_cone_and_periods(nino3):
    _, expected = nino3
    cone = wavelet.cone_period(expected["n"], expected["dt_years"])
    np.testing.assert_allclose(cone[:5], expected["coi_first5"], rtol=1e-12)
    assert cone.max() == pytest.approx(expected["coi_max"], rel=1e-12)
    np.testing.assert_allclose(wavelet.scale(expected["periods"]), expected["scales"], rtol=1e-12)


@pytest.mark.parametrize("n", [3000, 5001])
def test_every_band_samples_the_padded_full_rate_transform(n):
    x = red_noise(np.random.default_rng(n), n, 2)
    # From 4 dt on: the Nyquist frequency cuts a shorter wavelet, its tails then depend on the padded length (6e-3).
    period = np.geomspace(12.0, 900.0, 30)
    bands = wavelet.transform(x, 3.0, period)
    reference, cone = full_rate(x, 3.0, period, 16384), wavelet.cone_period(n, 3.0)
    assert len({band.step for band in bands}) > 5
    for band in bands:
        for period_s, w in zip(band.period_s, np.moveaxis(band.w, 1, 0), strict=True):
            expected = next(reference)[:: band.step].T
            inside = cone[:: band.step] >= period_s
            # 1e-5 is asked for; the cut (3e-7) and what comes around through the padding (4e-7) allow 1e-6.
            assert np.abs(w - expected)[:, inside].max() < 1e-6 * np.sqrt((np.abs(expected) ** 2).mean())


@pytest.mark.parametrize("options", [{"step": 24}, {"step": 5}, {"coarsest": 24}])
def test_a_common_rate_is_exact_too(options):
    x = red_noise(np.random.default_rng(0), 2000, 1)
    period = np.geomspace(8.0, 300.0, 12)
    bands = wavelet.transform(x, 1.0, period, **options)
    for band in bands:
        assert 24 % band.step == 0 or band.step == 5
    computed = [w[0] for band in bands for w in np.moveaxis(band.w, 1, 0)]
    steps = [band.step for band in bands for _ in band.period_s]
    cone = wavelet.cone_period(2000, 1.0)
    for w, step, period_s, expected in zip(computed, steps, period, full_rate(x, 1.0, period, 8192), strict=True):
        inside = cone[::step] >= period_s
        assert np.abs(w - expected[::step, 0])[inside].max() < 1e-6 * np.abs(expected).max()


def test_agrees_with_pycwt_where_its_padding_suffices_and_not_where_it_wraps():
    pycwt = pytest.importorskip("pycwt", reason="pycwt is a peer to compare with, not a dependency")
    for n, longest_s, agrees in ((3000, 600.0, True), (4095, 3600.0, False)):
        x = red_noise(np.random.default_rng(3), n, 1)[:, 0]
        period = wavelet.periods(12.0, longest_s, 4)
        w = pycwt.cwt(x, 3.0, freqs=1 / period, wavelet=pycwt.Morlet(6))[0]
        (band,) = wavelet.transform(x[:, None], 3.0, period, step=1)
        inside = wavelet.cone_period(n, 3.0) >= period[:, None]
        worst = np.abs(w - band.w[0])[inside].max()
        # pycwt pads to a power of two, here by 1096 samples (five scales of 600 s) or by a single one.
        assert (worst < 1e-5) if agrees else (worst > 0.01)


def test_agrees_with_wavelet98_where_its_padding_suffices():
    wavelet98 = pytest.importorskip("pyspedas.analysis.wavelet98", reason="needs pyspedas >= 2")
    x = red_noise(np.random.default_rng(4), 3000, 1)[:, 0]
    result = wavelet98.wavelet98(x, 3.0, s0=12.0, dj=0.25, j_scales=20, pad=1, siglvl=0.95)
    period = np.asarray(result[2])
    (band,) = wavelet.transform((x - x.mean())[:, None], 3.0, period, step=1)
    inside = wavelet.cone_period(3000, 3.0) >= period[:, None]
    theirs = np.asarray(result[0]).reshape(3000, -1).T
    assert period[0] == pytest.approx(12.0 * 1.0330436477, rel=1e-9)
    assert np.abs(theirs - band.w[0])[inside].max() < 1e-5


def test_a_tone_peaks_at_its_own_period():
    period = wavelet.periods(60.0, 7200.0, 24)
    x = np.sin(2 * np.pi * np.arange(20000) * 3.0 / 600.0)[:, None]
    power = [np.abs(band.w[0, :, band.w.shape[-1] // 2]) ** 2 for band in wavelet.transform(x, 3.0, period)]
    power = np.concatenate(power)
    # |W|^2 / s, the density per log period, of exp(i omega t) peaks at 1.0330 s by definition of the Fourier period;
    # |W|^2 itself peaks where d/ds [s exp(-(s omega - 6)^2)] = 0: the same place, (6 + sqrt 38) / 2.
    assert abs(np.log2(period[np.argmax(power)] / 600.0)) <= 0.5 / 24


def test_white_noise_has_unit_power():
    x = np.random.default_rng(5).standard_normal((2**15, 4)) * 3.0
    period = wavelet.periods(4.0, 60.0, 8)
    power = np.concatenate([(np.abs(b.w) ** 2).mean(axis=(0, 2)) for b in wavelet.transform(x, 1.0, period)])
    # 4 x 32768 s over about two periods of 60 s each: a thousand independent coefficients or more, 3 % each.
    np.testing.assert_allclose(power, 9.0, rtol=0.1)
    assert power.mean() == pytest.approx(9.0, rel=0.02)


def test_variance_is_recovered_from_the_scales_that_hold_it():
    rng = np.random.default_rng(5)
    frequency = np.fft.rfftfreq(2**15)
    spectrum = np.fft.rfft(rng.standard_normal((3, 2**15))) * ((frequency > 1 / 500) & (frequency < 1 / 10))
    x = np.fft.irfft(spectrum, 2**15).T
    period = wavelet.periods(4.0, 1500.0, 8)
    power = np.concatenate([(np.abs(b.w) ** 2).mean(axis=-1).T for b in wavelet.transform(x, 1.0, period)])
    # Measured 1.3 % low: a sum over 8 voices with C_delta = 0.776, and what leaves through the record's two ends.
    np.testing.assert_allclose(wavelet.scale_weights(period, 1.0) @ power, x.var(axis=0), rtol=0.02)


def test_nino3_variance_by_equation_14(nino3):
    series, expected = nino3
    period = np.array(expected["periods"])
    (band,) = wavelet.transform((series - series.mean())[:, None], expected["dt_years"], period, step=1, length=1024)
    variance = wavelet.scale_weights(period, expected["dt_years"]) @ (np.abs(band.w[0]) ** 2).mean(axis=1)
    assert variance == pytest.approx(expected["variance_from_wavelet_eq14"], rel=1e-6)


def test_spectral_density_agrees_with_welch():
    from scipy.signal import welch

    x = red_noise(np.random.default_rng(6), 2**16, 3)
    period = wavelet.periods(20.0, 500.0, 4)
    bands = wavelet.transform(x, 1.0, period)
    power = np.concatenate([(np.abs(band.w) ** 2).mean(axis=(0, 2)) for band in bands])
    frequency, density = welch(x, 1.0, nperseg=8192, axis=0)
    response = np.exp(-((np.multiply.outer(wavelet.scale(period), 2 * np.pi * frequency) - 6) ** 2))
    expected = response @ density.mean(axis=1) / response.sum(axis=1)
    # One noise, two estimates with other windows and ends: a few per cent where few coefficients are independent.
    np.testing.assert_allclose(wavelet.spectral_density(power, 1.0), expected, rtol=0.05)
    slope = np.polyfit(np.log(1 / period), np.log(power), 1)[0]
    assert slope == pytest.approx(-5 / 3, abs=0.05)


def test_sigma_m_has_the_sign_of_magnetic_helicity():
    # curl B = +k B for B = (0, cos kx, -sin kx), the twist of a right-handed rope. In GSE the wind carries it along
    # -x, so that the spacecraft meets increasing x of the structure.
    k, x = 2 * np.pi / 100.0, np.arange(4000.0)
    b = np.stack((0 * x, np.cos(k * x), -np.sin(k * x)), axis=1)
    curl = np.stack((0 * x, -np.gradient(b[:, 2], x), np.gradient(b[:, 1], x)), axis=1)
    helicity_sign = np.sign(np.sum(curl * b))
    sg = wavelet.scalogram(b, b, 1.0, np.array([100.0]), 4)
    sigma_m = sg.helicity / (2 * sg.e_b)
    np.testing.assert_allclose(sigma_m[np.isfinite(sigma_m)], helicity_sign, atol=1e-3)  # 3e-4 at the cone


def test_cone_and_mask_are_one_rule_at_the_ends_and_around_a_long_gap():
    missing = np.zeros(6000, bool)
    missing[2500:3000] = True
    period = np.array([100.0, 250.0, 400.0])
    (band,) = wavelet.transform(np.zeros((6000, 1)), 1.0, period, step=1)
    (ok,) = wavelet.usable(missing, 1.0, (band,))
    for row, p in zip(ok, period, strict=True):
        cone = p / wavelet.FOURIER_FACTOR * np.sqrt(2)
        changes = np.flatnonzero(np.diff(row.astype(int))) + 1
        # The share is computed on samples and cut at 3e-4: the edge of the cone within a few samples of 137 to 548.
        np.testing.assert_allclose(changes, [cone, 2500 - cone, 3000 + cone, 6000 - cone], atol=0.01 * p + 2)


def test_scattered_single_gaps_do_not_mask_the_record_but_long_ones_do():
    rng = np.random.default_rng(7)
    missing = rng.random(20000) < 0.02
    bands = wavelet.transform(np.zeros((20000, 1)), 3.0, np.array([60.0, 600.0]))
    whole = wavelet.usable(np.zeros(20000, bool), 3.0, bands)
    for ok, without in zip(wavelet.usable(missing, 3.0, bands), whole, strict=True):
        assert ok.sum() > 0.99 * without.sum()
    missing[5000:7000] = True
    for ok, without in zip(wavelet.usable(missing, 3.0, bands), whole, strict=True):
        assert ok.sum() < 0.91 * without.sum()


@pytest.mark.parametrize(("random_share", "long_gaps", "rms"), [(0.02, 0, 0.01), (0.3, 0, 0.04), (0.02, 5, 0.03)])
def test_what_a_gap_leaves_unmasked_is_close_to_the_gap_free_truth(random_share, long_gaps, rms):
    rng = np.random.default_rng(8)
    v, b = correlated(rng, 20000)
    missing = rng.random(20000) < random_share
    for start in rng.integers(0, 19000, long_gaps):
        missing[start : start + rng.integers(20, 800)] = True
    truth = wavelet.scalogram(v, b, 3.0, PERIODS[:45], 24)
    gappy = wavelet.scalogram(np.where(missing[:, None], np.nan, v), b, 3.0, PERIODS[:45], 24)
    for name in ("sigma_c", "sigma_r"):
        difference = _ratio(gappy, name) - _ratio(truth, name)
        # Measured 0.006, 0.026, 0.02: bridged gaps at the shortest periods, and what the cone of a long gap leaves.
        assert np.sqrt(np.nanmean(difference**2)) < rms


def _ratio(s, name):
    return elsasser.sigma_c(s.e_v, s.e_b, s.h) if name == "sigma_c" else elsasser.sigma_r(s.e_v, s.e_b)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 0.9), step=st.sampled_from([1, 2, 5, 12]))
def test_identities_hold_on_any_input_with_any_gaps(seed, share, step):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 800))
    v, b = rng.standard_normal((n, 3)).cumsum(axis=0), rng.standard_normal((n, 3)).cumsum(axis=0)
    v[rng.random((n, 3)) < share / 3] = np.nan
    b[rng.random((n, 3)) < share / 6] = np.nan
    period = wavelet.periods(2.0, max(4.0, n / 4), 4)
    sg, swapped, mirrored = (wavelet.scalogram(*pair, 1.0, period, step) for pair in ((v, b), (b, v), (v, -b)))
    sigma_c, sigma_r = _ratio(sg, "sigma_c"), _ratio(sg, "sigma_r")
    assert (sigma_c**2 + sigma_r**2)[np.isfinite(sigma_c)].max(initial=0) <= 1 + 1e-12
    np.testing.assert_allclose(_ratio(swapped, "sigma_r"), -sigma_r, atol=1e-10)
    np.testing.assert_allclose(_ratio(mirrored, "sigma_c"), -sigma_c, atol=1e-10)


def test_a_pure_wave_stays_pure_through_gaps_and_is_missing_where_only_b_is():
    rng = np.random.default_rng(9)
    b = red_noise(rng, 3000, 3) * 20
    v = -b.copy()
    v[rng.random(3000) < 0.1] = np.nan
    b[1000:1300] = np.nan
    sg = wavelet.scalogram(v + 400.0, b, 1.0, wavelet.periods(8.0, 300.0, 6), 6)
    assert np.isfinite(sg.h).any(axis=1).all()
    assert not np.isfinite(sg.h[:, 1000 // 6 + 1 : 1300 // 6]).any()
    # Exact but for rounding: v and b are bridged over the same gaps in the same way.
    np.testing.assert_allclose(_ratio(sg, "sigma_c")[np.isfinite(sg.h)], -1.0, atol=1e-10)
    np.testing.assert_allclose(_ratio(sg, "sigma_r")[np.isfinite(sg.h)], 0.0, atol=1e-10)


def test_nothing_measured_gives_nothing():
    sg = wavelet.scalogram(np.full((100, 3), np.nan), np.zeros((100, 3)), 1.0, np.array([4.0, 8.0]), 2)
    assert np.isnan(sg.h).all()


def test_band_energies_sum_before_they_divide_and_recover_the_variance():
    rng = np.random.default_rng(10)
    t = np.arange(8192.0)
    wave = np.stack([np.sin(2 * np.pi * t / 100 + p) for p in rng.uniform(0, 6, 3)], axis=1)
    sg = wavelet.scalogram(2 * wave, wave, 1.0, wavelet.periods(25.0, 400.0, 12), 8)
    e_v, e_b, h, _ = (part[400:600] for part in wavelet.band_energies(sg))
    # Three components of variance 1/2: e_b = 3/4, within C_delta's accuracy for a single tone (2 %).
    assert e_b.mean() == pytest.approx(0.75, rel=0.03)
    np.testing.assert_allclose(h / (e_v + e_b), 4 / 5, atol=1e-3)


def test_arguments_are_not_changed():
    v, b = correlated(np.random.default_rng(11), 300)
    v[5] = np.nan
    before = v.copy(), b.copy()
    wavelet.scalogram(v, b, 1.0, np.array([8.0, 16.0]), 2)
    np.testing.assert_array_equal(v, before[0])
    np.testing.assert_array_equal(b, before[1])


def test_the_scatter_of_mean_powers_is_predicted():
    rng = np.random.default_rng(12)
    period = wavelet.periods(40.0, 160.0, 2)
    means = []
    for _ in range(300):
        x = np.cumsum(rng.standard_normal((4096, 4)), axis=0)
        bands = wavelet.transform(x, 1.0, period, step=8)
        means.append((np.abs(bands[0].w[:, :, 128:384]) ** 2).mean(axis=2))
    means = np.concatenate(means)
    measured = np.cov(means.T) / np.multiply.outer(means.mean(axis=0), means.mean(axis=0))
    predicted = wavelet.relative_covariance(means.mean(axis=0), period, 256 * 8.0)
    # 1200 records: variances to 6 %; the widening of T by 2.32 s is tabulated for independent samples, 20 % here.
    np.testing.assert_allclose(np.diag(predicted), np.diag(measured), rtol=0.25)
    np.testing.assert_allclose(predicted, measured, atol=0.25 * measured.max())


def test_components_that_vary_together_count_once():
    rng = np.random.default_rng(13)
    w = rng.standard_normal((3, 4000)) + 1j * rng.standard_normal((3, 4000))
    isotropic = w @ w.conj().T
    assert wavelet.effective_components(isotropic) == pytest.approx(3.0, abs=0.01)
    linear = np.outer([1, 2, 0.5], w[0])
    assert wavelet.effective_components(linear @ linear.conj().T) == pytest.approx(1.0, abs=1e-9)
    circular = np.outer([0, 1, 1j], w[0])
    assert wavelet.effective_components(circular @ circular.conj().T) == pytest.approx(1.0, abs=1e-9)
    few = w[:, :6]
    # Six modes look polarised by chance; with their number known the bias is taken off.
    assert wavelet.effective_components(few @ few.conj().T, 6) > wavelet.effective_components(few @ few.conj().T)


def test_peak_memory_above_the_input():
    """An event of 48 h at 3 s, 6 signals, 60 periods: below 50 MB (full-rate coefficients alone would be 332 MB)."""
    import tracemalloc

    rng = np.random.default_rng(11)
    x = rng.standard_normal((57_600, 6))
    x[rng.random(57_600) < 0.02] = np.nan
    tracemalloc.start()
    filled, missing = wavelet.prepare(x)
    bands = wavelet.transform(filled, 3.0, np.geomspace(60.0, 21_600.0, 60))
    wavelet.usable(missing, 3.0, bands)
    for band in bands:
        wavelet.energies(band)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_a_column_of_the_map_is_the_mean_around_it_with_half_of_what_it_shares_with_its_neighbours():
    """Every fourth sample and those beside it count whole, those half way to the next by half: four in all."""
    weight = np.stack([wavelet.centred_means(row[None], np.ones((1, 17), bool), 4)[0] for row in np.eye(17)])
    np.testing.assert_allclose(weight[4:13, 2], [0, 0, 1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8, 0, 0], atol=1e-15)
    np.testing.assert_allclose(weight.sum(axis=0), 1.0, rtol=1e-12)
