"""Bin means against pandas, against analytic integrals, and by invariants."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import resample as bins
from pipeline import schema
from pipeline.resample import ResampleError, cadence, grid_edges, resample, windowed_means

T0 = np.datetime64("2003-11-20T00:00", "ns")


def seconds(values):
    return T0 + np.round(np.asarray(values, float) * 1e9).astype("timedelta64[ns]")


def test_edges_lie_on_multiples_of_the_cadence_and_enclose_the_span():
    edges = grid_edges(T0 + np.timedelta64(10, "s"), T0 + np.timedelta64(1000, "s"), 64.0)
    assert edges[0] <= T0 + np.timedelta64(10, "s") < edges[1]
    assert edges[-2] < T0 + np.timedelta64(1000, "s") <= edges[-1]
    assert (edges.astype("int64") % 64_000_000_000 == 0).all()


def test_whole_samples_give_the_plain_mean_of_pandas():
    rng = np.random.default_rng(1)
    time, values = seconds(np.arange(3000) + 0.5), rng.normal(400.0, 10.0, 3000)
    values[rng.random(3000) < 0.2] = np.nan
    edges = seconds(np.arange(0, 3001, 60))
    means, coverage = windowed_means(values, time, 1.0, edges[:-1], edges[1:])
    pandas = pd.Series(values, time).resample("60s")
    # both are float64 sums of 60 terms near 400: rounding stays below 1e-10
    np.testing.assert_allclose(means, pandas.mean(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(coverage, pandas.count() / 60, atol=1e-10)


def test_a_straddling_sample_is_shared_in_proportion():
    # two 92-s samples over bins of 64 s: the middle bin holds 28 s of the first and 36 s of the second
    time, edges = seconds([46.0, 138.0]), seconds([0, 64, 128, 192])
    means, coverage = windowed_means(np.array([1.0, 3.0]), time, 92.0, edges[:-1], edges[1:])
    np.testing.assert_allclose(means, [1.0, (28 * 1 + 36 * 3) / 64, 3.0], rtol=1e-12)
    np.testing.assert_allclose(coverage, [1.0, 1.0, 56 / 64], rtol=1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 50.0), st.floats(1.0, 90.0))
@settings(max_examples=40, deadline=None)
def test_every_valid_second_counts_once(seed, width_s, bin_s):
    rng = np.random.default_rng(seed)
    steps = width_s * rng.uniform(0.9, 1.5, 60)  # jitter: some samples overlap, some leave gaps
    time, values = seconds(np.cumsum(steps)), rng.normal(size=60)
    values[rng.random(60) < 0.3] = np.nan
    edges = seconds(np.arange(-bin_s, steps.sum() + width_s + bin_s, bin_s))
    means, coverage = windowed_means(values, time, width_s, edges[:-1], edges[1:])
    (total,), (filled,) = windowed_means(values, time, width_s, edges[:1], edges[-1:])
    span_s, bins_s = (edges[-1] - edges[0]) / np.timedelta64(1, "s"), np.diff(edges) / np.timedelta64(1, "s")
    np.testing.assert_allclose((coverage * bins_s).sum(), filled * span_s, rtol=1e-6)
    if filled:
        np.testing.assert_allclose(np.nansum(means * coverage * bins_s) / (filled * span_s), total, atol=1e-6)


def plain(values, time, width_s, starts, ends):
    """Mean and valid fraction of one window after the other, each from the time that every sample shares with it."""
    half = round(width_s * 5e8)
    low = time.astype("int64") - half
    high = np.minimum(low + 2 * half, np.append(low[1:], np.iinfo("int64").max))
    there = np.isfinite(values).all(axis=1)
    for start, end in zip(starts.astype("int64"), ends.astype("int64"), strict=True):
        shared = np.clip(np.minimum(high, end) - np.maximum(low, start), 0, None) * there
        used = shared > 0
        total = shared[used].sum()
        yield (
            *(shared[used] @ values[used] / total if total > 1000 else np.full(values.shape[1], np.nan)),
            total / (end - start),
        )


@pytest.mark.parametrize("pieces", [(bins.PIECE, bins.SMALL_PIECE), (900, 300)])
@pytest.mark.parametrize(
    "spoiled",
    [
        *("nothing", "aligned", "missing", "aligned missing", "dropped", "jitter", "jitter missing", "early"),
        *("ragged", "ragged missing", "apart", "overlap"),
    ],
)
def test_any_samples_agree_with_a_plain_loop(monkeypatch, pieces, spoiled):
    """What is added up in one go, in small pieces or singly is the same: 1e-12 is the rounding of some 100 terms."""
    monkeypatch.setattr(bins, "PIECE", pieces[0])
    monkeypatch.setattr(bins, "SMALL_PIECE", pieces[1])
    rng, n, step = np.random.default_rng(4), 6000, 0.0919 if "ragged" in spoiled else 1 / 11
    at, values = (np.arange(n) + (0.5 if "aligned" in spoiled else 0.7)) * step, rng.normal(5.0, 1.0, (n, 3))
    if "missing" in spoiled:
        values[rng.random(n) < 0.003, 1] = np.nan
        values[2000:2200] = np.inf
    if "jitter" in spoiled:
        at += rng.normal(0, 0.002, n)
    if spoiled == "early":
        at[3001:] -= 0.02  # one sample is cut short, and all after it are out of step
    time = seconds(at)
    if spoiled == "dropped":
        kept = np.abs(np.arange(n) - 1500) > 600
        kept[[3001, 4500, 4501]] = False
        time, values = time[kept], values[kept]
    starts = seconds(np.arange(-6, n * step + 6, 3.0))
    ends = starts + np.timedelta64({"apart": 2500, "overlap": 7000}.get(spoiled, 3000), "ms")
    means, coverage = windowed_means(values, time, 1 / 11, starts, ends)
    expected = np.array(list(plain(values, time, 1 / 11, starts, ends)))
    np.testing.assert_allclose(means, expected[:, :3], rtol=1e-12)
    np.testing.assert_allclose(coverage, expected[:, 3], rtol=1e-12)


def test_even_samples_are_added_up_in_one_go(monkeypatch):
    """Only the first and the last bin, which reach over the record, are made singly; the rest without any copy."""
    single = []
    monkeypatch.setattr(bins, "_integrate_any", lambda table, clock, windows: single.append(len(windows.starts)))
    time, edges = seconds((np.arange(50_000) + 0.5) / 11), seconds(np.arange(-3, 50_000 / 11 + 6, 3))
    windowed_means(np.ones((50_000, 3)), time, 1 / 11, edges[1:-2], edges[2:-1])
    assert single == [1, 1]


@pytest.mark.parametrize(
    "values", [np.arange(200), np.ones((200, 2, 3), "f4"), np.ones((400, 3))[::2], np.ones((3, 200)).T]
)
def test_values_of_any_kind_and_layout(values):
    time, edges = seconds(np.arange(200) + 0.5), seconds(np.arange(0, 201, 10))
    means, coverage = windowed_means(values, time, 1.0, edges[:-1], edges[1:])
    np.testing.assert_allclose(means, values.reshape(20, 10, *values.shape[1:]).mean(axis=1), rtol=1e-12)
    assert (coverage == 1).all()


def test_a_gap_is_not_bridged():
    time, edges = seconds([0.5, 1.5, 100.5]), seconds([0, 50, 100, 150])
    means, coverage = windowed_means(np.array([1.0, 2.0, 9.0]), time, 1.0, edges[:-1], edges[1:])
    np.testing.assert_array_equal(np.isnan(means), [False, True, False])
    np.testing.assert_allclose(coverage, [2 / 50, 0, 1 / 50])


def raw_wave(period_s, mag_s=16.0, plasma_s=64.0, phase_s=0.0, hours=12):
    """A pure Alfvenic variation v_y = b_y as the two instruments see it: exact box averages of a sine."""

    def seen(time_s, width_s):
        x = np.pi / period_s
        return np.sinc(width_s / period_s) * np.sin(2 * x * time_s)

    mag, plasma = np.arange(mag_s / 2, hours * 3600, mag_s), np.arange(plasma_s / 2, hours * 3600, plasma_s) + phase_s
    zero, one = np.zeros_like, np.ones_like
    ds = xr.Dataset(coords={"time_mag": seconds(mag), "time_plasma": seconds(plasma), "component": ["x", "y", "z"]})
    ds["b"] = ("time_mag", "component"), np.column_stack([5 * one(mag), seen(mag, mag_s), zero(mag)])
    ds["v"] = ("time_plasma", "component"), np.column_stack([zero(plasma), seen(plasma, plasma_s), zero(plasma)])
    for name in ("n", "temperature", "alpha_ratio"):
        ds[name] = "time_plasma", one(plasma)
    ds["position"] = ("time_orbit", "component"), np.array([[1.4e6, 0.0, 0.0], [1.4e6, 3600.0 * hours, 0.0]])
    ds["time_orbit"] = seconds([0.0, 3600.0 * hours])
    for name in ds.data_vars:
        ds[name].attrs = {"units": schema.RAW[name].units, "frame": "GSE"}
    return ds.assign_attrs(
        event="wave", spacecraft="ace", product_field="F", product_plasma="P",
        accumulation_mag_s=mag_s, accumulation_plasma_s=plasma_s, removed="{}",
    )  # fmt: skip


@pytest.mark.parametrize("phase_s", [0.0, 11.0, 32.0, 53.0])
def test_velocity_and_matched_field_share_clock_and_response(phase_s):
    # whatever the phase between plasma samples and bins, v_y and b_y of one wave come out alike (period 200 s,
    # where the plain bin mean of B is off by up to 2 sin(pi 32 / 200) = 0.96). What a 16-s sample does not resolve
    # where it straddles the end of an accumulation is at most 16^2 / 8 (2 pi / 200) / 64 at each end: 3.8 % of what
    # is left of the wave
    raw = raw_wave(200.0, phase_s=phase_s)
    ds = resample(raw, grid_edges(T0, T0 + np.timedelta64(12, "h"), 64.0), 0.5)
    difference = (ds["v"] - ds["b_matched"]).sel(component="y")
    assert float(np.sqrt((difference**2).mean())) < 0.038 * float(ds["v"].sel(component="y").std())


def test_uniform_data_follow_the_schema_and_keep_positions_linear():
    ds = resample(raw_wave(1000.0), grid_edges(T0, T0 + np.timedelta64(12, "h"), 64.0), 0.5)
    schema.check(ds, "uniform")
    expected = (ds["time"].values - T0) / np.timedelta64(1, "s")
    np.testing.assert_allclose(ds["position"].sel(component="y"), expected, atol=1e-6)
    assert (np.diff(ds["time"].values) == np.timedelta64(64, "s")).all()


def test_a_missing_instrument_stays_missing():
    raw = raw_wave(1000.0)
    raw["v"][:] = np.nan
    ds = resample(raw, grid_edges(T0, T0 + np.timedelta64(12, "h"), 64.0), 0.5)
    assert np.isnan(ds["v"]).all()
    assert np.isnan(ds["b_matched"]).all()
    assert np.isfinite(ds["b"]).all()
    assert (ds["coverage_v"] == 0).all()


@pytest.mark.parametrize(("kind", "clock", "kept"), [("plasma", "plasma", "b"), ("field", "mag", "v")])
def test_a_spacecraft_without_any_product_of_a_kind_keeps_the_other(kind, clock, kept):
    """As `load` leaves it: one missing sample, of a clock without an accumulation."""
    raw = raw_wave(1800.0).isel({f"time_{clock}": slice(1)})
    for name in raw.data_vars:
        if f"time_{clock}" in raw[name].dims:
            raw[name] = raw[name] * np.nan
    raw = raw.assign_attrs({f"product_{kind}": "", f"accumulation_{clock}_s": np.nan})
    width = cadence([raw], "auto")
    ds = resample(raw, grid_edges(T0, T0 + np.timedelta64(4, "h"), width), 0.5)
    schema.check(ds, "uniform", "test")
    assert np.isfinite(ds[kept]).mean() > 0.9
    assert np.isnan(ds["b_matched"]).all()
    assert np.isnan(ds["v" if kept == "b" else "b"]).all()


def test_cadence_is_the_slowest_accumulation_and_never_finer():
    raws = [raw_wave(1000.0), raw_wave(1000.0, plasma_s=92.0)]
    assert cadence(raws, "auto") == 92.0
    assert cadence(raws, 300.0) == 300.0
    with pytest.raises(ResampleError, match=r"cadence_s is 60, but ace P accumulates over 92 s"):
        cadence(raws, 60.0)
