"""What instruments do to a known wave, against the transfer function of an average; noise, gaps and flags by count."""

import numpy as np
import pytest

from pipeline import schema
from pipeline.resample import resample
from pipeline.simulate import Instruments, Rope, Settings, Turbulence, Waves, measure, observe, realise, uniform

SMOOTH = Turbulence(wind=0, sheath=0, ejecta=0, density=0)
PERFECT = Instruments(
    b_noise_nt=0, v_noise_km_s=0, n_noise=0, gaps=0, density_gaps=0, long_gaps=0, search_s=0, flagged=0
)
SWE = {"wind": ("WI_H0_MFI", "WI_H1_SWE")}
SHORT = {"before_h": 1, "sheath_h": 0, "ejecta_h": 8, "after_h": 1, "sampling_s": 1.0}


def pure(period_s, sigma_c=-1.0, sigma_r=0.0, instruments=PERFECT, alpha_ratio=0.0, **more):
    """One wave of `period_s` everywhere, seen by the given instruments."""
    waves = Waves(sigma_c=sigma_c, sigma_r=sigma_r, periods_s=(100.0, 3600.0), db_over_b=0.2)
    chosen = Settings(
        **{**SHORT, **more},
        waves=waves,
        turbulence=SMOOTH,
        instruments=instruments,
        rope=Rope(expansion_km_s=0, alpha_ratio=alpha_ratio),
    )
    return uniform(chosen, period_s)


def amplitude(time, values, period_s, start):
    """Complex amplitude (component) of one period, by least squares over all samples that are there."""
    t = (time - np.datetime64(start, "ns")) / np.timedelta64(1, "s")
    there = np.isfinite(values).all(axis=1)
    w = 2 * np.pi * t[there] / period_s
    basis = np.stack([np.ones_like(w), np.cos(w), np.sin(w)], axis=1)
    found = np.linalg.lstsq(basis, values[there], rcond=None)[0]
    return found[1] - 1j * found[2]


def seen(draw, spacecraft, period_s):
    """Amplitudes of v (km/s) and of B in Alfvén units with the literature's 21.812 km/s per nT, protons only."""
    raw = observe(draw, spacecraft)
    period_s = draw.settings.duration_s / round(draw.settings.duration_s / period_s)
    v = amplitude(raw["time_plasma"].values, raw["v"].values, period_s, draw.settings.start)
    b = amplitude(raw["time_mag"].values, raw["b"].values, period_s, draw.settings.start)
    return v, b * 21.812 / np.sqrt(5.0)


def sigmas(v, b):
    kinetic, magnetic = np.vdot(v, v).real, np.vdot(b, b).real
    return 2 * np.vdot(b, v).real / (kinetic + magnetic), (kinetic - magnetic) / (kinetic + magnetic)


@pytest.mark.parametrize(
    ("spacecraft", "millihertz", "sigma_r"),  # computed for the boxcars of 64 s against 16 s, and 92 s against 3 s
    [
        *(("ace", f, s) for f, s in ((1, -0.006), (2, -0.025), (5, -0.163), (10, -0.64))),
        *(("wind", f, s) for f, s in ((1, -0.014), (2, -0.056), (5, -0.36), (10, -0.985))),
    ],
)
def test_unequal_accumulations_lower_sigma_r_as_computed(spacecraft, millihertz, sigma_r):
    period_s = 1e3 / millihertz
    v, b = seen(pure(period_s, products=SWE), spacecraft, period_s)
    # the numbers are rounded to their last digit; the period is rounded to whole cycles in 10 h (1 % at 1 mHz)
    assert sigmas(v, b)[1] == pytest.approx(sigma_r, abs=0.006 if millihertz > 2 else 0.0011)


@pytest.mark.parametrize("spacecraft", ["ace", "wind"])
def test_averages_follow_the_sinc_and_stamps_are_centres(spacecraft):
    period_s = 200.0
    draw = pure(period_s, products=SWE)
    widths = {"ace": (64.0, 16.0), "wind": (92.0, 3.0)}[spacecraft]
    v, b = seen(draw, spacecraft, period_s)
    # 0.2 of 18 nT turning in a plane: the same amplitude in each of two directions
    true = 0.2 * 18 * 21.812 / np.sqrt(5.0)
    for found, width in zip((v, b), widths, strict=True):
        assert np.linalg.norm(found) / np.sqrt(2) == pytest.approx(true * np.sinc(width / 200), rel=2e-4)
    # sigma_c = -1: v = -b at every moment, so no phase between them but half a turn: 0.1 degree is 0.06 s
    assert np.degrees(np.angle(-np.vdot(b, v))) == pytest.approx(0, abs=0.1)


