"""The page of all events: one entry each, links that lead somewhere, numbers from the tables."""

import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from results_factory import CORRELATION, LAG_S, write_results

from pipeline import report, status
from pipeline.report import distributions, index, overall
from pipeline.results import EventResults


@pytest.fixture(scope="module")
def root(results, tmp_path_factory):
    """Three events, the first with its report, and one that broke off."""
    root = tmp_path_factory.mktemp("several")
    for name in ("one", "two", "three"):
        write_results(root, name)
    report.write(EventResults(root / "one"), {}, root / "one" / "report.html", index="../index.html")
    (root / "broken").mkdir()
    rows = [(name, "done", "", "", "") for name in ("one", "two", "three")]
    rows += [("broken", "failed", "fetch", "ace", "<b>truncated</b>: 3000 bytes")]
    statuses = pd.DataFrame(rows, columns=status.COLUMNS)
    overall.write_index(root, root / "index.html", statuses, catalogue="catalogue.html")
    return root


def test_every_event_is_linked_and_the_link_leads_to_its_report(root):
    page = (root / "index.html").read_text("utf-8")
    links = set(re.findall(r'href="([^"#:]+)"', page))
    assert links == {"one/report.html", "catalogue.html"}  # what is not there is not linked
    assert 'href="../index.html"' in (root / "one/report.html").read_text("utf-8")


def test_key_numbers_are_those_of_the_results(root):
    row = index.summary(EventResults(root / "two"))
    assert row["lag"] == LAG_S / 60
    assert row["r B_x"] == CORRELATION["ejecta"]
    assert row["r |B|"] == pytest.approx(CORRELATION["ejecta"] - 0.03)
    assert row["Alfvénic"] == 5.0
    assert row["ejecta start"] == pd.Timestamp("2001-01-01T12:00")


def test_an_event_that_broke_off_is_there_with_its_reason_and_nothing_else(root):
    page = (root / "index.html").read_text("utf-8")
    assert "fetch, ace: &lt;b&gt;truncated&lt;/b&gt;: 3000 bytes" in page
    assert "broken/report.html" not in page


def test_the_index_of_a_run_that_failed_is_older_than_everything(root, tmp_path):
    rows = pd.DataFrame([("broken", "failed", "fetch", "ace", "why")], columns=status.COLUMNS)
    overall.write_index_of_failure(tmp_path, tmp_path / "index.html", rows)
    assert (tmp_path / "index.html").stat().st_mtime == 0


def test_a_picture_stands_for_an_event_that_has_figures(results, root):
    assert index.thumbnail(results).startswith("/9j/")  # a JPEG
    assert index.thumbnail(EventResults(root / "two")) == ""


def test_no_event_is_a_page_too(tmp_path):
    overall.write_index(tmp_path, tmp_path / "index.html")
    assert "No event has results here." in (tmp_path / "index.html").read_text("utf-8")


def test_distributions_show_every_event_and_the_median():
    r = pd.DataFrame({"interval": "ejecta", "quantity": "b_x", "r": [0.1, 0.4, 0.9, np.nan]})
    waves = pd.DataFrame({"interval": ["ejecta"], "sigma_c": [0.5], "sigma_r": [-0.2]})
    figure = distributions.draw(r, waves)
    dots = np.concatenate([line.get_ydata() for line in figure.axes[0].get_lines() if line.get_marker() == "."])
    assert sorted(dots) == [0.1, 0.4, 0.9]
    bars = [c for c in figure.axes[0].collections if isinstance(c, mpl.collections.LineCollection)]
    assert bars[0].get_segments()[0][0][1] == 0.4
    assert figure.axes[0].get_xticklabels()[0].get_text() == "ejecta\n(n = 3)"


def test_few_events_have_no_distribution(results):
    assert distributions.picture([results, results]) == b""
