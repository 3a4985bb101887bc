"""The virtual event: boundaries, lag, waves and misfit are where and what was chosen, and the truth says so."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.simulate import Second, Settings, Turbulence, Waves, event_rows, realise, uniform, write_truth

SMOOTH = Turbulence(wind=0, sheath=0, ejecta=0, density=0)
ALIKE = Second(impact_change=0.0)
COARSE = {"sampling_s": 30.0}


def seconds(settings, time):
    return (np.asarray(time, "datetime64[ns]") - np.datetime64(settings.start, "ns")) / np.timedelta64(1, "s")


def interval(realisation, spacecraft, first="alfvenic_start", last="alfvenic_end"):
    """The true series of an interval [start, end)."""
    ds, edges = realisation.series[spacecraft], realisation.truth["boundaries"][spacecraft]
    time = ds["time"].values
    return ds.isel(time=(time >= np.datetime64(edges[first])) & (time < np.datetime64(edges[last])))


def test_one_seed_is_one_draw_and_blocks_do_not_disturb_each_other():
    settings = Settings(**COARSE)
    b = realise(settings).series["wind"]["b"]
    assert b.equals(realise(settings).series["wind"]["b"])
    assert not b.equals(realise(Settings(seed=1, **COARSE)).series["wind"]["b"])
    other = realise(Settings(waves=Waves(db_over_b=0), second=Second(misfit_nt=2), **COARSE))
    assert other.series["wind"]["n"].equals(realise(settings).series["wind"]["n"])
    quiet = interval(realise(settings), "ace", "sheath_start", "ejecta_start")["b"]
    assert quiet.equals(interval(other, "ace", "sheath_start", "ejecta_start")["b"])


def test_shock_and_boundaries_are_seen_where_the_truth_has_them():
    settings = Settings(turbulence=SMOOTH, waves=Waves(db_over_b=0), second=Second(stretch=1.1), **COARSE)
    realisation = realise(settings)
    for name, ds in realisation.series.items():
        t = seconds(settings, ds["time"].values)
        edges = {k: seconds(settings, v) for k, v in realisation.truth["boundaries"][name].items()}
        jump = np.flatnonzero(np.diff(ds["n"].values) > 3)  # 6 to 15 cm-3 in one step
        assert jump.size == 1
        assert t[jump[0]] < edges["sheath_start"] <= t[jump[0] + 1]
        assert "alfvenic_start" not in edges
        inside = (t > edges["ejecta_start"]) & (t < edges["ejecta_end"])
        cool = ds["temperature"].values < 6e4  # half way from 8e4 (wind) or above (sheath) to 4e4 K
        assert t[inside & ~cool].size * 30 < 200  # half a boundary's width at both ends
        assert not np.any(cool & ~inside)


def test_no_sheath_means_no_shock_and_no_row_of_it():
    settings = Settings(sheath_h=0, turbulence=SMOOTH, **COARSE)
    realisation = realise(settings)
    assert "sheath_start" not in realisation.truth["boundaries"]["ace"]
    assert float(realisation.series["ace"]["n"].max()) <= 6.0 + 1e-9
    assert event_rows(settings)[0]["sheath_start"] == ""


@pytest.mark.parametrize(("lag_s", "stretch"), [(2400.0, 1.0), (-900.0, 1.0), (2400.0, 1.07)])
def test_the_second_spacecraft_sees_the_same_later(lag_s, stretch):
    settings = Settings(
        turbulence=SMOOTH,
        waves=Waves(shared=1),
        second=Second(lag_s=lag_s, stretch=stretch, impact_change=0),
        sampling_s=10.0,
    )
    realisation = realise(settings)
    first, second = (realisation.series[name] for name in ("ace", "wind"))
    t = seconds(settings, first["time"].values)
    anchor = seconds(settings, realisation.truth["boundaries"]["ace"]["ejecta_start"])
    later = anchor + lag_s + stretch * (t - anchor)
    kept = (later > t[0]) & (later < t[-1]) & (np.abs(t - anchor) < 17 * 3600) & (np.abs(t - anchor) > 300)
    for k in range(3):
        there = np.interp(later[kept], t, second["b"].values[:, k])
        # linear between samples 10 s apart; the waves' edges bend most: (10 pi / 120)^2 / 16 of 15 nT
        np.testing.assert_allclose(there, first["b"].values[kept, k], atol=0.1)
    assert realisation.truth["lag_s"] == lag_s
    a, b = realisation.truth["map"]["a_s"], realisation.truth["map"]["b"]
    assert a + b * anchor == pytest.approx(anchor + lag_s)
    assert b == stretch


def test_position_explains_the_lag():
    realisation = realise(Settings(**COARSE))
    first, second = (realisation.series[name]["position"].values for name in ("ace", "wind"))
    assert (first - second)[:, 0] / 420 == pytest.approx(2400)  # at the rope's speed
    assert np.all(np.abs((second - first)[:, 1] - 1.2e6) < 1)


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_waves_correlate_between_the_spacecraft_as_chosen(shared):
    draws = [
        realise(Settings(seed=seed, waves=Waves(shared=shared, duration_h=16), **COARSE)).truth["wave_correlation"]
        for seed in range(40)
    ]
    # 16 h hold some 40 independent values of each component: 0.1 a draw, 0.016 the mean. The same waves are turned
    # a little by the field of another impact, which they lie across.
    assert np.mean(draws) == pytest.approx(shared, abs=0.05 if shared < 1 else 5e-3)


@pytest.mark.parametrize("phase_deg", [0, 60, 90, 180])
def test_the_same_waves_at_a_shifted_phase_correlate_by_its_cosine(phase_deg):
    waves = Waves(shared=1, phase_deg=phase_deg, duration_h=17, before_end_h=0.5, edge_s=0)
    realisation = realise(Settings(waves=waves, turbulence=SMOOTH, second=ALIKE, **COARSE))
    # <cos(wt) cos(wt - phase)> = cos(phase) / 2 for each period, up to the ends of the interval
    assert realisation.truth["wave_correlation"] == pytest.approx(np.cos(np.radians(phase_deg)), abs=0.05)


def test_shifted_waves_arrive_later_than_the_rope_by_the_shift():
    waves = Waves(shared=1, shift_s=300.0)
    realisation = realise(Settings(waves=waves, turbulence=SMOOTH, second=ALIKE, **COARSE))
    first, second = (realisation.series[name]["db"].values for name in ("ace", "wind"))
    lags = np.arange(60, 120)  # of 30 s
    r = [np.sum(first[: -lag or None] * second[lag:]) for lag in lags]
    assert lags[np.argmax(r)] * 30 == 2400 + 300
    assert realisation.truth["wave_correlation"] < 0.9


@pytest.mark.parametrize("perpendicular", [True, False])
def test_exact_waves_have_just_the_chosen_numbers_at_both_spacecraft(perpendicular):
    waves = Waves(exact=True, sigma_c=0.7, sigma_r=-0.3, db_over_b=0.25, perpendicular=perpendicular)
    realisation = realise(Settings(waves=waves, second=Second(stretch=0.95), **COARSE))
    for name in ("ace", "wind"):
        assert realisation.truth["realised"][name] == pytest.approx(
            {"sigma_c": 0.7, "sigma_r": -0.3, "r_a": 0.7 / 1.3, "db_over_b": 0.25}
        )


def test_truth_is_what_the_series_hold():
    """sigma_c, sigma_r and dB/B from v, B and n alone, in a constant field without turbulence."""
    ds = uniform(Settings(turbulence=SMOOTH, **COARSE))
    v, b = (ds.series["wind"][x].values for x in ("v", "b"))
    alfven = b * 21.812 / np.sqrt(5.0 * (1 + 4 * 0.05))  # km/s per nT of the literature, four protons an alpha
    inside = seconds(ds.settings, ds.series["wind"]["time"].values) >= 2400
    both = np.cov(np.hstack([v, alfven])[inside].T, bias=True)
    kinetic, magnetic = np.trace(both[:3, :3]), np.trace(both[3:, 3:])
    realised = ds.truth["realised"]["wind"]
    assert realised["sigma_c"] == pytest.approx(2 * np.trace(both[:3, 3:]) / (kinetic + magnetic), abs=1e-4)
    assert realised["sigma_r"] == pytest.approx((kinetic - magnetic) / (kinetic + magnetic), abs=1e-4)
    assert realised["db_over_b"] == pytest.approx(np.sqrt(np.sum(np.var(b[inside], axis=0))) / 18.0, rel=1e-4)


def test_realised_numbers_scatter_around_the_chosen_ones():
    realised = [realise(Settings(seed=s, sampling_s=60.0)).truth["realised"] for s in range(60)]
    table = np.array(
        [[r[n][k] for k in ("sigma_c", "sigma_r", "db_over_b")] for r in realised for n in ("ace", "wind")]
    )
    # one draw of 6 h scatters by 0.03, 0.06 and 0.03; 120 draws of which pairs are half alike
    assert table.mean(axis=0) == pytest.approx((-0.85, -0.1, 0.3), abs=0.02)


def test_density_varies_about_its_mean_by_the_chosen_share():
    turbulence = Turbulence(density=0.3)
    n = np.stack(
        [uniform(Settings(seed=s, turbulence=turbulence, sampling_s=60.0)).series["ace"]["n"].values for s in range(60)]
    )
    # some 30 independent values a draw: 0.3 / sqrt(1800) is 0.007 one sigma; log-normal, so 0.307 of the mean
    assert n.mean() == pytest.approx(5.0, rel=0.025)
    assert n.std() / n.mean() == pytest.approx(0.307, rel=0.05)


def test_waves_across_the_field_leave_its_strength_alone():
    def compressibility(**more):
        chosen = interval(uniform(Settings(turbulence=SMOOTH, waves=Waves(db_over_b=0.1, **more), **COARSE)), "ace")
        b = chosen["b"].values
        return np.var(np.linalg.norm(b, axis=1)) / np.sum(np.var(b, axis=0))

    # to second order |B| varies by dB^2 / 2B: (dB/B)^2 / 4 of the variance at dB/B = 0.1, some more for its tails
    assert compressibility() < 0.01
    assert compressibility(perpendicular=False) == pytest.approx(1 / 3, abs=0.1)


def test_misfit_lowers_the_correlation_by_its_share_of_the_variance():
    """Separation alone: r = sqrt(var / (var + m^2)) per component, without waves or turbulence."""
    errors = []
    for seed in range(40):
        chosen = Settings(seed=seed, turbulence=SMOOTH, waves=Waves(db_over_b=0), sampling_s=60.0)
        chosen = chosen.model_copy(update={"second": Second(lag_s=0, impact_change=0, misfit_nt=4.0)})
        draw = realise(chosen)
        first, second = (interval(draw, n, "ejecta_start", "ejecta_end")["b"].values for n in ("ace", "wind"))
        for k in range(3):
            variance = np.var(first[:, k])
            r = np.corrcoef(first[:, k], second[:, k])[0, 1]
            errors.append(r - np.sqrt(variance / (variance + 16)))
    # slow noise leaves one to three independent values in 18 h, so one r scatters by 0.1 to 0.2
    assert np.mean(errors) == pytest.approx(0, abs=0.05)


def test_equal_misfit_with_different_rotation_gives_different_r():
    """Case i of the reference cases: the variance trap of Pearson's r."""
    draws = []
    for longitude_deg, impact in ((100.0, 0.0), (100.0, 0.85)):
        chosen = Settings(
            turbulence=SMOOTH,
            waves=Waves(db_over_b=0),
            rope={"longitude_deg": longitude_deg, "impact": impact},
            second=Second(lag_s=0, impact_change=0, misfit_nt=3.0),
            **COARSE,
        )
        draw = realise(chosen)
        draws.append([interval(draw, n, "ejecta_start", "ejecta_end")["b"].values for n in ("ace", "wind")])
    (a1, w1), (a2, w2) = draws
    np.testing.assert_allclose(w1 - a1, w2 - a2, atol=1e-9)
    r1, r2 = (np.corrcoef(a[:, 2], w[:, 2])[0, 1] for a, w in draws)
    assert r1 > r2 + 0.1


