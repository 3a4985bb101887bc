"""A record in chunks is the record in memory."""

from datetime import datetime

import numpy as np
import pytest
import xarray as xr

from pipeline import provenance, simulate
from pipeline.load import load
from pipeline.physics import wavelet
from pipeline.records import Settings, run, scales
from pipeline.resample import grid_edges, resample

EQUAL = 1e-9  # of the mean: rounding, and what lies beyond seven scales of the longest wavelet (2e-11)
PRODUCTS = {"wind": ("WI_H0_MFI", "WI_H1_SWE"), "ace": ("AC_H0_MFI", "AC_H0_SWE")}
SETTINGS = Settings(
    spacecraft="wind",
    start=datetime(2001, 1, 1, 3),
    end=datetime(2001, 1, 2, 22),
    window_s=7200,
    longest_s=5400,
    grid_s=600,
    chunk_days=0.3,
    fetch={"margin_h": 0, "products": {"wind": {"field": ["WI_H0_MFI"], "plasma": ["WI_H1_SWE"]}}},
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Two days of CDF files, with gaps; the plasma's bins of 92 s straddle midnight."""
    chosen = simulate.Settings(
        event="record",
        seed=3,
        start=datetime(2001, 1, 1, 2),
        sampling_s=4,
        products=PRODUCTS,
        before_h=10,
        sheath_h=6,
        ejecta_h=20,
        after_h=9,
        waves=simulate.Waves(duration_h=8),
        second=simulate.Second(lag_s=1200),
    )
    root = tmp_path_factory.mktemp("record")
    simulate.write_archive(simulate.realise(chosen), root / "archive")
    return root


@pytest.fixture(scope="module")
def chunked(archive):
    return run.run(SETTINGS, str(archive / "archive"), str(archive / "data"), str(archive / "out"))


@pytest.fixture(scope="module")
def in_memory(archive, chunked):
    """Uniform data from all files at once."""
    manifest = run.fetched(SETTINGS, str(archive / "archive"), str(archive / "data"))
    window = np.datetime64("2000-12-31", "ns"), np.datetime64("2001-01-04", "ns")
    raw = load(manifest, archive / "data", "record", "wind", SETTINGS.load, *window)
    return resample(raw, grid_edges(SETTINGS.start, SETTINGS.end, 92.0), SETTINGS.min_coverage)


def assert_equal(found, expected):
    for name in expected.data_vars:
        a, b = found[name].values, expected[name].values
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b), err_msg=name)
        np.testing.assert_allclose(a, b, rtol=0, atol=EQUAL * max(np.nanmean(np.abs(b)), 1e-6), err_msg=name)


def test_pieces_of_days_join_to_the_grid_of_the_whole(chunked, in_memory):
    paths = sorted((chunked.parent / "uniform").glob("*.nc"))
    found = xr.concat([provenance.read(p) for p in paths], "time", data_vars="all", combine_attrs="override")
    assert len(paths) == 2
    np.testing.assert_array_equal(found["time"].values, in_memory["time"].values)
    assert_equal(found, in_memory[[name for name in in_memory.data_vars if name in found]])


def test_chunks_join_to_the_windows_and_wavelets_of_the_whole(chunked, in_memory):
    v_mean = in_memory["v"].mean("time").values
    expected = scales.compute(in_memory, 92.0, v_mean, SETTINGS)
    found = provenance.read(chunked)
    assert found.sizes["time"] > 4 * SETTINGS.chunk_days  # several chunks
    assert np.isfinite(found["sigma_c_wavelet"]).mean() > 0.5
    assert_equal(found, expected)


def test_a_cluster_gives_the_same(archive, chunked):
    """Workers are processes of their own, as elsewhere: within one process they would find each other's locks."""
    distributed = pytest.importorskip("dask.distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        path = run.run(
            SETTINGS, str(archive / "archive"), str(archive / "data"), str(archive / "out2"), address=address
        )
    xr.testing.assert_equal(provenance.read(path), provenance.read(chunked))


def test_the_uncut_wavelet_is_that_of_events_away_from_the_ends():
    # the cut spectra of physics.wavelet ring at 1e-7 (its REACH, and exp(-18) at zero frequency)
    x = np.random.default_rng(1).normal(size=(6000, 6))
    period_s = wavelet.periods(40.0, 1280.0, 4)
    for found, expected in zip(
        scales.transform(x, 10.0, period_s, 1), wavelet.transform(x, 10.0, period_s, step=1), strict=True
    ):
        inner = slice(600, -600)
        np.testing.assert_allclose(found.w[..., inner], expected.w[..., inner], atol=3e-6 * np.abs(expected.w).max())


def test_white_noise_has_its_variance_at_every_period():
    # T&C: white noise of variance 1 has mean |W|^2 = 1 at every scale
    x = np.random.default_rng(2).normal(size=(60000, 6))
    (band,) = scales.transform(x, 1.0, np.array([32.0]), 1)
    # 6 channels, 60000 / (2.32 scales) independent values each: 0.6 % of scatter, five times that allowed
    assert np.mean(np.abs(band.w) ** 2) == pytest.approx(1.0, rel=0.03)
