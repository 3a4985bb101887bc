"""Minimum variance frames of intervals: a rope of known axis and turn in, the same out."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline.diagnostics import hodogram

STEP_S = 64.0


def rope(samples=1000, turn_deg=150.0, noise=0.3, seed=0, normal=(1.0, 0.0, 0.0)):
    """b (nT) that turns by `turn_deg` about `normal`, with weak noise and a constant part along it."""
    rng = np.random.default_rng(seed)
    normal = np.asarray(normal) / np.linalg.norm(normal)
    first = np.cross(normal, [0.3, 1.0, 0.2])
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    phase = np.radians(np.linspace(-turn_deg / 2, turn_deg / 2, samples))[:, None]
    b = 15 * (np.cos(phase) * first + np.sin(phase) * second) + 2 * normal
    return b + noise * rng.normal(size=(samples, 3)), normal


def compute(b, **settings):
    time = np.datetime64("2001-12-30", "ns") + np.arange(len(b)) * np.timedelta64(int(STEP_S), "s")
    ds = xr.Dataset({"b": (("time", "component"), b, {"frame": "GSE"})}, {"time": time, "component": list("xyz")})
    table = [("ace", "ejecta", time[0], time[-1] + np.timedelta64(1, "s"), "given"), ("ace", "unknown", None, None, "")]
    table = pd.DataFrame(table, columns=["spacecraft", "interval", "start", "end", "origin"])
    table = table.astype({"start": "M8[ns]", "end": "M8[ns]"})
    return hodogram.compute(ds, table, hodogram.Settings(**settings))


@pytest.mark.parametrize("normal", [(1.0, 0.0, 0.0), (0.6, -0.5, 0.4)])
@pytest.mark.parametrize("turn_deg", [80.0, 150.0, 330.0])
def test_axis_turn_and_mean_field_of_a_known_rope(normal, turn_deg):
    b, normal = rope(turn_deg=turn_deg, normal=normal)
    found = compute(b).sel(interval="ejecta")
    e = found["e"].values
    assert np.degrees(np.arccos(abs(e[2] @ normal))) < 1.0
    assert np.linalg.det(e) == pytest.approx(1.0)
    sense = np.sign(e[2] @ normal)
    # the mean over half an hour cuts both ends by a quarter of an hour at most
    assert float(found["rotation_deg"]) == pytest.approx(sense * turn_deg, abs=3.0 + 0.03 * turn_deg)
    assert float(found["turning_deg"]) >= abs(float(found["rotation_deg"])) - 1e-9
    assert float(found["b_normal"]) == pytest.approx(sense * 2.0, abs=0.3)
    assert found["eigenvalue"].values == pytest.approx(np.sort(np.linalg.eigvalsh(np.cov(b.T, bias=True)))[::-1])
    assert float(found["ratio_int_min"]) == pytest.approx(found["eigenvalue"].values[1] / found["eigenvalue"].values[2])
    assert str(found["reason"].values) == ""


def test_the_error_of_the_normal_holds_for_noise():
    """60 draws; the larger of two one-sigma angles against the rms angle from the true normal."""
    angles, errors = [], []
    for seed in range(60):
        b, normal = rope(samples=300, noise=2.0, seed=seed)
        found = compute(b).sel(interval="ejecta")
        angles.append(np.degrees(np.arccos(np.clip(abs(found["e"].values[2] @ normal), -1, 1))))
        errors.append(float(found["error_min_deg"]))
    rms = np.sqrt(np.mean(np.square(angles)))
    assert 0.8 < rms / np.mean(errors) < 1.6


def test_gaps_leave_rows_out_and_turn_nothing():
    b, _ = rope()
    whole = compute(b).sel(interval="ejecta")
    rng = np.random.default_rng(1)
    b[rng.random(1000) < 0.2, 1] = np.nan
    found = compute(b).sel(interval="ejecta")
    assert int(found["n_samples"]) == np.isfinite(b).all(axis=1).sum()
    assert float(found["coverage"]) == pytest.approx(np.isfinite(b).all(axis=1).mean())
    angle = np.degrees(np.arccos(np.clip(np.abs(np.sum(found["e"] * whole["e"], axis=-1)), -1, 1)))
    assert float(angle.max()) < 1.0
    assert float(found["rotation_deg"]) == pytest.approx(float(whole["rotation_deg"]), abs=3.0)


def test_an_interval_without_data_keeps_its_row_and_says_why():
    b, _ = rope()
    b[100:] = np.nan
    found = compute(b)
    assert np.isnan(found["e"]).all()
    assert np.isnan(found["rotation_deg"]).all()
    assert "covers 0.10" in str(found["reason"].sel(interval="ejecta").values)
    assert "no bin inside" in str(found["reason"].sel(interval="unknown").values)
    assert found["n_samples"].sel(interval="ejecta") == 100
