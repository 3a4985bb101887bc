"""Catalogues in, against ten rows of ICMECAT read by eye, a published way of writing text lists, and bad lines."""

from datetime import date, datetime

import pytest

from pipeline import catalogues
from pipeline.config import ConfigError, Select, read_events

HEADER = "name,sc,shock_time,mo_start,mo_end"

# Read by eye from HELIO4CAST ICMECAT v23: first boundary (blank where it is the obstacle's start), obstacle start, end.
BY_EYE = {
    "ICME_Wind_NASA_19950207_01": ("1995-02-07 19:11", "1995-02-08 03:21", "1995-02-10 21:36"),
    "ICME_Wind_NASA_19970110_01": ("1997-01-10 00:52", "1997-01-10 04:47", "1997-01-11 03:06"),
    "ICME_Wind_NASA_20011229_01": ("2001-12-29 05:16", "2001-12-30 03:24", "2001-12-30 19:10"),
    "ICME_Wind_NASA_20031120_01": ("2003-11-20 08:35", "2003-11-20 11:31", "2003-11-21 01:40"),
    "ICME_Wind_NASA_20010320_01": (None, "2001-03-20 18:17", "2001-03-22 00:00"),
    "ICME_Wind_MOESTL_20241231_01": ("2024-12-31 15:48", "2024-12-31 17:06", "2025-01-01 01:40"),
    "ICME_Wind_WEILER_20230512_01": ("2023-05-12 06:08", "2023-05-12 14:00", "2023-05-12 20:02"),
    "ICME_Wind_WEILER_20230513_01": (None, "2023-05-13 17:18", "2023-05-13 20:50"),
    "ICME_Wind_WEILER_20230603_01": ("2023-06-03 23:04", "2023-06-04 22:24", "2023-06-05 23:10"),
    "ICME_Wind_MOESTL_20250726_01": (None, "2025-07-26 16:44", "2025-07-27 17:40"),
}


def time(text):
    return datetime.fromisoformat(text) if text else None


@pytest.fixture(scope="module")
def icmecat(shared):
    return catalogues.read(shared / "catalogues" / "HELIO4CAST_ICMECAT_v23.csv")


@pytest.fixture(scope="module")
def whole(icmecat):
    return catalogues.select(icmecat, Select())


def table_of(tmp_path, text, **choice):
    path = tmp_path / "list.csv"
    path.write_text(text, "utf-8")
    return catalogues.select(catalogues.read(path), Select(**choice))


def test_every_row_of_icmecat_is_an_event_or_left_out_with_its_reason(icmecat, whole):
    assert len(icmecat.rows) + len(icmecat.left_out) == 1976
    assert sum(1 for rows in whole.events) == 551  # rows of Wind, counted with cut and uniq
    assert len(whole.events) + len(whole.left_out) == 1976
    assert all(out.reason for out in whole.left_out)
    malformed = [out for out in whole.left_out if out.kind == "malformed"]
    assert [(out.line, out.event) for out in malformed] == [(1146, "ICME_STEREO_A_JIAN_20120315_01")]
    assert "sheath starts after the ejecta" in malformed[0].reason


@pytest.mark.parametrize("name", BY_EYE)
def test_rows_read_by_eye(whole, name):
    reference = next(rows for rows in whole.events if rows[0].event == name)[0]
    assert reference.spacecraft == "wind"
    times = (reference.sheath_start, reference.ejecta_start, reference.ejecta_end)
    assert times == tuple(map(time, BY_EYE[name]))


def test_ace_is_a_partner_while_it_measured_plasma(whole):
    for rows in whole.events:
        expected = ("wind", "ace") if rows[0].ejecta_start.date() >= date(1998, 2, 4) else ("wind",)
        assert tuple(row.spacecraft for row in rows) == expected
    ace = next(rows for rows in whole.events if rows[0].event == "ICME_Wind_NASA_20011229_01")[1]
    assert (ace.sheath_start, ace.ejecta_start, ace.ejecta_end) == (None, None, None)


