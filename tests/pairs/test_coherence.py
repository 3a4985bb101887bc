"""Coherence of two spacecraft: waves at another phase are coherent, other waves are not."""

import numpy as np
import pytest
from simulated_pairs import STEP_S, red_noise, rows, spacecraft

from pipeline.pairs import coherence
from pipeline.physics.smoothing import band_pass
from pipeline.tables import tidy

N = 1500
TABLE = rows(
    ("one", "ejecta", 5, 20), ("one", "alfvenic_1", 12, 18), ("one", "short", 12, 12.5), ("one", "nowhere", None, None)
)
QUICK = coherence.Settings(surrogates=40, longest_s=5400)


def waves(rng, n=N):
    w = band_pass(rng.standard_normal((n + 600, 3)), 600, 3600, STEP_S)[300:-300]
    return w / np.std(w)


def turned(w, phase):
    """Every frequency moved by one phase (rad), positive: later."""
    spectrum = np.fft.rfft(w, axis=0) * np.exp(-1j * phase)
    return np.fft.irfft(spectrum, len(w), axis=0)


def pair(rng, first, second, noise=0.3):
    slow = 5 * red_noise(rng, (3, N), 3.0).T
    return tuple(spacecraft(name, slow + w + noise * waves(rng)) for name, w in (("one", first), ("two", second)))


@pytest.mark.parametrize("phase", [-90, 0, 60, 150])
def test_one_wave_at_two_phases_is_coherent_with_that_phase(phase):
    rng = np.random.default_rng(1)
    w = waves(rng)
    found = coherence.compute(*pair(rng, w, turned(w, np.radians(phase))), TABLE, 0.0, QUICK)
    row = found.sel(interval="alfvenic_1", quantity="vector")
    assert float(row["coherency"]) > 0.8
    assert float(row["coherency_p"]) < 0.05
    error = float(row["phase_band"]) - phase
    assert abs((error + 180) % 360 - 180) < max(8, 3 * float(row["phase_error"]))
    assert float(row["significant_fraction"]) > 0.8


def test_a_delay_that_the_lag_takes_out_leaves_no_phase():
    rng = np.random.default_rng(2)
    w = waves(rng, N + 30)
    one, two = pair(rng, w[30:], w[:-30])
    found = coherence.compute(one, two, TABLE, 30 * STEP_S, QUICK)
    row = found.sel(interval="alfvenic_1", quantity="vector")
    assert float(row["coherency"]) > 0.8
    assert abs(float(row["phase_band"])) < max(8, 3 * float(row["phase_error"]))


def test_p_values_of_other_waves_are_uniform_and_the_map_exceeds_its_threshold_as_often_as_it_says():
    rng = np.random.default_rng(3)
    p, share = [], []
    for _ in range(8):
        found = coherence.compute(*pair(rng, waves(rng), waves(rng), 0.0), TABLE[:2], 0.0, QUICK)
        row = found.sel(interval="alfvenic_1", quantity=["b_x", "b_y", "b_z"])
        p.append(row["coherency_p"].values)
        share.append(row["significant_fraction"].values)
    assert 0.25 < np.median(p) < 0.75
    assert np.mean(np.array(p) <= 0.1) < 0.25
    assert np.mean(share) == pytest.approx(0.05, abs=0.04)


def test_rows_without_value_say_why_and_maps_carry_their_coordinates():
    rng = np.random.default_rng(4)
    one, two = pair(rng, waves(rng), waves(rng))
    two["b"][700:1100] = np.nan
    found = coherence.compute(one, two, TABLE, 0.0, QUICK)
    reason = found["reason"].sel(quantity="vector")
    assert "shorter than the band's longest period" in str(reason.sel(interval="short").values)
    assert "no times on the grid" in str(reason.sel(interval="nowhere").values)
    assert "usable, less than 50%" in str(reason.sel(interval="alfvenic_1").values)
    assert found["coherence"].dims == ("time", "period", "quantity")
    inside = (found["time"] > one["time"].values[800]) & (found["time"] < one["time"].values[1000])
    assert np.isnan(found["coherence"].sel(time=found["time"][inside])).all()
    unknown = coherence.compute(one, two, TABLE, np.nan, QUICK)
    assert (unknown["reason"] == "no lag").all()


def test_a_field_of_constant_strength_has_no_coherence_and_says_why():
    """Unit vectors that turn: |B| is 1 but for rounding, which would be coherent with itself."""
    rng = np.random.default_rng(9)
    one, two = pair(rng, waves(rng), waves(rng))
    one, two = (ds.assign(b_mag=ds["b_mag"].copy(data=5.0 * (1 + 2e-16 * rng.integers(-1, 2, N)))) for ds in (one, two))
    found = coherence.compute(one, two, TABLE, 0.0, QUICK)
    assert found["map_reason"].sel(quantity="b_mag") == "a field without variance"
    assert (found["map_reason"].sel(quantity=["b_x", "vector"]) == "").all()
    for name in ("coherence", "phase", "threshold"):
        assert np.isnan(found[name].sel(quantity="b_mag")).all()
    row = found.sel(interval="alfvenic_1", quantity="b_mag")
    assert row["reason"] == "a field without variance"
    assert np.isnan(row["coherency_octave"]).all()


def test_strength_that_is_constant_for_some_hours_has_no_coherence_in_them():
    rng = np.random.default_rng(10)
    one, two = pair(rng, waves(rng), waves(rng))
    quiet = np.abs(np.arange(N) - 750) < 400
    one = one.assign(b_mag=one["b_mag"].copy(data=np.where(quiet, 5.0, 5 + waves(rng)[:, 0])))
    two = two.assign(b_mag=two["b_mag"].copy(data=np.where(quiet, 5.0, 5 + waves(rng)[:, 0])))
    found = coherence.compute(one, two, TABLE, 0.0, coherence.Settings(surrogates=20, longest_s=1200))
    here = found["coherence"].sel(quantity="b_mag").sel(period=300, method="nearest")
    middle = abs(np.arange(N)[:: round(N / here.size)][: here.size] - 750) < 300
    assert np.isnan(here.values[middle]).all()
    assert np.isfinite(here.values[~middle]).any()


def test_octaves_have_stable_names_and_the_coherency_of_their_periods():
    rng = np.random.default_rng(11)
    w = waves(rng)
    found = coherence.compute(*pair(rng, w, turned(w, np.radians(60))), TABLE, 0.0, QUICK)
    table = tidy([found]).set_index(["interval", "quantity"])
    assert [c for c in table if c.startswith("coherency_octave")] == [
        f"coherency_octave_{name}_min" for name in ("5_to_10", "10_to_20", "20_to_40", "40_to_80", "80_to_160")
    ]
    assert not [c for c in table if "spectrum" in c]
    row = table.loc[("alfvenic_1", "vector")]
    spectrum = found["coherency_spectrum"].sel(region="alfvenic_1", quantity="vector", period=slice(1200, 2400))
    low, high = float(spectrum.min()), float(spectrum.max())
    assert low <= row["coherency_octave_20_to_40_min"] <= high
    assert row["phase_octave_20_to_40_min"] == pytest.approx(60, abs=15)
    assert np.isnan(row["coherency_octave_80_to_160_min"])  # the map ends at 90 min
