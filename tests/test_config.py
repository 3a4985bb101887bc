"""Wrong settings and wrong event rows are refused with a sentence that names file, row and key."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config import ConfigError, read_events, read_settings

HEADER = "event,spacecraft,sheath_start,ejecta_start,ejecta_end,note\n"
GOOD = "2003-11-20,ace,,2003-11-20T11:48,2003-11-20T18:44,\n"


@pytest.fixture
def table(tmp_path):
    def write(rows, header=HEADER):
        path = tmp_path / "events.csv"
        path.write_text(header + rows, "utf-8")
        return path

    return write


def test_an_event_has_its_rows_in_order_and_its_reference_first(table):
    event = read_events(table(GOOD + "2003-11-20,wind,,,,\n"))["2003-11-20"]
    assert event.spacecraft == ("ace", "wind")
    assert event.pairs == (("ace", "wind"),)
    assert event.span == (datetime(2003, 11, 20, 11, 48), datetime(2003, 11, 20, 18, 44))
    assert not event.crossings[1].has_times


def test_times_with_an_offset_become_utc(table):
    event = read_events(table("e,ace,,2003-11-20T12:48+01:00,2003-11-20T18:44Z,\n"))["e"]
    assert event.span == (datetime(2003, 11, 20, 11, 48), datetime(2003, 11, 20, 18, 44))


def test_an_event_cannot_be_changed(table):
    event = read_events(table(GOOD))["2003-11-20"]
    with pytest.raises(ValidationError):
        event.name = "other"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("e,ace,,yesterday,2003-11-20T18:44,\n", r"row 2 .*ejecta_start.*'yesterday' is not an ISO time"),
        ("e,ace,,2003-11-20T18:44,2003-11-20T11:48,\n", "row 2 .*must follow each other"),
        ("e,ace,2003-11-21T00:00,2003-11-20T11:48,2003-11-20T18:44,\n", "row 2 .*must follow each other"),
        ("e,ace,,2003-11-20T11:48,,\n", "row 2 .*must both be given"),
        (
            "e,cassini,,2003-11-20T11:48,2003-11-20T18:44,\n",
            "row 2 .*unknown spacecraft 'cassini'.* ace, wind",
        ),
        (GOOD + GOOD, "row 3: 2003-11-20 already has a row for ace .row 2"),
        (GOOD + "f" + GOOD[4:] + GOOD.replace("ace", "wind"), "row 4: event 2003-11-20 appears twice"),
        (GOOD.replace("2003-11-20,", "../etc,", 1), "row 2: event name '../etc'"),
        (GOOD.replace("2003-11-20,", "a/b,", 1), "row 2: event name 'a/b'"),
        (GOOD.replace("2003-11-20,", "a..b,", 1), "row 2: event name 'a..b'"),
        ("e,ace,,2003-11-20T11:48\n", "row 2: 4 fields, expected 6"),
        ("e,ace,,,,\n", "row 2: e needs ejecta_start"),
        ("", "no event"),
    ],
)
def test_a_wrong_row_is_refused_by_number(table, rows, says):
    with pytest.raises(ConfigError, match=says):
        read_events(table(rows))


def test_wrong_columns_and_a_missing_table_are_refused(table, tmp_path):
    with pytest.raises(ConfigError, match="row 1: columns are 'name,when'"):
        read_events(table("", "name,when\n"))
    with pytest.raises(ConfigError, match=r"none\.csv.*cannot be read"):
        read_events(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"archiv": "x"}, "unknown key 'archiv'"),
        ({"resample": {"cadence": 64}}, "unknown key 'resample.cadence'"),
        ({"resample": {"cadence_s": -1}}, r"resample\.cadence_s.*-1"),
        ({"diagnostics": {"nonsense": {}}}, r"pipeline/diagnostics/nonsense\.py does not exist"),
        ({"diagnostics": {"../config": {}}}, "does not exist"),
        ({"diagnostics": {"alfvenicity": {"window": 3}}}, "unknown key.*window"),
    ],
)
def test_a_wrong_setting_is_refused_by_key(config, says):
    with pytest.raises(ConfigError, match=says):
        read_settings(config)


@given(st.text(max_size=12))
def test_no_event_name_leaves_the_results_folder(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("table") / "events.csv"
    quoted = name.replace('"', '""')
    path.write_text(HEADER + GOOD.replace("2003-11-20,", f'"{quoted}",', 1), "utf-8")
    try:
        (event,) = read_events(path)
    except ConfigError:
        return
    root = path.parent / "results"
    assert (root / event).resolve().parent == root.resolve()