def test_the_workflow_takes_the_whole_table_and_its_notes_say_where_from(whole, tmp_path):
    catalogues.write(whole, tmp_path / "events.csv", tmp_path / "left_out.csv")
    events = read_events(tmp_path / "events.csv")
    assert len(events) == 551
    note = events["ICME_Wind_NASA_20011229_01"].reference.note
    # the file's digest as sha256sum gives it, the line as grep -n gives it
    assert note == "boundaries: HELIO4CAST_ICMECAT_v23.csv (sha256 4ab51b795b54), line 1650"
    assert len((tmp_path / "left_out.csv").read_text().splitlines()) == 1 + 1976 - 551


def test_names_do_not_depend_on_what_else_is_selected(icmecat, whole):
    some = catalogues.select(icmecat, Select(start=date(2001, 12, 1), end=date(2002, 1, 1)))
    assert {rows[0] for rows in some.events} == {
        rows[0] for rows in whole.events if rows[0].ejecta_start.strftime("%Y%m") == "200112"
    }
    assert len({rows[0].event.lower() for rows in whole.events}) == 551


@pytest.mark.parametrize(
    ("place", "day", "expected", "tolerance"),
    [
        # measured on 2003-11-20: ACE at X = 240 Re, Wind at X = -213 Re, Y and Z within 30 Re: 0.0193 au
        ((0.9972, 0.09, 2.2), datetime(2003, 11, 20, 12), 0.0193, 0.002),
        # published for 2001-12-29: 0.014 au between the two; ACE is up to 0.002 au from the Lagrange point
        ((0.9813, 0.62, -2.82), datetime(2001, 12, 30, 12), 0.014, 0.003),
    ],
)
def test_separation_from_the_lagrange_point(place, day, expected, tolerance):
    assert catalogues.separation_au(place, catalogues.l1(day)) == pytest.approx(expected, abs=tolerance)


def test_pairs_farther_apart_than_the_limit_are_not_made(icmecat):
    near = catalogues.select(icmecat, Select(max_separation_au=0.005, start=date(2001, 12, 1), end=date(2002, 1, 1)))
    apart = next(rows for rows in near.events if rows[0].event == "ICME_Wind_NASA_20011229_01")
    assert [row.spacecraft for row in apart] == ["wind"]
    alone = catalogues.select(icmecat, Select(pair=False))
    assert all(len(rows) == 1 for rows in alone.events)


def test_bad_lines_are_named_by_number_and_the_rest_is_kept(tmp_path):
    text = f"""{HEADER}
good,Wind,2001-12-29T05:16Z,2001-12-30T03:24Z,2001-12-30T19:10Z
offset,Wind,,2001-01-01T02:00+02:00,2001-01-01 12:00

badtime,Wind,,2001-13-30T03:24,2001-12-30T19:10
short,Wind,2001-12-30T03:24
reversed,Wind,,2001-12-30T19:10,2001-12-30T03:24
../up,Wind,,2001-12-30T03:24,2001-12-30T19:10
blank,Wind,,,2001-12-30T19:10
"quoted
name",Wind,,2001-12-30T03:24,2001-12-30T19:10
Good,Wind,,2002-12-30T03:24,2002-12-30T19:10
far,Mariner 2,,2002-12-30T03:24,2002-12-30T19:10
early,ACE,,1997-12-30T03:24,1997-12-30T19:10
"""
    table = table_of(tmp_path, text, pair=False)
    assert [rows[0].event for rows in table.events] == ["offset", "good"]
    assert table.events[0][0].ejecta_start == datetime(2001, 1, 1)
    assert [(out.line, out.kind) for out in table.left_out] == [
        (5, "malformed"),
        (6, "malformed"),
        (7, "malformed"),
        (8, "malformed"),
        (9, "malformed"),
        (10, "malformed"),
        (12, "duplicate"),
        (13, "spacecraft"),
        (14, "date"),
    ]
    reasons = [out.reason for out in table.left_out]
    assert "2001-13-30" in reasons[0]
    assert "3 fields, the header has 5" in reasons[1]
    assert "mariner_2 is not among ace, wind" in reasons[7]


