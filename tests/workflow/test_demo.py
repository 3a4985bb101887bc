"""The whole workflow against the simulator's truth."""

import json
from pathlib import Path

import pandas as pd
import pytest

from pipeline import again, reference
from pipeline.results import EventResults

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def truth(demo):
    return json.loads((demo.folder / "archive" / "truth.json").read_text())


@pytest.fixture(scope="module")
def results(demo):
    return EventResults(demo.results / "demo")


def test_the_lag_is_right_within_one_bin(results, truth):
    cadence_s = results.uniform("ace").attrs["cadence_s"]
    assert float(results.pair("lag", "ace", "wind")["lag_s"]) == pytest.approx(truth["lag_s"], abs=cadence_s)


def test_carried_boundaries_are_right_within_five_minutes(results, truth):
    rows = results.table("intervals").set_index(["spacecraft", "interval"])
    for column, name in (("start", "ejecta_start"), ("end", "ejecta_end")):
        error = pd.Timestamp(rows.loc[("wind", "ejecta"), column]) - pd.Timestamp(truth["boundaries"]["wind"][name])
        assert abs(error) <= pd.Timedelta(minutes=5)


@pytest.mark.parametrize("spacecraft", ["ace", "wind"])
def test_the_waves_are_found_and_measured(results, truth, spacecraft):
    # within 0.05 of what the noise-free fluctuations have over the true interval: noise, turbulence, gaps and edges
    table = results.table("alfvenicity").set_index(["spacecraft", "interval", "method"])
    found = table.loc[(spacecraft, "alfvenic_1", "running_mean")]
    for name in ("sigma_c", "sigma_r"):
        assert found[name] == pytest.approx(truth["realised"][spacecraft][name], abs=0.05)


def test_the_page_of_columns_is_that_of_the_tables(demo):
    page = ROOT / "docs" / "columns.md"
    columns = reference.read_columns(demo.results / "demo" / "tables" / "columns.csv")
    made = reference.columns_page(columns)
    assert page.read_text("utf-8") == made, "python -m pipeline.reference docs demo/results/demo/tables/columns.csv"


def test_pages_over_all_events_are_part_of_a_run(demo):
    index = (demo.results / "index.html").read_text("utf-8")
    assert 'href="demo/report.html"' in index
    assert 'href="catalogue.html"' in index
    assert (demo.results / "catalogue.html").is_file()
    assert 'href="../index.html"' in (demo.results / "demo" / "report.html").read_text("utf-8")


def test_a_result_computed_again_in_memory_is_that_of_the_run(results):
    # tables keep seven digits
    keys = ["interval", "sigma_c", "sigma_r", "sigma_c_ci_low"]
    run = results.table("alfvenicity").query("spacecraft == 'ace'").reset_index(drop=True)
    pd.testing.assert_frame_equal(again.diagnostic(results, "alfvenicity", "ace")[keys], run[keys], rtol=1e-6)
    run = results.table("contrast")
    pd.testing.assert_frame_equal(
        again.pair(results, "contrast", "ace", "wind")[["delta_r", "misfit"]], run[["delta_r", "misfit"]], rtol=1e-6
    )


def test_every_target_says_what_it_is_for(demo):
    listed = demo.snakemake("--list-target-rules").stdout.splitlines()
    targets = {line.partition(" ")[0]: line for line in listed if "profile" not in line and "Config file" not in line}
    assert {"all", "index", "catalogue_page", "population", "events", "validation", "sensitivity"} <= set(targets)
    assert [line for line in targets.values() if not line.endswith(".)") and not line.endswith("))")] == []


def test_no_line_of_a_plan_is_longer_than_a_reader_takes(demo):
    done = demo.snakemake("-n", "--forceall")
    text = done.stdout + done.stderr
    assert "demo: figure overview_ace" in text
    assert max(map(len, text.splitlines())) < 250  # the longest reason is cut to 160 characters


def test_the_report_of_snakemake_holds_figures_tables_and_pages_with_captions(demo):
    done = demo.snakemake("--report", "report.html")
    assert done.returncode == 0, done.stderr
    page = (demo.folder / "report.html").read_text("utf-8")
    for word in (
        "all events",
        "overview",
        "One spacecraft's passage",
        "drawn from the event",
        "the whole event on one",
    ):
        assert word in page