def test_a_clock_error_of_24_s_turns_sigma_c_to_0_729_at_5_mhz():
    draw = pure(200.0, instruments_of={"AC_H0_SWE": PERFECT.model_copy(update={"clock_error_s": 24.0})})
    v, b = seen(draw, "ace", 200.0)
    assert np.vdot(b, v).real / np.sqrt(np.vdot(v, v).real * np.vdot(b, b).real) == pytest.approx(-0.729, abs=1e-3)


@pytest.mark.parametrize(
    ("alpha_ratio", "sigma_r", "sigma_c"), [(0.04, -0.074, 0.997), (0.08, -0.138, 0.990), (0.15, -0.231, 0.973)]
)
def test_alphas_left_out_lower_sigma_r_as_computed(alpha_ratio, sigma_r, sigma_c):
    found = sigmas(*seen(pure(3600.0, alpha_ratio=alpha_ratio), "ace", 3600.0))
    assert found == pytest.approx((-sigma_c, sigma_r), abs=1e-3)  # the longest averages make 0.0005 at an hour


@pytest.mark.parametrize("ratio", [0.2, 0.5, 1.0])
def test_two_waves_of_unequal_amplitude(ratio):
    """Case f: z_minus over z_plus amplitude q, uncorrelated: sigma_c = (1 - q^2) / (1 + q^2), sigma_r = 0."""
    sigma_c = (1 - ratio**2) / (1 + ratio**2)
    assert sigmas(*seen(pure(3600.0, sigma_c), "ace", 3600.0)) == pytest.approx((sigma_c, 0), abs=1e-3)


def test_noise_of_a_third_of_the_velocity_through_the_pipeline():
    """Case e: SNR 3 in v alone gives sigma_c 0.947 and sigma_r +0.053; case a, without it, 1 and 0."""
    rms = 0.2 * 18 * 21.812 / np.sqrt(5.0)
    for noise, expected in ((0.0, (1.0, 0.0)), (rms / 3 / np.sqrt(3), (0.947, 0.053))):
        draw = pure(3600.0, sigma_c=1.0, instruments=PERFECT.model_copy(update={"v_noise_km_s": noise}), ejecta_h=30)
        raw = observe(draw, "ace")
        time = raw["time_plasma"].values
        edges = np.append(time, time[-1] + np.timedelta64(64, "s")) - np.timedelta64(32, "s")
        uniform_data = resample(raw, edges, 0.5)
        v, b = uniform_data["v"].values, uniform_data["b_matched"].values * 21.812 / np.sqrt(5.0)
        there = np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1)
        v, b = (x[there] - x[there].mean(axis=0) for x in (v, b))
        kinetic, magnetic, cross = np.sum(v**2), np.sum(b**2), np.sum(v * b)
        found = 2 * cross / (kinetic + magnetic), (kinetic - magnetic) / (kinetic + magnetic)
        # 2000 samples of three components: one sigma of the noise power is 2 % of 0.1
        assert found == pytest.approx(expected, abs=0.006 if noise else 1e-3)


def test_noise_is_the_chosen_one():
    draw = realise(Settings(turbulence=SMOOTH, products=SWE))
    quiet = realise(Settings(turbulence=SMOOTH, products=SWE, instruments=PERFECT))
    for spacecraft, product in (("ace", "AC_H0_SWE"), ("wind", "WI_H0_MFI"), ("wind", "WI_H1_SWE")):
        noisy, clean = (measure(d, spacecraft, product) for d in (draw, quiet))
        for name, expected in (("b", 0.05), ("v", 1.0)):
            if name in noisy:
                assert np.std((noisy[name] - clean[name]).values) == pytest.approx(expected, rel=0.05)
        if "n" in noisy:
            relative = (noisy["n"] / clean["n"] - 1).values
            assert np.std(relative) == pytest.approx(0.03, rel=0.1)  # 1500 samples or more: 2 % one sigma
        assert np.abs((noisy["position"] - clean["position"]).values).max() == 0


