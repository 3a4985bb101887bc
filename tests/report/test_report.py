"""The report says what the tables hold, nothing more, and trusts no text that it is given."""

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from results_factory import CORRELATION, write_results

from pipeline import provenance, report, sensitivity, tables
from pipeline.figures import overview, save
from pipeline.report import answer, cautions, citations, explore, numbers, page
from pipeline.results import EventResults

HOSTILE = '<script>alert("x")</script><img src=http://elsewhere/x>&"\''


class Elements(HTMLParser):
    """Start tags with their attributes, and the text outside scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.silent = [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.silent = tag in ("script", "style")

    def handle_endtag(self, tag):
        self.silent = False if tag in ("script", "style") else self.silent

    def handle_data(self, data):
        self.text += "" if self.silent else data


@pytest.fixture
def event(results, tmp_path):
    """A copy of the results that a test may change."""
    return EventResults(shutil.copytree(results.folder, tmp_path / results.event))


@pytest.fixture(scope="module")
def html(results, tmp_path_factory):
    path = tmp_path_factory.mktemp("html") / "report.html"
    report.write(results, {"archive": "http://archive.example/pub", "lag": {"search_s": 7200.0}}, path)
    return path.read_text(encoding="utf-8")


def rewrite(event, table, change):
    frame = event.table(table)
    tables.write(change(frame), event.folder / "tables" / f"{table}.csv")


def test_the_page_is_one_file_that_asks_for_nothing(html):
    elements = Elements(html)
    assert len(html) < 10e6
    for tag, attrs in elements.tags:
        if tag != "a":
            for key in ("src", "href", "srcset", "data", "action"):
                assert not attrs.get(key) or attrs[key].startswith("data:"), (tag, attrs[key][:80])
        elif not attrs["href"].startswith(("#", "data:", "figures/")):
            assert attrs["href"].startswith("https://doi.org/"), attrs["href"]
    assert any(attrs.get("http-equiv") == "Content-Security-Policy" for _, attrs in elements.tags)


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    paths = [tmp_path / name for name in ("one.html", "two.html")]
    for path in paths:
        report.write(results, {"archive": "x"}, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_answer_comes_first_and_holds_the_numbers_of_the_tables(html):
    text = Elements(html).text
    assert text.index("32.0 min (1920 s) later at Wind than at ACE") < text.index("\nWarnings\n")
    assert "predict 36.7 min" in text  # 2200 s
    assert f"over the ejecta is {CORRELATION['ejecta']:.2f} (Bx)" in text
    assert text.index("Correlation of ACE and Wind by region") < text.index("\nWarnings\n")
    assert "95 % interval: 0.77 to 0.99" in text
    assert "1 Alfvénic interval was detected at ACE: 2001-01-02 00:00:00 to 2001-01-02 05:00:00 UTC (5 h)" in text


def test_regions_stand_side_by_side_and_missing_values_stay(results):
    table = answer.regions(results, "ace", "wind").set_index("region")
    assert table.loc["Alfvénic 1 seen at ACE", "B_x"] == CORRELATION["alfvenic_1"]
    assert table.loc["rest of the ejecta", "B_x"] == CORRELATION["quiet"]
    assert np.isnan(table.loc["ejecta rear", "B_x"])
    assert answer._region_words("alfvenic_2_wind", "ace") == "Alfvénic 2 seen at Wind"


def test_warnings_name_fallback_absent_day_gap_carried_boundary_and_missing_value(results):
    found = "\n".join(cautions.cautions(results))
    assert "Wind, plasma: WI_H1_SWE was used, because what is preferred has no file (WI_PM_3DP: no file on" in found
    assert "WI_H1_SWE has no file for 2001-01-02 (not in the archive)" in found
    assert re.search(r"ACE, ejecta front: 6[67] % of the velocity", found)  # 2 h of 6 are missing
    assert "Wind: boundaries were not given; they were carried over" in found
    assert "ACE, ejecta: 89 % of the density" not in found  # 2 h of 18 are missing: not worth a warning
    assert "fewer than 10 common samples (ace, wind, ejecta_rear, b_x" in found
    assert "ACE: boundaries" not in found


def test_no_warning_is_said_to_be_none(tmp_path, event, monkeypatch):
    monkeypatch.setattr(cautions, "cautions", lambda results: [])
    report.write(event, {}, tmp_path / "report.html")
    assert "None of the checks made here" in (tmp_path / "report.html").read_text("utf-8")


def test_hostile_texts_of_config_and_files_stay_texts(event, tmp_path):
    content = json.loads((event.folder / "event.json").read_text())
    content["event"]["crossings"][0]["note"] = HOSTILE
    provenance.write_json(content, event.folder / "event.json")
    rewrite(event, "correlation", lambda t: t.assign(reason=HOSTILE))
    manifest = event.files("ace")
    manifest["field"]["files"][0]["url"] = HOSTILE
    provenance.write_json(manifest, event.folder / "ace" / "files.json")
    rows = event.intervals.assign(
        interval=lambda t: t["interval"].replace("alfvenic_1", "alfvenic_</script>" + HOSTILE)
    )
    rows.to_csv(event.folder / "intervals.csv", index=False)
    report.write(EventResults(event.folder), {HOSTILE: [HOSTILE], "archive": HOSTILE}, tmp_path / "report.html")
    elements = Elements((tmp_path / "report.html").read_text("utf-8"))
    scripts = [attrs for tag, attrs in elements.tags if tag == "script"]
    assert len(scripts) == 4  # data, library, panels, tables: as in any page
    assert not [attrs for tag, attrs in elements.tags if tag == "img" and "elsewhere" in attrs.get("src", "")]
    assert elements.text.count('alert("x")') >= 4


def test_an_unknown_lag_is_an_answer(event):
    path = event.folder / "ace-wind" / "lag.nc"
    lag = event.pair("lag", "ace", "wind")
    lag["lag_s"] = np.nan
    lag["reason"] = "too few common samples"
    provenance.write(lag, path, "lag", {})
    assert answer.sentences(event)[0] == "The lag between ACE and Wind could not be measured: too few common samples."
    assert json.loads(explore.payload(event))["spacecraft"][1]["lag_ms"] is None
    assert next(card for card in answer.cards(event) if card["label"].startswith("Lag"))["value"] == "none"


def test_a_spacecraft_without_any_file_has_a_report(event, tmp_path):
    empty = {"product": None, "files": [], "absent": [], "tried": [], "reason": "nothing in the archive"}
    provenance.write_json({"field": empty, "plasma": empty}, event.folder / "wind" / "files.json")
    uniform = event.uniform("wind")
    for name in uniform.data_vars:
        uniform[name] = uniform[name] * np.nan if name[:8] != "coverage" else uniform[name] * 0
    provenance.write(uniform, event.folder / "wind" / "uniform.nc", "resample", {})
    report.write(event, {}, tmp_path / "report.html")
    text = Elements((tmp_path / "report.html").read_text("utf-8")).text
    assert "Wind, field: no file was found (nothing in the archive)" in text
    assert "No file was read for Wind." in text


def test_tables_can_be_downloaded_as_they_are(html, results):
    links = {a["download"]: a["href"] for tag, a in Elements(html).tags if tag == "a" and "download" in a}
    assert set(links) == {f"{name}.csv" for name in results.tables}
    data = base64.b64decode(links["correlation.csv"].split(",", 1)[1])
    assert data == (results.folder / "tables" / "correlation.csv").read_bytes()


def test_every_number_heading_has_its_unit(results):
    table = report._table(results, "intervals")
    unit = {column["name"]: column["unit"] for column in table["columns"]}
    assert unit["b_mean"] == "nT"
    assert unit["n_mean"] == "cm⁻³"
    assert unit["speed_mean"] == "km s⁻¹"
    assert unit["duration_h"] == "h"
    assert unit["beta_mean"] == ""


def test_simulated_data_are_called_so_and_not_cited(event, tmp_path):
    report.write(event, {"simulate": {"seed": 1}}, tmp_path / "report.html")
    text = Elements((tmp_path / "report.html").read_text("utf-8")).text
    assert "Simulated event." in text
    assert "there is no measurement to cite" in text
    assert "Space Sci. Rev." not in text


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("wavelet:600-3600", "wavelet, periods of 10 to 60 min"),
        ("wavelet:300-1800:noise", "wavelet, periods of 5 to 30 min, noise"),
        ("running_window", "running window"),
    ],
)
def test_methods_are_named_in_words(method, words):
    assert answer.method_words(method) == words


def test_instrument_papers_by_product():
    found = citations.references(["AC_H0_MFI", "AC_H0_SWE", "WI_H2_MFI", "WI_PM_3DP", "WI_PLSP_3DP", "XX_NEW"])
    assert [r.doi for r in found] == [
        "10.1023/A:1005092216668", "10.1023/A:1005040232597", "10.1007/BF00751330", "10.1007/BF00751328", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1920.0, "1920"), (-0.35, "−0.3500"), (0.012345, "0.01235"), (123456.7, "123457"), (np.nan, "–"), (0.0, "0"),
        (1.5e7, "1.500 × 10⁷"), (2.34e-7, "2.340 × 10⁻⁷"), (-4.5e-9, "−4.500 × 10⁻⁹"), (None, "–"),
    ],
)  # fmt: skip
def test_numbers_are_printed_with_four_digits_and_a_true_minus(value, text):
    assert numbers.number(value) == text


def test_units_are_printed_with_raised_powers():
    assert numbers.units("km s-1") == "km s⁻¹"
    assert numbers.units("cm-3") == "cm⁻³"
    assert numbers.units("nT2") == "nT²"
    assert numbers.units("1") == ""


def test_thinning_keeps_every_extreme_that_a_screen_would_show():
    rng = np.random.default_rng(3)
    values = rng.normal(size=100_000)
    values[[12_345, 67_890]] = [50.0, -50.0]
    values[30_000:31_000] = np.nan
    kept = explore.thinned(values, 6000)
    assert len(kept) <= 6000
    assert {12_345, 67_890} <= set(kept)
    assert np.isnan(values[kept]).any()
    for part in np.array_split(np.arange(values.size), 100):  # every hundredth of the width reaches as far as before
        shown = values[np.intersect1d(kept, part)]
        if np.isfinite(values[part]).any():
            assert np.nanmax(shown) == np.nanmax(values[part])
            assert np.nanmin(shown) == np.nanmin(values[part])


def test_short_series_are_not_thinned():
    assert np.array_equal(explore.thinned(np.arange(10.0), 6000), np.arange(10))


def test_constant_and_empty_columns_are_told_apart_from_missing_values():
    frame = pd.DataFrame({"event": "a", "r": [0.5, np.nan] * 3, "n": np.nan, "reason": ["", "why"] * 3})
    shown = page.table("x", frame, pd.DataFrame())
    assert [c["name"] for c in shown["columns"]] == ["r", "reason"]
    assert shown["empty"] == ["n"]
    assert shown["constant"] == ["event = a"]
    assert [[cell["text"] for cell in row] for row in shown["rows"][:2]] == [["0.5000", ""], ["–", "why"]]
    few = page.table("x", frame.head(2), pd.DataFrame())
    assert [c["name"] for c in few["columns"]] == ["event", "r", "reason"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.5684, -0.00226, np.nan], ["0.5684", "−0.0023", "–"]),
        ([117174.0, 84261.4], ["117174", "84261"]),
        ([104.0, 35.0], ["104", "35"]),
        ([6.134, 4.122], ["6.134", "4.122"]),
        ([1e-7, 2e-7], ["1.000 × 10⁻⁷", "2.000 × 10⁻⁷"]),
        ([0.9, -1e-9], ["0.9000", "0.0000"]),
        ([1e4 + 0.5, 1e-3, 2e-3, 3e-3], ["10000", "0.001000", "0.002000", "0.003000"]),
    ],
)
def test_points_of_a_column_stand_in_line(values, texts):
    shown = page.table("x", pd.DataFrame({"value": values}), pd.DataFrame())
    assert [row[0]["text"] for row in shown["rows"]] == texts


def test_a_quantity_that_nobody_has_gets_no_panel(event):
    for spacecraft in event.spacecraft:
        for name in ("alfvenicity", "wavelet"):
            (event.folder / spacecraft / f"{name}.nc").unlink()
    content = json.loads(explore.payload(event))
    assert [panel["key"] for panel in content["panels"]][-1] == "beta"
    assert content["spacecraft"][0]["scalogram"] is None


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.9, -0.1, "lower"), (-0.4, 0.2, "not distinguishable"), (0.05, 0.3, "higher")],
)
def test_a_difference_is_only_claimed_where_its_interval_excludes_zero(event, low, high, words):
    row = {"event": event.event, "first": "ace", "second": "wind", "interval": "alfvenic_1", "quantity": "vector"}
    row |= {"scale": "all", "delta_r": (low + high) / 2, "delta_r_ci_low": low, "delta_r_ci_high": high}
    row |= {"misfit_ratio": 2.5, "misfit_ratio_ci_low": 1.9, "misfit_ratio_ci_high": 3.2}
    tables.write(pd.DataFrame([row]), event.folder / "tables" / "contrast.csv")
    (sentence,) = [s for s in answer.sentences(event) if "difference" in s]
    assert f"Alfvénic 1 seen at ACE has a vector correlation that is {words} (difference " in sentence
    assert "a misfit that is higher (ratio 2.50, interval 1.90 to 3.20)" in sentence


def test_settings_are_printed_by_kind_not_by_value():
    printed = [report._plain(value) for value in (0.0, 1.0, False, True, None, ["a", "b"], {})]
    assert printed == ["0.0", "1.0", "no", "yes", "none", "a, b", "none"]


def test_the_answer_comes_under_headings_and_p_stays_beside_its_value(event):
    assert [sentence for _, said in answer.groups(event) for sentence in said] == answer.sentences(event)
    assert report.symbols("B_x, p = 0.001 or p < 0.01") == (
        "B<sub>x</sub>, p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.001 or p\N{NO-BREAK SPACE}&lt;\N{NO-BREAK SPACE}0.01"
    )


def test_specification_curve_stands_first_among_the_figures_where_there_is_one(tmp_path):
    event = EventResults(write_results(tmp_path))
    save(overview.draw(event, "ace"), event.folder / "figures" / "overview_ace")
    assert [figure["name"] for figure in report.content(event, {})["figures"]] == ["overview_ace"]
    assert sensitivity.made(event.folder) == ""
    folder = event.folder / "sensitivity"
    folder.mkdir()
    shutil.copy(event.figure("overview_ace"), folder / "specification.png")
    (folder / "sensitivity.csv").write_text("conclusion_on,first,second\n")
    report.write(event, {}, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text()
    assert html.index('href="sensitivity/specification.pdf"') < html.index('href="figures/overview_ace.pdf"')
    before = sensitivity.made(event.folder)
    (folder / "sensitivity.csv").write_text("conclusion_on,first,second,more\n")
    assert before != sensitivity.made(event.folder) != ""


def test_a_run_ends_with_the_warnings_of_its_first_events(event):
    names = [event.event, *(f"copy-{k}" for k in range(5)), "broken"]
    for name in names[1:-1]:
        shutil.copytree(event.folder, event.folder.parent / name)
    for name in names[:-1]:
        cautions.write(EventResults(event.folder.parent / name), event.folder.parent / name / cautions.WARNINGS)
    lines = cautions.of_run(event.folder.parent, pd.DataFrame({"event": names}))
    all_of_one = cautions.cautions(event)
    assert lines[0].startswith(f"{event.event}: {len(all_of_one)} warning")
    assert lines[1].strip().startswith(all_of_one[0][:40])
    assert max(map(len, lines[1:])) <= cautions.WIDTH + 2
    assert lines[-1] == "... and the warnings of 1 more events in their reports"
    assert not any("broken" in line for line in lines)


def test_lags_by_every_way_stand_beside_each_other():
    ways = {"method": ["vector", "planar_front"]}
    numbers = {"method_lag_s": [1800.0, np.nan], "method_half_width_s": [np.nan, np.nan], "method_r": [0.9, np.nan]}
    numbers |= {"method_reason": ["", "no clear normal"]}
    ds = xr.Dataset({key: (("interval", "method"), [value]) for key, value in numbers.items()}, ways)
    table = answer.lags(SimpleNamespace(pair=lambda *_: ds), "ace", "wind")
    assert list(table["way"]) == ["largest vector correlation", "planar front"]
    assert table["lag (min)"][0] == 30.0
    assert table["why there is none"][1] == "no clear normal"
    assert answer.lags(SimpleNamespace(pair=lambda *_: xr.Dataset()), "ace", "wind").empty


def test_an_embedded_figure_keeps_the_colours_of_its_lines(event):
    from io import BytesIO

    from PIL import Image

    (name, *_) = event.figures
    whole = np.asarray(Image.open(event.figure(name)).convert("RGB")).astype(int)
    shown = Image.open(BytesIO(base64.b64decode(report._figure(event, name)["png"]))).convert("RGB")
    off = np.abs(np.asarray(shown).astype(int) - whole).max(axis=2)
    assert off.max() < 50  # of 255, on soft edges of lines: the hues of a figure are 100 apart, so none becomes another
    assert (off > 24).mean() < 1e-4  # a dot here and there, which no eye finds
    colours, counts = np.unique(whole.reshape(-1, 3), axis=0, return_counts=True)
    for shade in colours[np.argsort(counts)[-3:]]:  # white and the shades of intervals, as they are
        assert off[(whole == shade).all(axis=2)].max() == 0