def test_what_became_of_the_lines_is_told(tmp_path):
    text = f"{HEADER}\ngood,Wind,,2001-12-30T03:24Z,2001-12-30T19:10Z\nbad,Wind,,x,2001-12-30T19:10\n"
    (tmp_path / "list.csv").write_text(text)
    catalogue = catalogues.read(tmp_path / "list.csv")
    told = catalogues.summary(catalogue, catalogues.select(catalogue, Select()))
    assert told.startswith("1 event (1 with more than one spacecraft) from list.csv")
    assert "malformed, line 3: ejecta_start: 'x' is not an ISO time" in told


OWN = "event,spacecraft,sheath_start,ejecta_start,ejecta_end,note"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("bad,wind,,2201-12-30T03:24,2201-12-31T19:10,", "not between 1971 and 2099"),
        ("bad,wind,,0001-01-01T00:30+01:00,2001-12-31T19:10,", "not an ISO time"),
        ("bad,wind,,2001-10-30T03:24,2001-12-30T19:10,", "lasts 61 days, more than 31"),
        ("bad,wind,2001-10-30T03:24,2001-12-30T03:24,2001-12-30T19:10,", "lasts 61 days, more than 31"),
        ("record,wind,,2001-12-30T03:24,2001-12-30T19:10,", "file or folder beside the events"),
        (f"{'x' * 101},wind,,2001-12-30T03:24,2001-12-30T19:10,", "101 characters, more than 100"),
        ("bad,,,2001-12-30T03:24,2001-12-30T19:10,", "no spacecraft"),
        ('bad,wind,,2001-12-30T03:24,2001-12-30T19:10,"never closed', "a quote is not closed"),
    ],
)
def test_a_line_that_the_workflow_would_refuse_does_not_cost_the_others(tmp_path, line, reason):
    good = "good,wind,,2003-11-20T10:00,2003-11-20T20:00,"
    table = table_of(tmp_path, "\n".join([OWN, line, good, ""]))
    assert [(out.line, out.kind) for out in table.left_out] == [(2, "malformed")]
    assert reason in table.left_out[0].reason
    catalogues.write(table, tmp_path / "events.csv", tmp_path / "left_out.csv")
    assert list(read_events(tmp_path / "events.csv")) == ["good"]


def test_a_second_spacecraft_of_the_same_name_must_be_of_the_same_month(tmp_path):
    text = f"{OWN}\na,wind,,2001-12-30T03:24,2001-12-30T19:10,\na,ace,,2005-12-30T03:24,2005-12-30T19:10,\n"
    table = table_of(tmp_path, text)
    assert "more than 31 days away" in table.left_out[0].reason
    assert [row.ejecta_start for row in table.events[0]] == [datetime(2001, 12, 30, 3, 24), None]


def test_the_same_ejecta_under_another_name_is_counted_once_and_overlaps_are_told(tmp_path):
    text = f"""{OWN}
a,wind,,2001-12-30T03:00,2001-12-30T19:00,
b,wind,2001-12-29T05:16,2001-12-30T03:00,2001-12-30T19:00,
c,wind,,2001-12-30T18:00,2001-12-31T19:00,
"""
    table = table_of(tmp_path, text)
    assert [rows[0].event for rows in table.events] == ["a", "c"]
    assert table.left_out[0].reason == "a on line 2 has the same spacecraft and times"
    told = catalogues.summary(catalogues.read(tmp_path / "list.csv"), table)
    assert "overlap, c starts before a ends" in told


