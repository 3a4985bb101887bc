"""Type of a rope: a turn of known angle, label, asymmetry, and the cloud of 2003-11-20."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline.diagnostics import rope

N = 1080
START = np.datetime64("2001-01-01T00:00:30", "ns")
TABLE = pd.DataFrame(
    [
        ("one", "ejecta", pd.Timestamp("2001-01-01"), pd.Timestamp("2001-01-01T18:00"), "given"),
        ("one", "nowhere", pd.NaT, pd.NaT, "unknown"),
    ],
    columns=["spacecraft", "interval", "start", "end", "origin"],
)


def turned(degrees, strength=None, seed=1):
    angle = np.radians(degrees) * (np.arange(N) / N - 0.5)
    strength = 15 * np.ones(N) if strength is None else strength
    b = strength[:, None] * np.stack([0 * angle, -np.cos(angle), np.sin(angle)], axis=1)
    b += 2 * np.sin(2 * np.pi * np.arange(N)[:, None] / np.array([20.0, 25.0, 31.0]))  # waves that the type ignores
    return xr.Dataset(
        {"b": (("time", "component"), b), "b_mag": ("time", strength)},
        coords={"time": START + np.arange(N) * np.timedelta64(60, "s"), "component": ["x", "y", "z"]},
    )


@pytest.mark.parametrize(("degrees", "kind"), [(15, "E"), (70, "F-"), (150, "Fr"), (230, "F+"), (450, "Cx")])
def test_type_and_rotation(degrees, kind):
    found = rope.compute(turned(degrees), TABLE, rope.Settings()).sel(interval="ejecta")
    assert str(found["rope_type"].values) == kind
    assert abs(float(found["rotation_deg"])) == pytest.approx(degrees, abs=5)


def test_label_and_distortion_of_a_rope_that_turns_from_south_over_west_to_north():
    found = rope.compute(turned(170, np.linspace(20, 8, N)), TABLE, rope.Settings()).sel(interval="ejecta")
    assert str(found["bothmer_schwenn"].values) == "SWN"
    assert float(found["bothmer_schwenn_confidence"]) > 0.2
    # half of the integral of 20 - 12 t over [0, 1]: 20 t - 6 t^2 = 7
    assert float(found["dip"]) == pytest.approx((20 - np.sqrt(400 - 168)) / 12, abs=2e-3)


def test_missing_intervals_keep_their_row():
    found = rope.compute(turned(90), TABLE, rope.Settings())
    assert str(found["reason"].sel(interval="nowhere").values).startswith("no bin inside")
    assert str(found["rope_type"].sel(interval="nowhere").values) == ""
    assert str(found["reason"].sel(interval="ejecta").values) == ""


@pytest.mark.genuine
def test_cloud_of_2003_11_20_lies_east_south_west(shared):
    """A steep rope with southward axis, field from east to west (ESW), as published for this cloud."""
    import cdflib

    cdf = cdflib.CDF(shared / "archive/ace/mag/level_2_cdaweb/mfi_h1/2003/ac_h1_mfi_20031120_v99.cdf")
    time = cdflib.cdfepoch.to_datetime(cdf.varget("Epoch")).astype("datetime64[ns]") + np.timedelta64(120, "s")
    b = cdf.varget("BGSEc").astype(float)
    b[np.abs(b) > 1e30] = np.nan
    ds = xr.Dataset(
        {"b": (("time", "component"), b), "b_mag": ("time", np.linalg.norm(b, axis=1))},
        coords={"time": time, "component": ["x", "y", "z"]},
    )
    table = TABLE[:1].assign(start=pd.Timestamp("2003-11-20T11:48"), end=pd.Timestamp("2003-11-20T18:44"))
    found = rope.compute(ds, table, rope.Settings(smooth_s=3600)).sel(interval="ejecta")
    assert str(found["bothmer_schwenn"].values) == "ESW"
    assert str(found["rope_type"].values) == "Fr"
