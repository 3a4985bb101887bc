"""The short way of reading gives what xarray gives, or says that it cannot."""

import numpy as np
import pytest
import xarray as xr

from pipeline import netcdf, provenance

DAYS = np.arange("2003-11-20", "2003-11-23", dtype="datetime64[D]").astype("datetime64[ns]")


@pytest.fixture
def ds():
    time = np.datetime64("2003-11-20", "ns") + np.arange(5) * np.timedelta64(3_000_000_001, "ns")
    return xr.Dataset(
        {
            "b": (("time", "component"), np.array([[1.0, np.nan, 3.0]] * 5), {"units": "nT", "frame": "GSE"}),
            "single": ("time", np.arange(5, dtype="float32")),
            "count": ("component", np.array([1, 2, 3])),
            "reason": ("component", np.array(["", "too short", "Walén"], dtype=object), {"units": ""}),
            "lag_s": ((), 12.5, {"units": "s", "levels": [1.0, 2.0]}),
            "start": ("component", np.array(["2003-11-20T01", "NaT", "2003-11-21"], dtype="datetime64[ns]")),
            "nothing": (("time", "empty"), np.zeros((5, 0))),
        },
        {"time": time, "component": ["x", "y", "z"], "distance": ("time", np.arange(5.0)), "radius_km": 7.0},
        {"event": "demo", "cadence_s": 3.0, "empty": "", "many": ["a", "b"], "flag": np.int64(1)},
    )


def test_it_is_what_xarray_reads(ds, tmp_path):
    path = tmp_path / "x.nc"
    provenance.write(ds, path, "test", {})
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        expected = opened.load()
    found = netcdf.dataset(path)
    xr.testing.assert_identical(found, expected)
    for name, variable in expected.variables.items():
        assert found[name].dtype == variable.dtype, name
    for holder, other in ((found, expected), *((found[n], expected[n]) for n in expected.variables)):
        assert {k: type(v) for k, v in holder.attrs.items()} == {k: type(v) for k, v in other.attrs.items()}
    assert netcdf.attributes(path) == expected.attrs


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        (np.arange(3.0), {"dtype": "int16", "scale_factor": 0.1, "_FillValue": -1}),
        (DAYS, {"units": "hours since 2000-01-01"}),
        (np.array([True, False, True]), {}),
        (np.arange(3).astype("timedelta64[s]").astype("timedelta64[ns]"), {}),
    ],
)
def test_other_encodings_are_left_to_xarray(tmp_path, values, encoding):
    path = tmp_path / "x.nc"
    ds = xr.Dataset({"q": ("x", values)})
    ds.to_netcdf(path, engine="h5netcdf", encoding={"q": encoding})
    with pytest.raises(netcdf.Unfamiliar, match="q"):
        netcdf.dataset(path)
    np.testing.assert_array_equal(provenance.read(path)["q"].values, values)