def test_entries_of_two_spacecraft_near_the_earth_are_one_event_without_places_too(tmp_path):
    text = f"{OWN}\na,wind,,2001-12-30T03:24,2001-12-30T19:10,\nb,ace,,2001-12-30T02:40,2001-12-30T18:30,\n"
    (rows,) = table_of(tmp_path, text).events
    assert [(row.event, row.spacecraft, row.ejecta_start.hour) for row in rows] == [("b", "ace", 2), ("b", "wind", 3)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", ["", "\ufeff", "# my list\n\n"])
def test_a_table_is_read_whatever_parts_its_fields_and_ends_its_lines(tmp_path, delimiter, ending, before):
    text = f"{before}{OWN}\na,wind,-,2001/12/30 03:24,2001-12-30T19:10Z,n\na,ace,,,,\n"
    path = tmp_path / "list.csv"
    path.write_bytes(text.replace(",", delimiter).replace("\n", ending).encode())
    catalogue = catalogues.read(path)
    (row,) = catalogue.rows
    assert (row.event, row.spacecraft, row.sheath_start) == ("a", "wind", None)
    assert (row.ejecta_start, row.ejecta_end) == (datetime(2001, 12, 30, 3, 24), datetime(2001, 12, 30, 19, 10))
    first = 4 if "#" in before else 2
    assert row.note.startswith("n; boundaries: list.csv")
    assert row.note.endswith(f"line {first}")
    assert [(out.line, out.kind) for out in catalogue.left_out] == [(first + 1, "no times")]


def test_a_table_without_a_needed_column_is_refused_and_the_column_named(tmp_path):
    with pytest.raises(ConfigError, match=r"list\.csv, line 1: no column for ejecta_end \(mo_end_time"):
        table_of(
            tmp_path, "event,sheath_start,ejecta_start,made\na,2001-12-29 05:16,2001-12-30 03:24,2020-01-01 10:00\n"
        )


def test_a_file_of_bad_lines_alone_is_refused_with_the_first_reasons(tmp_path):
    with pytest.raises(ConfigError, match=r"no ICME found in 1 lines.*line 2: ejecta_start: 'x' is not an ISO time"):
        table_of(tmp_path, f"{OWN}\na,wind,,x,2001-12-30T19:10,\n")


def test_selection_by_date_duration_and_spacecraft(tmp_path):
    rows = "\n".join(
        f"e{d},{sc},,2005-01-{d:02}T00:00,2005-01-{d:02}T{d:02}:00" for d, sc in enumerate(("wind", "ace") * 5, 10)
    )
    table = table_of(
        tmp_path, f"{HEADER}\n{rows}\n", pair=False,
        start=date(2005, 1, 11), end=date(2005, 1, 19), spacecraft=("wind",), min_duration_h=13, max_duration_h=16,
    )  # fmt: skip
    assert [rows[0].event for rows in table.events] == ["e14", "e16"]


def test_rows_of_two_spacecraft_become_one_event(tmp_path):
    header = "sc_insitu,mo_start_time,mo_end_time,mo_sc_heliodistance,mo_sc_long_heeq,mo_sc_lat_heeq"
    text = f"""{header}
ACE,2005-01-10T01:00,2005-01-10T20:00,0.975,0.0,-4.0
Wind,2005-01-10T00:00,2005-01-10T19:00,0.976,0.1,-4.0
Wind,2005-02-10T00:00,2005-02-10T19:00,0.976,0.1,-4.0
ACE,2005-02-10T01:00,2005-02-10T20:00,0.976,9.0,-4.0
"""
    table = table_of(tmp_path, text)
    assert [[row.spacecraft for row in rows] for rows in table.events] == [["wind", "ace"], ["wind", "ace"], ["ace"]]
    joined = table.events[0]
    assert joined[1].ejecta_start == datetime(2005, 1, 10, 1)
    assert {row.event for row in joined} == {"icme-20050110-0000"}
    assert table.events[1][1].ejecta_start is None  # ACE as listed is 9 degrees away: not the same entry


def test_the_list_of_near_earth_icmes_as_text(tmp_path):
    # The entry of 2001-12-29 as published (storm onset 12/29 05:38; ICME 12/30 00 to 12/30 18); the others are made up.
    text = """Near-Earth Interplanetary Coronal Mass Ejections, revised some day
Disturbance MM/DD (UT) ICME Plasma/Field Start, End MM/DD (UT) ...
2001
12/29 0538 12/30 0000 12/30 1800 -14 -6 ... ... N ... 3 90 S 400 460 16 1 -58 580 12/26 0530
12/30 2000(A) 12/31 0400 01/02 1200 ... ... Y 2 50 400 480 7 0 -30 ...
  2002
02/03 0500 02/03 0500 02/04 0700 ... LASCO dg
02/30 0500 03/01 0500 03/02 0700
03/01 0500 ... ...
"""
    table = table_of(tmp_path, text)
    first, second, third = (rows[0] for rows in table.events)
    assert (first.spacecraft, first.event) == ("ace", "icme-20011230-0000")
    assert first.sheath_start == datetime(2001, 12, 29, 5, 38)
    assert (first.ejecta_start, first.ejecta_end) == (datetime(2001, 12, 30), datetime(2001, 12, 30, 18))
    at_ace = "; listed for the near Earth, taken for ace"
    assert first.note.endswith(f"line 4; disturbance timed at Earth (storm onset){at_ace}")
    assert second.note.endswith(f"line 5; disturbance timed at ACE{at_ace}")
    assert second.ejecta_end == datetime(2002, 1, 2, 12)
    assert third.sheath_start is None
    assert [(out.line, out.kind) for out in table.left_out] == [
        (1, "text"),
        (2, "text"),
        (8, "malformed"),
        (9, "malformed"),
    ]
    assert [row.spacecraft for row in table.events[0]] == ["ace", "wind"]


@pytest.mark.parametrize(
    "line",
    [
        "2001/12/29 0538, 2001/12/30 0000, 2001/12/30 1800, -14, -6",
        "2001-12-29 05:38 | 12/30 00 - 12/30 18 | 400/460 | 16 | 1",
        "2001-12-29 05:38\t2001-12-30 00:00\t2001-12-30 18:00",
        "2001/12/29 0538 2001/12/29 2400 2001/12/30 1800",
    ],
)
def test_other_ways_to_write_the_same_line(tmp_path, line):
    (row, *_), = table_of(tmp_path, line + "\n").events  # fmt: skip
    assert row.sheath_start == datetime(2001, 12, 29, 5, 38)
    assert (row.ejecta_start, row.ejecta_end) == (datetime(2001, 12, 30), datetime(2001, 12, 30, 18))


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "12/29 0538 12/30 0000 12/30 1800\n", f"{HEADER}\n"])
def test_a_file_without_any_icme_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match=r"list\.csv: no ICME found"):
        table_of(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.csv: the catalogue cannot be read"):
        catalogues.read(tmp_path / "nowhere.csv")


def test_an_unknown_spacecraft_in_the_selection_is_refused():
    with pytest.raises(ValueError, match="unknown spacecraft 'mariner'"):
        Select(spacecraft=("mariner",))


def test_rows_of_chosen_events_are_kept_as_they_stand(tmp_path):
    rows = [
        "a,wind,,2001-12-30T03:24,2001-12-30T19:10,",
        "a,ace,,,,",
        'b,wind,,2003-11-20T10:00Z,2003-11-20T20:00Z,"x, y"',
    ]
    (tmp_path / "events.csv").write_text("\n".join([OWN, *rows, ""]), "utf-8")
    catalogues.keep(tmp_path / "events.csv", ["b"], tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text("utf-8").splitlines() == [OWN, rows[2]]
    catalogues.keep(tmp_path / "events.csv", ["a"], tmp_path / "a.csv")
    assert list(read_events(tmp_path / "a.csv")["a"].spacecraft) == ["wind", "ace"]
