"""How far events came: every state from files as the stages leave them."""

import json
import os
import subprocess
import sys
from datetime import datetime

import pandas as pd
import pytest

from pipeline import status
from pipeline.config import Crossing, Event

TIMES = {"ejecta_start": datetime(2001, 1, 1), "ejecta_end": datetime(2001, 1, 2)}
EVENT = Event(name="e", crossings=(Crossing(spacecraft="ace", **TIMES), Crossing(spacecraft="wind")))


@pytest.fixture
def folder(tmp_path):
    """Results of an event as a finished run leaves them."""
    for spacecraft in EVENT.spacecraft:
        for name in ("raw.nc", "uniform.nc"):
            (tmp_path / "e" / spacecraft).mkdir(parents=True, exist_ok=True)
            (tmp_path / "e" / spacecraft / name).touch()
        manifest = {kind: {"product": "P", "reason": ""} for kind in ("field", "plasma")}
        (tmp_path / "e" / spacecraft / "files.json").write_text(json.dumps(manifest))
    for name in ("ace-wind/lag.nc", "intervals.csv", "report.html"):
        (tmp_path / "e" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "e" / name).touch()
    coverage(tmp_path, 1.0, 1.0)
    return tmp_path


def coverage(folder, ace_v, wind_b):
    rows = [("ace", "ejecta", 1.0, ace_v), ("wind", "ejecta", wind_b, 0.9), ("wind", "sheath", 0.0, 0.0)]
    (folder / "e" / "tables").mkdir(exist_ok=True)
    frame = pd.DataFrame(rows, columns=["spacecraft", "interval", "coverage_b", "coverage_v"])
    frame.to_csv(folder / "e" / "tables" / "intervals.csv", index=False)


def row(folder):
    return status.table(folder, {"e": EVENT}).iloc[0]


def test_all_there_is_done(folder):
    assert tuple(row(folder)) == ("e", "done", "", "", "")


def test_little_coverage_is_partial_and_says_how_little(folder):
    coverage(folder, 0.2, 1.0)
    assert row(folder)["status"] == "partial"
    assert row(folder)["reason"] == "ace: velocity in 20 % of the ejecta"


def test_a_missing_product_is_partial_and_gives_the_manifest_s_reason(folder):
    manifest = {"field": {"product": "P", "reason": ""}, "plasma": {"product": None, "reason": "no file on 2001-01-01"}}
    (folder / "e" / "ace" / "files.json").write_text(json.dumps(manifest))
    coverage(folder, 0.0, 1.0)
    assert row(folder)["reason"] == "ace: no plasma: no file on 2001-01-01"


def test_nothing_measured_anywhere_is_no_data(folder):
    rows = [(name, "ejecta", 0.0, 0.0) for name in EVENT.spacecraft]
    frame = pd.DataFrame(rows, columns=["spacecraft", "interval", "coverage_b", "coverage_v"])
    frame.to_csv(folder / "e" / "tables" / "intervals.csv", index=False)
    assert row(folder)["status"] == "no data"
    assert row(folder)["where"] == "ace, wind"


def test_an_event_without_any_file_has_no_data_whatever_broke_on_that(folder):
    (folder / "e" / "report.html").unlink()
    (folder / "e" / "ace" / "uniform.nc").unlink()
    note = folder / "e" / "ace" / f"uniform.nc{status.SUFFIX}"
    note.write_text(json.dumps({"stage": "resample", "reason": "no grid can be made"}))
    assert row(folder)["status"] == "failed"
    manifest = {kind: {"product": None, "reason": f"no {kind} file"} for kind in ("field", "plasma")}
    for spacecraft in EVENT.spacecraft:
        (folder / "e" / spacecraft / "files.json").write_text(json.dumps(manifest))
    found = row(folder)
    assert tuple(found[["status", "stage", "where"]]) == ("no data", "resample", "ace, wind")
    assert found["reason"].startswith("ace: no field: no field file; ace: no plasma")


def test_unknown_boundaries_at_the_second_spacecraft_are_partial(folder):
    coverage(folder, 1.0, float("nan"))
    assert row(folder)["reason"] == "wind: boundaries of the ejecta are not known"


@pytest.mark.parametrize(
    ("missing", "stage", "where"),
    [("wind/raw.nc", "load", "wind"), ("ace-wind/lag.nc", "lag", "ace-wind"), ("report.html", "report", "")],
)
def test_a_stage_that_left_no_word_is_not_run(folder, missing, stage, where):
    (folder / "e" / "report.html").unlink()
    (folder / "e" / missing).unlink(missing_ok=True)
    found = row(folder)
    assert (found["status"], found["stage"], found["where"]) == ("not run", stage, where)


def test_an_error_is_noted_beside_its_output_and_forgotten_when_that_is_made(folder):
    raw = folder / "e" / "wind" / "raw.nc"
    raw.unlink()
    code = f"from pipeline import status; status.watch('mine_load', {str(raw)!r}); raise ValueError('two\\n lines')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert tuple(row(folder)) == ("e", "failed", "load", "wind", "ValueError: two lines")
    raw.touch()
    assert row(folder)["status"] == "done"


def test_the_earliest_failed_stage_is_named_and_every_reason_once(folder):
    for path, stage in (("wind/files.json", "fetch"), ("ace/files.json", "fetch"), ("ace-wind/lag.nc", "lag")):
        (folder / "e" / path).unlink()
        (folder / "e" / f"{path}{status.SUFFIX}").write_text(json.dumps({"stage": stage, "reason": f"{stage} broke"}))
    found = row(folder)
    assert (found["status"], found["stage"]) == ("failed", "fetch")
    assert found["reason"] == "fetch broke; lag broke"


def test_a_failure_of_what_is_no_longer_asked_for_is_forgotten_when_the_event_comes_to_its_end(folder):
    """Its note and the gap stay, since nobody makes that result any more; a later failure counts, though."""
    note = folder / "e" / "ace" / "walen.nc.failed.json"
    note.write_text(json.dumps({"stage": "diagnose", "reason": "ValueError: x"}))
    report = (folder / "e" / "report.html").stat().st_mtime_ns
    os.utime(note, ns=(report - 10**9, report - 10**9))
    assert row(folder)["status"] == "done"
    os.utime(note, ns=(report + 10**9, report + 10**9))
    assert tuple(row(folder)) == ("e", "failed", "diagnose", "ace", "ValueError: x")


def test_counts():
    frame = pd.DataFrame({"status": ["done", "failed", "done"]})
    assert status.counts(frame) == "3 events: 2 done, 1 failed"
