"""Wrong settings and wrong event rows are refused with a sentence that names file, row and key."""

import csv
import importlib
import math
import re
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline import config
from pipeline.config import ConfigError, Settings, read_events, read_settings
from pipeline.config_files import NEEDED, refuse_figures_of_nothing, refuse_repeated_keys

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
        (
            GOOD.replace("2003-11-20,", "e" * 101 + ",", 1),
            "row 2: event name e{20}... has 101 characters",
        ),
        ("e,ace,,2003-11-20T11:48\n", "row 2: 4 fields, expected 6"),
        ("e,ace,,,,\n", "row 2: e needs ejecta_start"),
        ("", "no event"),
    ],
)
def test_a_wrong_row_is_refused_by_number(table, rows, says):
    with pytest.raises(ConfigError, match=says):
        read_events(table(rows))


def test_ten_thousand_events_take_their_rows_time(table):
    """Some 0.1 ms a row; the limit only catches work that grows with the square of the rows."""
    rows = "".join(GOOD.replace("2003-11-20,", f"e{k},", 1).splitlines(True)[0] for k in range(10_000))
    begin = time.process_time()
    assert len(read_events(table(rows))) == 10_000
    assert time.process_time() - begin < 6


@pytest.mark.parametrize(("key", "value"), [("results", "a\0b"), ("data", ""), ("events", " "), ("archive", "\0")])
def test_a_path_that_no_system_takes_is_refused(key, value):
    with pytest.raises(ConfigError, match=f"{key}: a path or an address cannot be blank or hold a zero byte"):
        read_settings({key: value})


def test_a_value_of_any_size_is_told_in_a_line():
    many = ["x"]
    for _ in range(5):
        many = [many] * 9  # what five aliases of YAML make
    with pytest.raises(ConfigError, match=r"results: .*\.\.\.\)") as error:
        read_settings({"results": many})
    assert len(str(error.value)) < 400


def test_wrong_columns_and_a_missing_table_are_refused(table, tmp_path):
    with pytest.raises(ConfigError, match="row 1: columns are 'name,when'"):
        read_events(table("", "name,when\n"))
    with pytest.raises(ConfigError, match=r"none\.csv.*cannot be read"):
        read_events(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"archiv": "x"}, "unknown key 'archiv'"),
        ({"resample": {"cadence": 64}}, "unknown key 'resample.cadence'"),
        ({"resample": {"cadence_s": -1}}, r"resample\.cadence_s.*-1"),
        ({"diagnostics": {"nonsense": {}}}, r"pipeline/diagnostics/nonsense\.py does not exist"),
        ({"diagnostics": {"../config": {}}}, "does not exist"),
        ({"diagnostics": {"alfvenicity": {"window": 3}}}, "unknown key.*window"),
    ],
)
def test_a_wrong_setting_is_refused_by_key(wrong, says):
    with pytest.raises(ConfigError, match=says):
        read_settings(wrong)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "diagnostics: {walen: {}}\nlag: {}\ndiagnostics:\n  hodogram: {}\n",
            ", line 3: key 'diagnostics' is given twice, first in line 1",
        ),
        (
            "pairs:\n  lag: {}\n  phase:\n    band: 1\n    band: 2\n",
            ", line 5: key 'pairs.phase.band' is given twice, first in line 4",
        ),
        (
            "lag: {search_s: 1, min_overlap: 1, search_s: 1}",
            ", line 1: key 'lag.search_s' is given twice, first in line 1",
        ),
        ("a:\n- {x: 1}\n- x: 1\n  'x': 2\n", ", line 4: key 'a.1.x' is given twice, first in line 3"),
        ('{"lag": {},\n\t"fetch": {"timeout_s": 1, "timeout_s": 2}}', ": key 'timeout_s' is given twice"),
    ],
)
def test_a_key_given_twice_is_refused_by_file_line_and_key(tmp_path, text, says):
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}{says}$"):
        refuse_repeated_keys(path)


def test_keys_that_only_look_twice_are_none(tmp_path):
    """The same key in two blocks, in a block that is used twice, in one that adds to another; aliases without end."""
    path = tmp_path / "config.yaml"
    many = "".join(f"k{n}: &k{n} [{', '.join(9 * [f'*k{n - 1}'])}]\n" for n in range(1, 30))
    for text in (
        "a: {x: 1}\nb: {x: 1}\n",
        "a: &a {x: 1}\nb: *a\nc: {<<: *a, x: 2}\n",
        "",
        f"k0: &k0 [x]\n{many}",
        "a: &a [*a]",
    ):
        path.write_text(text)
        refuse_repeated_keys(path)
    root = Path(config.__file__).parents[1]
    for path in (root / "configs").rglob("*.yaml"):
        refuse_repeated_keys(path)


def test_looking_for_keys_twice_costs_little():
    path = Path(config.__file__).parents[1] / "configs" / "default.yaml"
    begin = time.process_time()
    for _ in range(10):
        refuse_repeated_keys(path)
    assert time.process_time() - begin < 10 * 0.02


@pytest.mark.parametrize("figure", NEEDED)
def test_a_figure_of_a_result_that_is_not_made_is_refused_by_key(figure):
    block, result = NEEDED[figure]
    refuse_figures_of_nothing(read_settings({"figures": {"event": [figure]}, block: {result: {}}}))
    others = {name: {} for name in ("walen", "rope")} if block == "diagnostics" else {"phase": {}}
    with pytest.raises(ConfigError, match=rf"figures\.event: {figure} shows {block}\.{result}, which is not asked for"):
        refuse_figures_of_nothing(read_settings({"figures": {"event": [figure]}, block: others}))


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


