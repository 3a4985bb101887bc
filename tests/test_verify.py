"""Every change to a result, a download, a setting or the code is told, by name; what is untouched is in order."""

import json

import numpy as np
import pytest
import xarray as xr

from pipeline import archive, provenance, verify

SETTINGS = {"settings": {"window_s": 3600.0}}


@pytest.fixture
def folder(tmp_path):
    """Download -> files.json -> raw.nc -> table.csv, each with its record."""
    root, data = tmp_path / "results", tmp_path / "data"
    made = root / "event" / "ace"
    made.mkdir(parents=True)
    data.mkdir()
    (data / "x.cdf").write_bytes(b"genuine" * 100)
    entry = {"path": "x.cdf", "sha256": provenance.sha256(data / "x.cdf"), "fetched": "2001-01-01T00:00:00Z"}
    manifest = {"field": {"product": "X", "files": [entry]}, "plasma": {"product": None, "files": []}}
    provenance.write_json(manifest, made / "files.json")
    provenance.account([made / "files.json"], "fetch", [], {"code": "f"})
    ds = xr.Dataset({"x": ("time", np.arange(2000.0))})
    provenance.write(ds, made / "raw.nc", "load", {"files": made / "files.json"}, SETTINGS)
    provenance.account([made / "raw.nc"], "load", [made / "files.json"], {**SETTINGS, "code": "c", "seen": "s"})
    (root / "event" / "table.csv").write_text("a,b\n1,2\n")
    provenance.account([root / "event" / "table.csv"], "tabulate", [made / "raw.nc"], {"code": "t"})
    return tmp_path


def found(folder, expected=None):
    table = verify.check(folder / "results", folder / "data", expected or {})
    return table, table.set_index("file")["status"]


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_an_untouched_folder_is_in_order_wherever_it_lies(folder):
    assert set(found(folder)[1]) == {verify.OK}
    (folder / "results").rename(folder / "moved")
    table = verify.check(folder / "moved", folder / "data", {})
    assert set(table["status"]) == {verify.OK}
    assert verify.in_order(table)
    assert verify.lines(table) == ["4 files: 4 ok"]


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_flipped_bit_in_a_result_is_told_and_what_was_made_from_it_is_stale(folder, place):
    flip(folder / "results" / "event" / "ace" / "raw.nc", place)
    table, status = found(folder)
    assert status["event/ace/raw.nc"] == verify.ALTERED
    assert status["event/table.csv"] == verify.STALE
    assert not verify.in_order(table)
    assert verify.lines(table)[0].startswith("altered: event/ace/raw.nc: ")


def test_a_flipped_bit_in_a_table_is_told(folder):
    flip(folder / "results" / "event" / "table.csv", 4)
    assert list(found(folder)[1]) == [verify.ALTERED, *[verify.OK] * 3]


def test_a_flipped_bit_in_a_download_is_told_and_stops_its_next_use(folder):
    manifest = json.loads((folder / "results" / "event" / "ace" / "files.json").read_text())
    archive.insist_unchanged(manifest, folder / "data", "event, ace")
    flip(folder / "data" / "x.cdf", 300)
    assert found(folder)[1][(folder / "data" / "x.cdf").as_posix()] == verify.ALTERED
    with pytest.raises(archive.ArchiveError, match=r"event, ace: .*x\.cdf is not the file that was fetched"):
        archive.insist_unchanged(manifest, folder / "data", "event, ace")
    (folder / "data" / "x.cdf").unlink()
    assert found(folder)[1][(folder / "data" / "x.cdf").as_posix()] == verify.UNVERIFIABLE
    with pytest.raises(archive.ArchiveError, match="gone"):
        archive.insist_unchanged(manifest, folder / "data", "event, ace")


def test_a_changed_record_is_told_by_what_was_made_from_the_file(folder):
    raw = folder / "results" / "event" / "ace" / "raw.nc"
    flip(raw, 1000)
    record = json.loads(provenance.record_of(raw).read_text())
    provenance.write_json(record | {"sha256": provenance.sha256(raw)}, provenance.record_of(raw))
    status = found(folder)[1]
    assert status["event/ace/raw.nc"] == verify.OK
    assert status["event/table.csv"] == verify.STALE


def test_another_setting_or_code_makes_stale_and_names_the_key(folder):
    path = (folder / "results" / "event" / "ace" / "raw.nc").as_posix()
    table, status = found(folder, {path: ("c", {"settings": {"window_s": 900.0}})})
    assert status["event/ace/raw.nc"] == status["event/table.csv"] == verify.STALE
    assert "settings.window_s was 3600.0, is 900.0" in " ".join(table["reason"])
    assert verify.in_order(table)  # nothing was altered
    assert found(folder, {path: ("other", SETTINGS)})[1]["event/ace/raw.nc"] == verify.STALE
    assert found(folder, {path: ("c", SETTINGS)})[1]["event/ace/raw.nc"] == verify.OK
    table, status = found(folder, {path: "event is not in events.csv"})
    assert status["event/ace/raw.nc"] == verify.UNVERIFIABLE


def test_missing_unrecorded_and_unreadable(folder):
    event = folder / "results" / "event"
    (event / "table.csv").unlink()
    (event / "by_hand.csv").write_text("1")
    provenance.record_of(event / "ace" / "raw.nc").write_text("{")
    table, status = found(folder)
    assert status["event/table.csv"] == verify.MISSING
    assert status["event/by_hand.csv"] == status["event/ace/raw.nc"] == verify.UNVERIFIABLE
    assert not verify.in_order(table)


def test_a_manifest_or_record_with_a_flipped_bit_anywhere_is_checked_to_the_end(folder):
    """A damaged manifest is altered; a damaged record at worst unreadable. Neither stops the check of the others."""
    event = folder / "results" / "event"
    for path in (event / "ace" / "files.json", *sorted(event.rglob(".provenance/*.json"))):
        content = path.read_bytes()
        for place in range(0, len(content), 11):
            flip(path, place)
            table, status = found(folder)
            assert len(table) >= 3, place
            if path.name == "files.json":
                assert status["event/ace/files.json"] == verify.ALTERED, place
            path.write_bytes(content)
    assert set(found(folder)[1]) == {verify.OK}


def test_other_versions_of_packages_are_named(folder):
    raw = folder / "results" / "event" / "ace" / "raw.nc"
    record = json.loads(provenance.record_of(raw).read_text())
    assert {"python", "pipeline", "numpy", "xarray"} <= set(record["versions"])
    record["versions"]["numpy"] = "0.1"
    provenance.write_json(record, provenance.record_of(raw))
    table, status = found(folder)
    assert status["event/ace/raw.nc"] == verify.VERSIONS
    assert "numpy 0.1" in " ".join(table["reason"])