def test_gaps_and_flags_come_in_the_chosen_numbers():
    instruments = Instruments(gaps=0.05, density_gaps=0.1, long_gaps=0, search_s=0, flagged=0.02)
    draw = realise(Settings(sampling_s=8.0, instruments=instruments))
    for spacecraft, product, flags in (
        ("wind", "WI_PM_3DP", True),
        ("wind", "WI_H0_MFI", True),
        ("ace", "AC_H0_SWE", False),
    ):
        seen = measure(draw, spacecraft, product)
        lost = seen["lost"].values.mean()
        size = seen["time"].size
        # four binomial standard deviations; what SWEPAM would flag is not delivered at all
        assert lost == pytest.approx(0.05 if flags else 1 - 0.95 * 0.98, abs=4 * np.sqrt(0.07 / size))
        flagged = seen["flagged"].values.mean()
        spans = size / 20 if product == "WI_H0_MFI" else size  # a flag of MFI holds for a minute
        assert flagged == pytest.approx(0.02 if flags else 0, abs=4 * np.sqrt(0.02 / spans))
        expected = 0 if product == "WI_H0_MFI" else 0.1
        dense = seen["lost_density"].values.sum() / (~seen["lost"].values).sum()
        assert dense == pytest.approx(expected, abs=4 * np.sqrt(0.09 / size))


def test_a_flag_of_mfi_holds_for_whole_minutes():
    draw = realise(Settings(sampling_s=8.0, instruments=PERFECT.model_copy(update={"flagged": 0.3})))
    seen = measure(draw, "wind", "WI_H0_MFI")
    minute = seen["time"].values.astype("datetime64[m]")
    flagged = set(minute[seen["flagged"].values])
    assert not flagged & set(minute[~seen["flagged"].values])
    assert len(flagged) == pytest.approx(0.3 * 2280, abs=90)  # four standard deviations


def test_long_gaps_and_searches_are_where_they_belong():
    searching = PERFECT.model_copy(update={"search_s": 128.0})
    draw = realise(Settings(sampling_s=8.0, instruments=searching))
    seen = measure(draw, "ace", "AC_H0_SWE")
    t = (seen["time"].values - seen["time"].values[0]) / np.timedelta64(1, "s")
    starts = t[1:][np.diff(seen["lost"].values.astype(int)) == 1]
    assert np.diff(starts).mean() == pytest.approx(1860, abs=64)
    assert seen["lost"].values.mean() == pytest.approx(128 / 1860, rel=0.1)
    assert not measure(draw, "ace", "AC_H0_MFI")["lost"].values.any()
    gaps = PERFECT.model_copy(update={"long_gaps": 1, "long_gap_s": 1600.0})
    for product in ("AC_H0_MFI", "AC_H0_SWE"):
        seen = measure(realise(Settings(sampling_s=8.0, instruments=gaps)), "ace", product)
        (lost,) = np.nonzero(seen["lost"].values)
        assert lost.size == 1600 / (16 if product == "AC_H0_MFI" else 64)
        assert np.all(np.diff(lost) == 1)


@pytest.mark.parametrize("products", [{}, SWE])
@pytest.mark.parametrize("spacecraft", ["ace", "wind"])
def test_what_is_observed_is_raw_data_of_the_pipeline(spacecraft, products):
    draw = realise(Settings(products=products, event="virtual", sampling_s=8.0))
    raw = observe(draw, spacecraft)
    schema.check(raw, "raw")
    plasma = {"ace": "AC_H0_SWE", "wind": "WI_H1_SWE" if products else "WI_PM_3DP"}[spacecraft]
    assert raw.attrs["product_plasma"] == plasma
    assert raw.attrs["accumulation_plasma_s"] == {"AC_H0_SWE": 64, "WI_H1_SWE": 92, "WI_PM_3DP": 3}[plasma]
    assert ("v_error" in raw) == (plasma == "WI_H1_SWE")
    for clock in ("mag", "plasma"):
        step = np.diff(raw[f"time_{clock}"].values) / np.timedelta64(1, "s")
        assert np.all(step == raw.attrs[f"accumulation_{clock}_s"])
    assert np.abs(raw["b"]).max() < 40  # nothing of what a flag marks
    assert 0.9 < float(np.isfinite(raw["n"]).mean()) < 1
    assert raw["position"].attrs["frame"] == raw["v"].attrs["frame"] == "GSE"
    assert "sigma_c" not in str(raw.attrs)  # the data do not tell the truth