# Anything at all, in place of settings and of the table of events: accepted, or refused in a sentence.

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(), st.text(max_size=8), st.sampled_from(["auto"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def keys_of(block) -> list[str]:
    return list(getattr(block, "model_fields", {}))


def blocks() -> st.SearchStrategy:
    """A configuration with known keys and any values, in the blocks too."""
    plain = [key for key in keys_of(Settings) if key not in ("simulate", "validation")]
    nested = {
        "fetch": keys_of(config.Fetch),
        "load": keys_of(config.Load),
        "resample": keys_of(config.Resample),
        "lag": keys_of(config.Lag),
        "select": keys_of(config.Select),
        "detect": keys_of(importlib.import_module("pipeline.detect").Settings),
    }
    folder = Path(config.__file__).parent

    def modules(name):
        return st.sampled_from(sorted(p.stem for p in (folder / name).glob("[a-z]*.py") if p.stem != "lag"))

    of_block = {
        key: st.dictionaries(st.sampled_from(inner), ANYTHING, max_size=2) | ANYTHING for key, inner in nested.items()
    }
    of_block |= {
        name: st.dictionaries(modules(name), ANYTHING | st.dictionaries(st.just("min_coverage"), SCALARS), max_size=2)
        for name in ("diagnostics", "pairs")
    }
    pairs = st.sampled_from(plain).flatmap(lambda key: st.tuples(st.just(key), of_block.get(key, ANYTHING)))
    return st.lists(pairs, max_size=3).map(dict)


@settings(max_examples=400, deadline=None)
@given(blocks() | ANYTHING)
def test_any_configuration_is_accepted_or_refused_by_key(found):
    try:
        read = read_settings(found)
    except ConfigError as error:
        text = str(error)
        assert text.startswith("configuration: ")
        assert not isinstance(found, dict) or any(repr(str(key)) in text or str(key) in text for key in found)
        return
    for block in (read.fetch, read.load, read.resample, read.lag, *read.diagnostics.values(), *read.pairs.values()):
        for value in block.model_dump().values():
            assert not isinstance(value, float) or math.isfinite(value)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.lists(st.lists(st.text(max_size=12), max_size=7), max_size=4))
def test_any_table_of_events_is_accepted_or_refused_by_row(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("table") / "events.csv"
    with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(HEADER)
        file.write(found) if isinstance(found, str) else csv.writer(file).writerows(found)
    events, refusal = accepted(path)
    assert events or "events.csv" in refusal
    assert all(event.reference.has_times for event in events.values())


def accepted(path):
    """Events of a table, or none and the sentence that refuses it."""
    try:
        return read_events(path), ""
    except ConfigError as error:
        return {}, str(error)


TIMES = st.datetimes().map(str) | st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(str) | st.just("")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["ace", "wind", "ACE"]), TIMES, TIMES, TIMES, st.text(max_size=9)), max_size=3)
)
def test_an_accepted_event_has_times_that_can_be_worked_with(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "events.csv"
    with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(HEADER)
        csv.writer(file).writerows([("e", *row) for row in rows])
    events, refusal = accepted(path)
    if not events:
        assert "events.csv" in refusal
        return
    (event,) = events.values()
    start, end = (np.datetime64(time, "ns") for time in event.span)
    assert np.timedelta64(0) < end - start <= np.timedelta64(31, "D")
    assert (start - np.timedelta64(10, "D")).item() is not None
    crossings = event.crossings
    assert all(c.ejecta_start < c.ejecta_end for c in crossings if c.has_times)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("catalogue,ace,,2003-11-20T11:48,2003-11-20T18:44,\n", "row 2: event name 'catalogue' is that of a file"),
        ("e,ace,,0001-01-01T00:00,2003-11-20T18:44,\n", "row 2 .*is not between 1971 and 2099"),
        ("e,ace,,2003-11-20T11:48,2030-11-20T18:44,\n", "row 2: e lasts from .*over 31 days"),
        ('e,ace,,2003-11-20T11:48,2003-11-20T18:44,"open\n', "cannot be read: unexpected end of data"),
    ],
)
def test_what_would_go_wrong_later_is_refused_at_once(table, rows, says):
    with pytest.raises(ConfigError, match=says):
        read_events(table(rows))


@pytest.mark.parametrize("block", [5, "x", [1], True])
def test_a_block_that_is_none_is_refused(block):
    for key in ("diagnostics", "pairs", "detect", "fetch"):
        name = {"diagnostics": "hodogram", "pairs": "correlation"}.get(key)
        with pytest.raises(ConfigError, match=key):
            read_settings({key: {name: block} if name else block})


def test_a_line_break_in_a_note_is_part_of_the_note(table):
    rows = 'e,ace,,2003-11-20T11:48,2003-11-20T18:44,"two\nlines"\nf,ace,,bad,2003-11-20T18:44,\n'
    with pytest.raises(ConfigError, match=r"row 3 \(f, ace\)"):
        read_events(table(rows))


@pytest.mark.parametrize(
    "pattern", [r"\bpickle\b", r"allow_pickle", r"yaml\.(load|unsafe_load)\b", r"shell=True", r"\beval\("]
)
def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(pattern):
    root = Path(config.__file__).parents[1]
    files = [root / "Snakefile", *root.glob("workflows/*.*"), *root.glob("pipeline/**/*.py")]
    assert len(files) > 50
    assert [p.name for p in files if re.search(pattern, p.read_text("utf-8"))] == []
    assert [p.name for p in files if re.search(r"^\s+shell:", p.read_text("utf-8"), re.MULTILINE)] == []
