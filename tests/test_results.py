"""The opener finds what is there, and says what is there when asked for something else."""

import pandas as pd
import pytest
from results_factory import EVENT, LAG_S, write_results

from pipeline.results import EventResults, ResultsError, open_events, pair_name


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    write_results(root)
    return root


@pytest.fixture(scope="module")
def results(root):
    return EventResults(root / EVENT)


def test_event_spacecraft_pairs_and_notes(results):
    assert results.event == EVENT
    assert results.spacecraft == ("ace", "wind")
    assert results.pairs == (("ace", "wind"),)
    assert results.notes == {"ace": "a note"}
    assert EVENT in repr(results)


def test_datasets_tables_and_manifest(results):
    assert results.uniform("ace").sizes["time"] == 2400
    assert results.lag_s("ace", "wind") == LAG_S
    assert results.diagnostics("ace") == ("alfvenicity", "hodogram", "spectra", "wavelet")
    assert results.pair_results("ace", "wind") == ("correlation", "lag")
    assert results.tables == ("alfvenicity", "correlation", "hodogram", "intervals")
    assert results.files("wind")["plasma"]["product"] == "WI_H1_SWE"
    assert {"table", "column", "units", "meaning"} <= set(results.columns)


def test_times_are_times_numbers_are_numbers_texts_are_texts(results):
    table = results.table("intervals")
    assert table["start"].dtype == "datetime64[ns]"
    assert table["start"].iloc[0] == pd.Timestamp("2001-01-01T06:00")
    correlation = results.table("correlation")
    assert correlation["r"].isna().sum() == 5  # of one region
    assert correlation["reason"].iloc[0] == ""
    assert results.intervals["start"].dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.uniform("solo"), "no spacecraft 'solo', found ace, wind"),
        (lambda r: r.raw("ace"), "no result 'raw', found alfvenicity, hodogram, spectra, uniform, wavelet"),
        (lambda r: r.pair("lag", "wind", "ace"), "no pair 'wind-ace', found ace-wind"),
        (lambda r: r.table("waves"), "no table 'waves', found alfvenicity"),
        (lambda r: r.figure("overview_ace"), "no figure 'overview_ace.png', found none"),
    ],
)
def test_what_is_missing_is_named_beside_what_is_there(results, ask, message):
    with pytest.raises(ResultsError, match=message):
        ask(results)


def test_a_folder_without_an_event_is_refused(tmp_path):
    with pytest.raises(ResultsError, match=r"no event\.json"):
        EventResults(tmp_path)


def test_all_events_of_a_results_root(root):
    assert [r.event for r in open_events(root)] == [EVENT]
    assert pair_name("ace", "wind") == "ace-wind"


def test_what_an_earlier_run_left_is_not_counted_among_the_results(tmp_path):
    """A diagnostic, a pair, a table and a figure that are no longer asked for: there, but of other settings."""
    write_results(tmp_path)
    folder = tmp_path / EVENT
    names = [results_names(folder)]
    for path in ("ace/former.nc", "ace-wind/former.nc", "tables/former.csv"):
        (folder / path).write_bytes(b"old")
    names.append(results_names(folder))
    assert names[0] == names[1]
    (folder / "figures").mkdir(exist_ok=True)
    for name in ("walen_ace", "pair_ace-wind"):
        (folder / "figures" / f"{name}.png").write_bytes(b"")
    assert set(EventResults(folder).figures) >= {"walen_ace", "pair_ace-wind"}
    assert EventResults(folder, figures=["pair_ace-wind"]).figures == ("pair_ace-wind",)


def results_names(folder):
    results = EventResults(folder)
    return results.diagnostics("ace"), results.pair_results("ace", "wind"), results.tables