def test_independent_waves_lower_r_by_their_share_of_the_variance():
    """Case g: r = var_LS / (var_LS + var_AF) where both spacecraft see waves of their own on one rope."""
    r, expected = [], []
    for seed in range(40):
        draw = realise(
            Settings(
                seed=seed, turbulence=SMOOTH, waves=Waves(shared=0), second=Second(lag_s=0, impact_change=0), **COARSE
            )
        )
        first, second = (interval(draw, n) for n in ("ace", "wind"))
        for k in range(3):
            slow = np.var(first["b0"].values[:, k])
            fast = np.mean([np.mean((x["b"] - x["b0"]).values[:, k] ** 2) for x in (first, second)])
            r.append(np.corrcoef(first["b"].values[:, k], second["b"].values[:, k])[0, 1])
            expected.append(slow / (slow + fast))
    # one r scatters by 0.1 to 0.2, 120 of them by 0.02
    assert np.mean(r) == pytest.approx(np.mean(expected), abs=0.05)


def test_independent_red_noise_reaches_the_known_correlation_through_a_lag_search():
    """Case h: 6 h at 1 min, lags to an hour: 95th percentile of the highest r is 0.74 (computed elsewhere)."""
    highest = []
    for seed in range(150):
        chosen = Settings(
            **{"seed": seed, "sampling_s": 60.0, "before_h": 1, "sheath_h": 0, "ejecta_h": 24, "after_h": 1},
            waves=Waves(db_over_b=0, duration_h=1),
            turbulence=Turbulence(ejecta=0.3, shared=0, density=0, longest_period_s=26 * 3600.0),
        )
        draw = uniform(chosen)
        first, second = (draw.series[n]["b"].values[:, 0] for n in ("ace", "wind"))
        x = first[60 : 60 + 360]
        highest.append(max(np.corrcoef(x, second[k : k + 360])[0, 1] for k in range(121)))
    # the 95th percentile of 150 draws scatters by 0.03
    assert np.percentile(highest, 95) == pytest.approx(0.74, abs=0.09)


