"""HT frame and Walén relation of intervals: known waves and frames in, the same out, intervals that hold the truth."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline.diagnostics import walen
from pipeline.simulate.waves import alfvenic, red_noise

STEP_S, N_CM3, ALPHAS = 64.0, 5.0, 0.05
PER_NT = 21.812 / np.sqrt(N_CM3 * (1 + 4 * ALPHAS))  # km/s
FRAME = np.array([-420.0, 15.0, -8.0])


def uniform(v, b_nt):
    time = np.datetime64("2001-12-30", "ns") + np.arange(len(v)) * np.timedelta64(int(STEP_S), "s")
    series = {"n": N_CM3, "alpha_ratio": ALPHAS}
    return xr.Dataset(
        {"v": (("time", "component"), v), "b": (("time", "component"), b_nt, {"frame": "GSE"})}
        | {name: ("time", np.full(len(v), x)) for name, x in series.items()},
        {"time": time, "component": list("xyz")},
        {"event": "e", "spacecraft": "ace"},
    )


def rows(ds, *names):
    start, end = ds["time"].values[0], ds["time"].values[-1] + np.timedelta64(1, "s")
    table = [("ace", name, start, end, "given") for name in names] + [("ace", "unknown", None, None, "unknown")]
    table = pd.DataFrame(table, columns=["spacecraft", "interval", "start", "end", "origin"])
    return table.astype({"start": "M8[ns]", "end": "M8[ns]"})


def waves(samples, sigma_c, sigma_r, rng):
    """v, b (nT) of waves on a constant field."""
    noise = [red_noise(rng, 4 * samples, STEP_S, (600.0, 3600.0))[:samples] for _ in range(2)]
    dv, db = alfvenic(*noise, sigma_c, sigma_r)
    return FRAME + 25 * dv, np.array([3.0, -8.0, 6.0]) + 25 * db / PER_NT


def of(ds, **settings):
    return walen.compute(ds, rows(ds, "ejecta"), walen.Settings(replicates=400, **settings))


def test_a_pure_wave_has_slope_minus_one_in_its_own_frame():
    rng = np.random.default_rng(1)
    _, b = waves(340, -1.0, 0.0, rng)
    found = of(uniform(FRAME - b * PER_NT, b)).sel(interval="ejecta")
    for name in ("slope", "slope_orthogonal", "slope_ht", "correlation"):
        assert float(found[name]) == pytest.approx(-1.0, abs=1e-4)
    assert float(found["variance_ratio"]) == pytest.approx(1.0, abs=2e-4)  # 21.812 has five digits
    assert found["v_ht"].values == pytest.approx(FRAME, abs=1e-6)
    assert float(found["ht_correlation"]) == pytest.approx(1.0)
    assert float(found["ht_quality"]) == pytest.approx(0.0, abs=1e-12)
    assert str(found["reason"].values) == ""


def test_an_accelerating_frame_is_seen():
    rng = np.random.default_rng(2)
    _, b = waves(340, -1.0, 0.0, rng)
    seconds = STEP_S * (np.arange(340) - 169.5)
    push = np.array([2e-3, 0.0, -1e-3])
    ds = uniform(FRAME + seconds[:, None] * push - b * PER_NT, b)
    found = of(ds).sel(interval="ejecta")
    assert found["ht_acceleration"].values == pytest.approx(push, rel=1e-6)
    assert float(found["ht_correlation_accelerated"]) > float(found["ht_correlation"])


def test_gaps_do_not_move_the_frame_nor_the_slope():
    """A fifth of the velocities missing moved v_ht by 67 km/s elsewhere."""
    rng = np.random.default_rng(3)
    v, b = waves(340, -0.9, 0.05, rng)
    ds = uniform(v, b)
    whole = of(ds).sel(interval="ejecta")
    ds["v"] = ds["v"].where(xr.DataArray(rng.random(340) > 0.2, dims="time"))
    found = of(ds).sel(interval="ejecta")
    assert found["v_ht"].values == pytest.approx(whole["v_ht"].values, abs=3 * float(whole["v_ht_error"].max()))
    assert float(found["slope"]) == pytest.approx(float(whole["slope"]), abs=0.05)
    assert int(found["n_samples"]) < 300


def test_intervals_of_the_slope_hold_the_truth():
    """80 draws of 6 h: 95 % intervals miss 4 +- 2; at most 10. Truth: sigma_c / (1 - sigma_r)."""
    rng = np.random.default_rng(4)
    missed = 0
    for _ in range(80):
        found = of(uniform(*waves(340, -0.8, -0.2, rng)))["slope_ci"].sel(interval="ejecta").values
        missed += not found[0] < -0.8 / 1.2 < found[1]
    assert missed <= 10


def test_an_interval_without_data_keeps_its_row_and_says_why():
    v, b = waves(340, -0.8, -0.2, np.random.default_rng(5))
    found = of(uniform(v, b)).sel(interval="unknown")
    assert "no bin inside" in str(found["reason"].values)
    assert np.isnan(found["v_ht"]).all()
    v[:200] = np.nan
    found = of(uniform(v, b)).sel(interval="ejecta")
    assert "cover 0.41" in str(found["reason"].values)
    assert np.isnan(found["slope"])
    assert np.isfinite(of(uniform(v, b), min_coverage=0.3)["slope"].sel(interval="ejecta"))


def test_every_variable_says_what_it_is():
    found = of(uniform(*waves(340, -0.8, -0.2, np.random.default_rng(6))))
    assert all("units" in v.attrs and v.attrs["long_name"] for v in found.data_vars.values())
    assert found["v_ht"].dims == ("interval", "component")
    assert found["slope_ci"].dims == ("interval", "bound")
