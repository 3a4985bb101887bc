"""The cloud of 2003-11-20, from genuine files to the report, against what was measured on them independently."""

import json
import os
import shutil
from pathlib import Path

import pytest

from pipeline.results import EventResults

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def results(genuine):
    return EventResults(genuine.results / "2003-11-20")


def test_the_two_spacecraft_agree_at_the_lag_that_was_measured_by_hand(results):
    # at 4-min cadence, by hand: By and Bz above 0.95 at 73 to 76 min, Bx below 0.7; the used lag is a whole bin
    assert 73 <= float(results.pair("lag", "ace", "wind")["lag_refined_s"]) / 60 <= 76
    table = results.table("correlation")
    r = table[(table["interval"] == "ejecta") & (table.get("scale", "all") == "all")].set_index("quantity")["r"]
    assert r["b_y"] > 0.95
    assert r["b_z"] > 0.95
    assert r["b_x"] < 0.7
    assert 73 * 60 <= table["lag_s"].iloc[0] <= 76 * 60


def test_boundaries_are_carried_to_wind(results):
    rows = results.table("intervals").set_index(["spacecraft", "interval"])
    carried = rows.loc[("wind", "ejecta")]
    assert carried["origin"] == "carried"
    assert rows.loc[("ace", "ejecta"), "origin"] == "given"


def test_the_great_cloud_is_great(results):
    # published for this cloud: |B| up to about 56 nT, Bz down to about -53 nT at ACE (Gopalswamy et al. 2005, ~50 nT
    # southward); 4-min means come close
    rows = results.table("intervals").set_index(["spacecraft", "interval"])
    for spacecraft in ("ace", "wind"):
        assert 50 < rows.loc[(spacecraft, "ejecta"), "b_max"] < 60
        assert -57 < rows.loc[(spacecraft, "ejecta"), "b_z_min"] < -45


def test_the_report_says_which_products_stood_in_and_which_days_are_absent(genuine):
    files = json.loads((genuine.results / "2003-11-20" / "ace" / "files.json").read_text())
    assert files["field"]["product"] == "AC_H1_MFI"
    page = (genuine.results / "2003-11-20" / "report.html").read_text("utf-8")
    for word in ("AC_H1_MFI", "AC_H0_MFI", "WI_H1_SWE", "WI_PM_3DP", "2003-11-19", "not in the archive"):
        assert word in page


def test_a_second_run_does_nothing(genuine):
    assert "Nothing to be done" in genuine.snakemake("-n").stdout + genuine.snakemake("-n").stderr


def test_a_changed_row_reruns_its_event_and_a_changed_setting_its_stage(genuine):
    table = genuine.folder / "events.csv"
    before = table.read_text()
    try:
        table.write_text(before.replace("18:44", "18:30"))
        planned = genuine.planned()
        assert {"lag", "intervals", "diagnose", "correlate", "tabulate", "report"} <= set(planned)
    finally:
        table.write_text(before)
    assert genuine.planned() == {}
    changed = ("diagnostics={hodogram: {smooth_s: 900}}",)
    planned = genuine.planned("--config", *genuine.arguments[1:], *changed)
    assert planned["diagnose"] == 2
    assert not {"fetch", "load", "resample", "lag", "intervals", "correlate"} & set(planned)


def test_an_added_event_is_made_alone_and_the_catalogue_with_it(genuine):
    table = genuine.folder / "events.csv"
    before = table.read_text()
    rows = [line for line in before.splitlines(keepends=True) if line.startswith("2003-11-20")]
    try:
        table.write_text(before + "".join(rows).replace("2003-11-20,", "another,"))
        planned = genuine.planned()
    finally:
        table.write_text(before)
    of_events = {"fetch": 2, "load": 2, "resample": 2, "lag": 1, "intervals": 1, "tabulate": 1, "report": 1}
    assert {rule: planned.get(rule) for rule in of_events} == of_events
    # every table but that of the columns
    assert planned["catalogue"] == len(list((genuine.results / "2003-11-20" / "tables").glob("*.csv"))) - 1


def test_an_edited_diagnostic_reruns_its_jobs_and_what_follows(genuine, tmp_path):
    # a copy of the package in which one module is edited takes the place of the installed one
    for part in ("pipeline", "workflows", "configs"):
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    module = tmp_path / "pipeline" / "diagnostics" / "hodogram.py"
    os.environ["PYTHONPATH"], before = str(tmp_path), os.environ.get("PYTHONPATH", "")
    try:
        module.write_text(module.read_text() + "\n\nEDITED = True\n")
        planned = genuine.planned(snakefile=tmp_path / "Snakefile")
    finally:
        os.environ["PYTHONPATH"] = before
    assert planned["diagnose"] == 2
    assert not {"fetch", "load", "resample", "lag", "intervals", "correlate"} & set(planned)
