"""Detection against simulated events whose Alfvénic interval, or absence of any, is known."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pydantic import ValidationError

from pipeline import detect, intervals
from pipeline.constants import ALFVEN_FACTOR

CADENCE_S, HOURS = 64.0, 3600.0
SHEATH, EJECTA, END, RECORD = 12 * HOURS, 22 * HOURS, 46 * HOURS, 60 * HOURS
EPOCH = np.datetime64("2001-12-29", "ns")
QUICK = detect.Settings(ensemble_bands_s=((600.0, 3600.0),), ensemble_density=("window_mean",))


def at(seconds):
    return EPOCH + np.timedelta64(round(seconds * 1e9), "ns")


def red(rng, n, channels, shortest_s=0.0, longest_s=np.inf, slope=5 / 3):
    frequency = np.fft.rfftfreq(n, CADENCE_S)
    inside = (frequency > 0) & (frequency >= 1 / longest_s) & (frequency * shortest_s <= 1)
    amplitude = np.where(inside, np.where(frequency > 0, frequency, 1.0) ** (-slope / 2), 0.0)
    x = np.fft.irfft(np.fft.rfft(rng.standard_normal((channels, n))) * amplitude, n).T
    return x / x.std(axis=0)


def table():
    rows = [("wind", "sheath", at(SHEATH), at(EJECTA), "given"), ("wind", "ejecta", at(EJECTA), at(END), "given")]
    return pd.DataFrame(rows, columns=intervals.COLUMNS)


def event(seed, background=0.03, wave=None, missing=0.02):
    """A rotating rope behind a sheath, in independent red v and b of rms `background` V_A; uniform data, V_A.

    wave: (start_s, end_s, sigma_c, sigma_r, db/B): fluctuations of periods 5 min to 1 h inside the window.
    """
    rng = np.random.default_rng(seed)
    n = int(RECORD / CADENCE_S)
    t = np.arange(n) * CADENCE_S
    density, strength = rng.uniform(3, 9), rng.uniform(8, 18)
    per_nt = ALFVEN_FACTOR / np.sqrt(density)
    speed = strength * per_nt
    through = np.clip((t - EJECTA) / (END - EJECTA), 0, 1)
    angle = np.pi * (0.9 * through - 0.5)
    profile = np.interp(
        t, [0, SHEATH, SHEATH + 900, EJECTA, EJECTA + 900, END, END + 900], [0.4, 0.4, 0.7, 0.7, 1, 0.8, 0.4]
    )
    b = np.stack((0.5 + 0 * t, np.sin(angle), np.cos(angle)), axis=1)
    b *= (speed * profile / np.linalg.norm(b, axis=1))[:, None]
    v = np.stack((-450 - 40 * through, 0 * t, 0 * t), axis=1)
    in_sheath = ((t > SHEATH) & (t < EJECTA))[:, None] * 0.2 * speed * (background > 0)
    for x in (v, b):
        x += red(rng, n, 3) * background * speed + red(rng, n, 3, longest_s=7200) * in_sheath
    v += rng.standard_normal((n, 3)) * 1.5
    b += rng.standard_normal((n, 3)) * 0.05 * per_nt
    if wave:
        dv, db = wave_fields(rng, n, *wave[2:4])
        inside = ((t >= wave[0]) & (t < wave[1]))[:, None] * wave[4] * speed
        v, b = v + dv * inside, b + db * inside
    v[rng.random(n) < missing] = np.nan
    return dataset(t, v, b / per_nt, density), speed


def wave_fields(rng, n, sigma_c, sigma_r):
    """dv, db with the given ratios, db of rms 1."""
    first, second = red(rng, n, 3, 300, 3600), red(rng, n, 3, 300, 3600)
    r = sigma_c / np.sqrt(1 - sigma_r**2)
    ratio = np.sqrt((1 + sigma_r) / (1 - sigma_r))
    return ratio * (r * first + np.sqrt(1 - r**2) * second) / np.sqrt(3), first / np.sqrt(3)


def dataset(t, v, b, density):
    return xr.Dataset(
        {
            "v": (("time", "component"), v),
            "b_matched": (("time", "component"), b),
            "n": ("time", np.full(len(t), density)),
            "alpha_ratio": ("time", np.zeros(len(t))),
        },
        {"time": at(0) + (t * 1e9).astype("timedelta64[ns]"), "component": list("xyz")},
        {"accumulation_plasma_s": CADENCE_S, "accumulation_mag_s": 16.0, "spacecraft": "wind", "event": "simulated"},
    )


def seconds(time):
    return (np.datetime64(time, "ns") - EPOCH) / np.timedelta64(1, "s")


def alfvenic_share(found):
    return sum(seconds(r.end) - seconds(r.start) for r in detect.alfvenic(found).itertuples()) / (END - SHEATH)


@pytest.mark.parametrize(
    ("preset", "background", "limit"), [("strict", 0.0, 0.01), ("strict", 0.15, 0.02), ("loose", 0.15, 0.02)]
)
def test_false_alfvenic_time_is_rare(preset, background, limit):
    settings = QUICK.model_copy(update={"preset": preset})
    shares = [alfvenic_share(detect.detect(event(seed, background)[0], table(), settings)) for seed in range(40)]
    # Measured 0, 0 and 0.001 over 40 events; the limits are what is promised.
    assert np.mean(shares) < limit


def test_edges_are_found_within_a_mean_period_and_values_without_bias():
    errors, differences = [], []
    for seed in range(30):
        rng = np.random.default_rng(10_000 + seed)
        start = EJECTA + rng.uniform(3, 12) * HOURS
        end = start + rng.uniform(3, 8) * HOURS
        sigma_c, sigma_r = rng.choice([-1, 1]) * rng.uniform(0.8, 0.93), rng.uniform(-0.2, 0.2)
        data, _ = event(seed, wave=(start, end, sigma_c, sigma_r, rng.uniform(0.2, 0.4)))
        found = detect.alfvenic(detect.detect(data, table(), QUICK))
        found = found[(found["end"] > at(start)) & (found["start"] < at(end))]
        assert len(found), f"event {seed} has no detection"
        errors.append((seconds(found["start"].iloc[0]) - start, seconds(found["end"].iloc[-1]) - end))
        differences.append((found["sigma_c"].iloc[0] - sigma_c, found["sigma_r"].iloc[0] - sigma_r))
    # Required: one mean period (1470 s) in the median. Measured: 200 s, the outer edges of a band-passed window.
    assert np.median(np.abs(errors), axis=0).max() < 600
    # 30 intervals of 3 to 8 h, each good to about 0.1.
    assert np.abs(np.mean(differences, axis=0)).max() < 0.05


def test_search_mode_gaps_do_not_cut_an_interval():
    start, end = 30 * HOURS, 36 * HOURS
    for seed in range(5):
        data, _ = event(seed, wave=(start, end, -0.9, 0.0, 0.35))
        data["v"][np.arange(data.sizes["time"]) % 29 < 4] = np.nan  # four samples every 31 min, as SWEPAM has them
        (row,) = detect.alfvenic(detect.detect(data, table(), QUICK)).itertuples()
        assert abs(seconds(row.start) - start) < 1470
        assert abs(seconds(row.end) - end) < 1470


@pytest.mark.parametrize(("sigma_c", "expected"), [(0.9, "antisunward"), (-0.9, "sunward")])
def test_direction_of_propagation(sigma_c, expected):
    # B_x > 0 (towards the Sun) in the simulated events: waves with v = +b travel against B, away from the Sun.
    data, _ = event(3, wave=(30 * HOURS, 36 * HOURS, sigma_c, 0.0, 0.3))
    (row,) = detect.alfvenic(detect.detect(data, table(), QUICK)).itertuples()
    assert row.direction == expected
    assert row.region == "ejecta"
    assert np.sign(row.sigma_c) == np.sign(sigma_c)


def test_direction_is_ambiguous_without_a_radial_field():
    h = np.ones(50)
    assert detect.direction(h, np.full(50, 0.1)) == "ambiguous"
    assert detect.direction(h, np.repeat([0.5, -0.5], 25)) == "ambiguous"
    assert detect.direction(h, np.full(50, -0.5)) == "sunward"
    assert detect.direction(h * np.nan, h) == "ambiguous"


def test_spread_and_support_come_from_the_ensemble():
    start, end = 30 * HOURS, 36 * HOURS
    data, _ = event(5, wave=(start, end, 0.92, 0.0, 0.35))
    (row,) = detect.alfvenic(detect.detect(data, table(), detect.Settings())).itertuples()
    assert row.support > 0.7
    assert row.start_low <= row.start <= row.start_high
    assert row.end_low <= row.end <= row.end_high
    assert abs(seconds(row.start) - start) < 1470
    assert abs(seconds(row.end) - end) < 1470


def test_one_jump_is_kept_apart():
    data, speed = event(7, missing=0.0)
    t = np.arange(data.sizes["time"]) * CADENCE_S
    jump = np.where(t > 34 * HOURS, 0.8, -0.8)[:, None] * np.array([0.0, 1.0, 0.5]) * speed
    per_nt = ALFVEN_FACTOR / np.sqrt(float(data["n"][0]))
    data["v"] = data["v"] + jump
    data["b_matched"] = data["b_matched"] + jump / per_nt
    found = detect.detect(data, table(), QUICK)
    near = found[(found["start"] < at(34 * HOURS)) & (found["end"] > at(34 * HOURS))]
    assert len(detect.alfvenic(near)) == 0
    assert near["interval"].tolist() == ["discontinuity_1"]


def test_a_small_flux_rope_is_kept_apart():
    data, speed = event(8, missing=0.0)
    t = np.arange(data.sizes["time"]) * CADENCE_S
    inside = (t > 33 * HOURS) & (t < 35 * HOURS)
    phase = 2 * np.pi * t / 2400.0  # a helical field without flow
    rope = 0.5 * speed * inside[:, None] * np.stack((0 * t, np.cos(phase), np.sin(phase)), axis=1)
    data["b_matched"] = data["b_matched"] + rope / (ALFVEN_FACTOR / np.sqrt(float(data["n"][0])))
    found = detect.detect(data, table(), QUICK)
    assert len(detect.alfvenic(found)) == 0
    (row,) = found[found["interval"] == "small_flux_rope_1"].itertuples()
    assert row.sigma_r < -0.5
    assert abs(row.sigma_m) > 0.7
    summary = detect.summary(data, table(), found, QUICK).set_index("interval")
    assert summary["small_flux_rope_fraction"]["ejecta"] == pytest.approx(2 / 24, abs=0.05)


def test_quiet_is_the_rest_of_the_ejecta_and_extended_the_share():
    start, end = 30 * HOURS, 37 * HOURS
    data, _ = event(9, wave=(start, end, 0.9, 0.0, 0.35))
    found = detect.detect(data, table(), QUICK)
    (row,) = detect.alfvenic(found).itertuples()
    quiet = detect.complement(table(), found)
    assert quiet["interval"].tolist() == ["quiet", "quiet"]
    assert quiet["start"].tolist() == [pd.Timestamp(at(EJECTA)), row.end]
    assert quiet["end"].tolist() == [row.start, pd.Timestamp(at(END))]
    time = data["time"].values
    union = intervals.mask(time, quiet, "quiet") ^ intervals.mask(time, found, row.interval)
    np.testing.assert_array_equal(union, intervals.inside(time, at(EJECTA), at(END)))
    summary = detect.summary(data, table(), found, QUICK).set_index("interval")
    assert summary["alfvenic_fraction"]["ejecta"] == pytest.approx(7 / 24, abs=0.05)
    assert summary["extended"].to_dict() == {"sheath": False, "ejecta": True}
    assert summary["judged_fraction"].min() == 1.0


def test_pieces_that_reach_over_the_ejecta_are_cut():
    found = detect._table(
        [{"spacecraft": "wind", "interval": "alfvenic_1", "start": at(EJECTA - 3600), "end": at(EJECTA + 3600)},
         {"spacecraft": "wind", "interval": "alfvenic_2", "start": at(END - 3600), "end": at(END + 3600)}]
    )  # fmt: skip
    quiet = detect.complement(table(), found, 600.0)
    assert quiet[["start", "end"]].values.tolist() == [[at(EJECTA + 3600).astype(int), at(END - 3600).astype(int)]]


def test_no_detection_is_an_empty_table_with_the_columns():
    data, _ = event(1)
    found = detect.detect(data.isel(time=slice(0, 50)), table(), QUICK)
    assert found.empty
    assert tuple(found.columns) == detect.COLUMNS
    unknown = table().assign(start=pd.NaT, end=pd.NaT)
    assert detect.detect(data, unknown, QUICK).empty
    assert detect.complement(unknown, found).empty
    assert detect.summary(data, unknown, found, QUICK)["judged_fraction"].max() == 0


def test_no_velocity_is_not_called_free_of_waves():
    data, _ = event(1)
    data["v"] = data["v"] * np.nan
    found = detect.detect(data, table(), QUICK)
    summary = detect.summary(data, table(), found, QUICK)
    assert found.empty
    assert summary["judged_fraction"].max() == 0
    assert summary["alfvenic_fraction"].isna().all()


def test_a_field_that_was_not_matched_narrows_the_band():
    data, _ = event(1)
    assert detect.usable_from(data, 0.05) == 128
    # 64 s against 16 s: 358 s, see physics/test_response.py.
    assert 300 < detect.usable_from(data.rename(b_matched="b"), 0.05) < 400


def test_arguments_are_not_changed():
    data, _ = event(2, wave=(30 * HOURS, 36 * HOURS, 0.9, 0.0, 0.3))
    before, rows = data.copy(deep=True), table()
    detect.detect(data, rows, QUICK)
    xr.testing.assert_identical(data, before)
    pd.testing.assert_frame_equal(rows, table())


@pytest.mark.parametrize(
    "wrong",
    [{"band_s": (3600, 600)}, {"min_duration_s": 100}, {"sigma_c_min": 1.5}, {"preset": "paper"}, {"unknown": 1}],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        detect.Settings(**wrong)


def test_overrides_take_the_place_of_the_preset():
    assert detect.Settings().thresholds == (0.7, 0.3)
    assert detect.Settings(preset="loose").thresholds == (0.5, 0.5)
    assert detect.Settings(sigma_c_min=0.6).thresholds == (0.6, 0.3)
