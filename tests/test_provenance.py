"""Files are written whole or not at all, and say where they come from."""

import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

from pipeline import provenance


def dataset():
    time = np.datetime64("2001-12-29", "ns") + np.arange(5) * np.timedelta64(64_000_000_001, "ns")
    return xr.Dataset({"x": ("time", np.array([1.0, np.nan, 3.0, 4.0, 5.0]))}, {"time": time}, {"event": "e"})


def test_a_file_gives_back_values_and_nanoseconds(tmp_path):
    provenance.write(dataset(), tmp_path / "x.nc", "stage", {})
    xr.testing.assert_identical(provenance.read(tmp_path / "x.nc")[["x"]].drop_attrs(), dataset().drop_attrs())


def test_a_file_names_its_parents_with_checksums_and_its_settings(tmp_path):
    (tmp_path / "parent").write_bytes(b"abc")
    provenance.write(dataset(), tmp_path / "x.nc", "stage", {"raw": tmp_path / "parent"}, {"window_s": 3600.0})
    attrs = provenance.read(tmp_path / "x.nc").attrs
    assert json.loads(attrs["parents"]) == {
        "raw": {"name": "parent", "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
    }  # the SHA-256 of "abc" as FIPS 180-2 gives it
    assert json.loads(attrs["settings"]) == {"window_s": 3600.0}
    assert attrs["event"] == "e"


def test_a_fixed_clock_makes_equal_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    for name in ("one.nc", "two.nc"):
        provenance.write(dataset(), tmp_path / name, "stage", {})
    one, two = (hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("one.nc", "two.nc"))
    assert one == two
    assert provenance.now() == "2001-09-09T01:46:40Z"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("old")

    def fail_half_way():
        with provenance.whole_file(path) as part:
            part.write_text("new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_read_is_read_again_only_where_the_file_changed(tmp_path, monkeypatch):
    opened, path = [], tmp_path / "a.nc"
    monkeypatch.setattr(provenance, "_latest", type(provenance._latest)())
    monkeypatch.setattr(
        provenance.netcdf, "dataset", lambda p, read=provenance.netcdf.dataset: opened.append(p) or read(p)
    )
    provenance.write(xr.Dataset({"b": ("time", [1.0, 2.0])}), path, "test", {})
    first, second = provenance.read(path), provenance.read(path)
    assert len(opened) == 1
    first["b"][0] = 5.0
    first.attrs["event"] = "other"
    assert second["b"].values.tolist() == [1.0, 2.0]
    assert "event" not in provenance.read(path).attrs
    provenance.write(xr.Dataset({"b": ("time", [3.0, 4.0])}), path, "test", {})
    assert provenance.read(path)["b"].values.tolist() == [3.0, 4.0]
    assert len(opened) == 2


def test_a_file_changed_in_place_is_read_again_though_its_time_was_put_back(tmp_path):
    path, other = tmp_path / "a.nc", tmp_path / "b.nc"
    provenance.write(xr.Dataset({"b": ("time", [1.0])}), path, "test", {})
    provenance.write(xr.Dataset({"b": ("time", [2.0])}), other, "test", {})
    assert provenance.read(path)["b"] == 1.0
    before = path.stat()
    time.sleep(0.02)  # no clock of a disk is as fine as two statements
    path.write_bytes(other.read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as copying with times does
    assert path.stat().st_size == before.st_size
    assert provenance.read(path)["b"] == 2.0


def test_only_the_latest_are_kept_and_nothing_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "_latest", type(provenance._latest)())
    monkeypatch.setattr(provenance, "KEPT_BYTES", 1000)
    monkeypatch.setattr(provenance, "KEPT", 3)
    kept = []
    for name, size in (("a", 10), ("b", 100), ("c", 20), ("d", 10), ("e", 10), ("large", 1000), ("f", 10)):
        provenance.write(xr.Dataset({"b": ("time", np.zeros(size))}), tmp_path / f"{name}.nc", "test", {})
        assert provenance.read(tmp_path / f"{name}.nc").sizes == {"time": size}
        kept.append("".join(key[0][-4] for key in provenance._latest))
    assert kept == ["a", "ab", "bc", "cd", "cde", "", "f"]


def test_threads_read_side_by_side(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "_latest", type(provenance._latest)())
    monkeypatch.setattr(provenance, "KEPT", 32)
    for k in range(40):
        provenance.write(xr.Dataset({"b": ("time", [float(k)])}), tmp_path / f"{k}.nc", "test", {})
    often, asked = sys.getswitchinterval(), [k % 40 for k in range(800)]
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = [ds["b"].item() for ds in threads.map(lambda k: provenance.read(tmp_path / f"{k}.nc"), asked)]
    finally:
        sys.setswitchinterval(often)
    assert found == asked
