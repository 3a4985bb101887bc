"""Tables: dimensions become rows or suffixes, statistics agree with hand-made data, cells survive joining."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline import tables

T0 = np.datetime64("2003-11-20T00:00", "ns")


def result(spacecraft="ace"):
    ds = xr.Dataset(
        coords={"interval": ["sheath", "ejecta"], "method": ["window", "wavelet"], "component": list("xyz")}
    )
    ds["sigma_c"] = ("interval", "method"), [[0.1, 0.2], [0.3, np.nan]], {"units": "1", "long_name": "cross helicity"}
    ds["v_ht"] = ("interval", "component"), [[-400.0, 1, 2], [-500.0, 3, 4]], {"units": "km s-1", "long_name": "HT"}
    ds["reason"] = ("interval", "method"), [["", ""], ["", "coverage 0.3"]]
    ds["series"] = "time", [1.0, 2.0]
    return ds.assign_attrs(event="e", spacecraft=spacecraft)


def test_row_dimensions_make_rows_and_the_rest_suffixes():
    frame = tables.tidy([result("ace"), result("wind")])
    assert list(frame.columns) == [
        "event", "spacecraft", "interval", "method", "sigma_c", "v_ht_x", "v_ht_y", "v_ht_z", "reason",
    ]  # fmt: skip
    row = frame.set_index(["spacecraft", "interval", "method"]).loc[("wind", "ejecta", "window")]
    assert (row["sigma_c"], row["v_ht_x"], row["v_ht_z"]) == (0.3, -500.0, 4.0)
    assert len(frame) == 8


def test_an_event_without_pairs_has_an_empty_table_that_joins(tmp_path):
    tables.write(tables.tidy([]), tmp_path / "empty.csv")
    tables.write(tables.tidy([result()]), tmp_path / "full.csv")
    tables.concatenate([tmp_path / "empty.csv", tmp_path / "full.csv"], tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text() == (tmp_path / "full.csv").read_text()


def uniform():
    time = T0 + np.arange(10) * np.timedelta64(60, "s")
    ds = xr.Dataset(coords={"time": time, "component": list("xyz")})
    ds["b"] = ("time", "component"), np.tile([3.0, 0.0, -4.0], (10, 1))
    ds["b_mag"] = "time", [5.0] * 9 + [6.0]
    ds["v"] = ("time", "component"), np.tile([-300.0, 400.0, 0.0], (10, 1))
    ds["n"] = "time", [np.nan, *[7.0] * 9]
    ds["temperature"] = "time", [1e5] * 10
    ds["coverage_b"] = "time", [1.0] * 10
    ds["coverage_v"] = "time", [0.5] * 10
    return ds.assign_attrs(event="e", spacecraft="ace")


def test_interval_statistics_are_of_the_samples_inside():
    start, end = T0, T0 + np.timedelta64(300, "s")
    rows = [("ace", "ejecta", start, end, "given"), ("ace", "quiet", end, end + np.timedelta64(60, "s"), "detected")]
    rows.append(("ace", "quiet", end + np.timedelta64(120, "s"), end + np.timedelta64(240, "s"), "detected"))
    intervals = pd.DataFrame(rows, columns=["spacecraft", "interval", "start", "end", "origin"])
    frame = tables.interval_statistics("e", [uniform()], intervals).set_index("interval")
    ejecta = frame.loc["ejecta"]
    assert (ejecta["b_mean"], ejecta["b_max"], ejecta["b_z_min"]) == (5.0, 5.0, -4.0)
    assert (ejecta["speed_mean"], ejecta["n_mean"]) == (500.0, 7.0)
    # beta = n k T / (B^2 / 2 mu_0) = 7e6 x 1.380649e-23 x 1e5 / (25e-18 / 2.513274e-6), worked out by hand
    assert ejecta["beta_mean"] == pytest.approx(0.97159, rel=1e-4)
    assert frame.loc["quiet", "duration_h"] == pytest.approx(3 / 60)
    assert frame.loc["quiet", "end"] == end + np.timedelta64(240, "s")


def test_every_column_has_units_and_meaning():
    frames = {"alfvenicity": tables.tidy([result()])}
    columns = tables.describe_columns(frames, {"alfvenicity": [result()]}).set_index("column")
    assert columns.loc["v_ht_x", "units"] == "km s-1"
    assert columns.loc["v_ht_x", "meaning"] == "HT, x"
    assert columns.loc["interval", "meaning"] == "named interval"