def test_truth_is_written_as_plain_json(tmp_path):
    realisation = realise(Settings(waves=Waves(db_over_b=0), **COARSE))
    write_truth(realisation, tmp_path / "truth.json")
    truth = json.loads((tmp_path / "truth.json").read_text(), parse_constant=pytest.fail)  # no NaN
    assert truth["realised"]["wind"]["sigma_c"] is None
    assert Settings(**truth["settings"]) == realisation.settings


def test_one_spacecraft_alone_is_an_event_too():
    realisation = realise(Settings(spacecraft=("wind",), **COARSE))
    assert set(realisation.series) == {"wind"}
    assert "lag_s" not in realisation.truth


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"waves": {"sigma_c": 0.9, "sigma_r": 0.9}}, "outside the unit circle"),
        ({"waves": {"duration_h": 30}}, "longer than the ejecta"),
        ({"waves": {"periods_s": (3600.0, 600.0)}}, "shortest period first"),
        ({"waves": {"periods_s": (2.0, 600.0)}}, "sampling_s"),
        ({"rope": {"latitude_deg": 0, "longitude_deg": 180}}, "along the Sun-Earth line"),
        ({"rope": {"impact": 0.94}, "second": {"impact_change": 0.1}}, "misses the rope"),
        ({"products": {"wind": ("WI_H0_MFI",)}}, "needs a field and a plasma product"),
        ({"products": {"wind": ("WI_H9_MFI",)}}, "unknown product 'WI_H9_MFI'"),
        ({"instruments_of": {"SWE": {}}}, "unknown product 'SWE'"),
        ({"spacecraft": ("ace", "ace")}, "twice"),
        ({"sead": 1}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValidationError, match=message):
        Settings(**wrong)
