"""Intervals: thirds, boundaries carried by the lag, unions of pieces, and times that survive a file."""

import numpy as np
import pandas as pd

from pipeline.config import Crossing, Event
from pipeline.intervals import given_intervals, inside, mask, of, of_pair, read, write

T0 = np.datetime64("2001-12-29T00:00", "ns")


def hours(value):
    return T0 + np.timedelta64(round(value * 3600e9), "ns")


def event(sheath="2001-12-29T05:00", second=None):
    first = Crossing(
        spacecraft="ace", sheath_start=sheath, ejecta_start="2001-12-29T10:00", ejecta_end="2001-12-29T19:00"
    )
    return Event(name="e", crossings=(first, second or Crossing(spacecraft="wind")))


def test_sheath_ejecta_and_thirds_meet_without_overlap():
    table = of(given_intervals(event(), {}), "ace").set_index("interval")
    assert list(table.index) == ["sheath", "ejecta", "ejecta_front", "ejecta_middle", "ejecta_rear"]
    assert table.loc["sheath", "end"] == table.loc["ejecta", "start"] == table.loc["ejecta_front", "start"]
    assert table.loc["ejecta_front", "end"] == table.loc["ejecta_middle", "start"] == hours(13)
    assert table.loc["ejecta_rear", "end"] == table.loc["ejecta", "end"]
    assert set(table["origin"]) == {"given"}


def test_boundaries_are_carried_by_the_lag():
    table = of(given_intervals(event(), {"wind": 2400.0}), "wind").set_index("interval")
    assert table.loc["ejecta", "start"] == hours(10) + np.timedelta64(2400, "s")
    assert table.loc["sheath", "start"] == hours(5) + np.timedelta64(2400, "s")
    assert set(table["origin"]) == {"carried"}


def test_without_lag_the_rows_stay_and_say_so():
    table = of(given_intervals(event(), {"wind": np.nan}), "wind")
    assert len(table) == 5
    assert table["start"].isna().all()
    assert set(table["origin"]) == {"unknown"}
    assert not inside(np.array([hours(12)]), table["start"][1], table["end"][1]).any()


def test_own_times_win_and_no_sheath_is_no_row():
    own = Crossing(spacecraft="wind", ejecta_start="2001-12-29T11:00", ejecta_end="2001-12-29T20:00")
    table = given_intervals(event(sheath=None, second=own), {"wind": 60.0})
    assert "sheath" not in set(table["interval"])
    assert of(table, "wind")["start"][0] == hours(11)


def test_pieces_of_one_name_are_selected_together():
    rows = [("ace", "quiet", hours(1), hours(2), "detected"), ("ace", "quiet", hours(4), hours(5), "detected")]
    table = pd.DataFrame(rows, columns=["spacecraft", "interval", "start", "end", "origin"])
    time = np.array([hours(h) for h in (0.5, 1.0, 1.5, 2.0, 4.5, 5.0)])
    np.testing.assert_array_equal(mask(time, table, "quiet"), [False, True, True, False, True, False])
    assert not mask(time, table, "absent").any()


def test_what_the_other_detected_comes_back_in_the_reference_time():
    given = given_intervals(event(), {"wind": 3600.0})
    found = pd.DataFrame(
        [("wind", "alfvenic_1", hours(15), hours(18), "detected"), ("wind", "quiet", hours(11), hours(15), "detected")],
        columns=given.columns,
    )
    table = of_pair(pd.concat([given, found]), "ace", "wind", 3600.0).set_index("interval")
    assert table.loc["alfvenic_1_wind", "start"] == hours(14)
    assert "quiet" not in table.index  # the reference has found none
    assert len(of_pair(pd.concat([given, found]), "ace", "wind", np.nan)) == 5


def test_a_table_comes_back_from_its_file_to_the_microsecond(tmp_path):
    table = given_intervals(event(), {"wind": np.nan})
    write(table, tmp_path / "intervals.csv")
    pd.testing.assert_frame_equal(read(tmp_path / "intervals.csv"), table)
