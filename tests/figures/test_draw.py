"""What the figures show: the data of the files, where they belong, labelled, without overlaps, the same every time."""

import re
from importlib import import_module

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from overlaps import assert_texts_apart
from results_factory import CORRELATION, EJECTA, EVENT, LAG_S, seconds, write_results

from pipeline import intervals as cut
from pipeline import provenance
from pipeline.figures import hodogram, overview, pair, save, spectra, style, walen
from pipeline.results import EventResults

FIGURES = [
    *(("overview", "ace"), ("overview", "wind"), ("pair", "ace-wind"), ("hodogram", "ace-wind"), ("hodogram", None)),
    *(("scalogram", "ace"), ("plane", "ace-wind"), ("spectra", None), ("walen", "ace-wind")),
]


@pytest.fixture(scope="module")
def drawn(results):
    return {(name, which): import_module(f"pipeline.figures.{name}").draw(results, which) for name, which in FIGURES}


def series(axis):
    return [line for line in axis.get_lines() if line.get_gid() == "series"]


def texts(figure, gid=None):
    found = [t for a in figure.axes for t in a.texts if t.get_text() and (gid is None or t.get_gid() == gid)]
    return found


@pytest.mark.parametrize("key", FIGURES, ids=str)
def test_no_text_overlaps_another_or_leaves_the_page(drawn, key):
    assert_texts_apart(drawn[key])


@pytest.mark.parametrize("count", [1, 3, 5])
def test_spectra_of_more_spacecraft_have_room_for_their_letters(results, count):
    figure = spectra.draw(results, "-".join(["ace", "wind", "ace", "wind", "ace"][:count]))
    FigureCanvasAgg(figure).draw()
    panels = [axis.get_window_extent() for axis in figure.axes]
    for letter in (text.get_window_extent() for text in texts(figure, "letter")):
        assert not any(letter.overlaps(panel) for panel in panels)
        assert letter.x1 <= figure.bbox.x1


def _reading_order(axis):
    place = axis.get_position()
    return -round(place.y1, 2), place.x0


@pytest.mark.parametrize("key", FIGURES, ids=str)
def test_figures_fit_a_journal_page_and_letters_count_panels(drawn, key):
    figure = drawn[key]
    assert figure.get_figwidth() == pytest.approx(7.1)
    assert figure.get_figheight() <= style.PAGE + 0.5
    letters = sorted(texts(figure, "letter"), key=lambda t: _reading_order(t.axes))
    letters = [t.get_text() for t in letters]
    assert letters == [f"({chr(97 + k)})" for k in range(len(letters))]
    assert len(letters) >= 2
    sizes = [t.get_fontsize() for a in figure.axes for t in [*a.texts, a.xaxis.label, a.yaxis.label]]
    assert min(sizes) >= 7


def test_overview_shows_the_data_of_the_file(results, drawn):
    ds = results.uniform("wind")
    panels = drawn["overview", "wind"].axes
    panels = [a for a in panels if series(a)][::-1]  # from below, as they were made
    panels = sorted(panels, key=lambda a: -a.get_position().y0)
    labels = [a.get_ylabel() for a in panels]
    assert labels[0] == "|B| (nT)"
    assert "km s$^{-1}$" in labels[2]
    assert "cm$^{-3}$" in labels[3]
    np.testing.assert_array_equal(series(panels[0])[0].get_ydata(), ds["b_mag"])
    for line, component in zip(series(panels[1]), "xyz", strict=True):
        np.testing.assert_array_equal(line.get_ydata(), ds["b"].sel(component=component))
        assert line.get_color() == style.COMPONENT[component]
    assert np.isnan(series(panels[2])[0].get_ydata()).sum() == np.isnan(ds["v"].sel(component="x")).sum() > 0
    assert [a.get_yscale() for a in panels[4:6]] == ["log", "log"]
    assert panels[6].get_ylim() == (-1.05, 1.05)


def test_overview_says_where_and_when(drawn):
    figure = drawn["overview", "wind"]
    strip = next(a for a in figure.axes if a.get_title(loc="left"))
    windows = r"$\sigma_c$, $\sigma_r$ of windows of 61 min"
    assert strip.get_title(loc="left") == f"{EVENT}, Wind: GSE components, bins of 64 s; {windows}"
    assert [t.get_text() for t in texts(figure, "interval")] == ["sheath", "ejecta", "Alfvénic 1"]
    lowest = min((a for a in figure.axes if series(a)), key=lambda a: a.get_position().y0)
    assert lowest.get_xlabel() == "Time (UTC)"


def test_overview_can_be_redrawn_with_other_limits(results):
    figure = overview.draw(results, "ace", start="2001-01-01T12:00", end="2001-01-01T18:00")
    panel = next(a for a in figure.axes if a.get_ylabel() == "|B| (nT)")
    assert panel.get_xlim() == tuple(date2num(np.array(["2001-01-01T12:00", "2001-01-01T18:00"], "datetime64[ns]")))
    speed = next(a for a in figure.axes if a.get_ylabel().startswith("|V|") or "V" in a.get_ylabel())
    assert speed.get_ylim()[0] > 395  # the waves of the rear, down to 360 km/s, are out of sight


def test_pair_shifts_the_second_onto_the_first(results, drawn):
    figure = drawn["pair", "ace-wind"]
    panel = next(a for a in figure.axes if "_{y}" in a.get_ylabel() and "nT" in a.get_ylabel())
    first, second = series(panel)
    assert first.get_color() == style.SPACECRAFT["ace"]
    assert second.get_color() == style.SPACECRAFT["wind"]
    shift = second.get_xdata()[0] - results.uniform("wind")["time"].values[0]
    assert shift == -seconds(LAG_S)
    inside = [cut.inside(line.get_xdata(), EJECTA, EJECTA + seconds(3600)) for line in (first, second)]
    one, two = (line.get_ydata()[mask] for line, mask in zip((first, second), inside, strict=True))
    assert np.corrcoef(one, two)[0, 1] > 0.8  # the rise of B_y over noise; unshifted it is lost in the sheath


def test_pair_prints_every_region_and_the_lag(drawn):
    figure = drawn["pair", "ace-wind"]
    printed = {t.get_gid(): t.get_text() for a in figure.axes if a.get_ylabel() == "|B| (nT)" for t in a.texts}
    assert printed["r sheath"] == f"r = {CORRELATION['sheath'] - 0.03:.2f}"
    assert printed["r ejecta"] == f"ejecta\nr = {CORRELATION['ejecta'] - 0.03:.2f}"
    assert printed["r ejecta_rear"] == "r: n/a"
    assert {t.get_text() for t in texts(figure, "lag")} == {"measured (solid) 32.0 min", "convective (dashed) 36.7 min"}
    title = next(a.get_title(loc="left") for a in figure.axes if a.get_title(loc="left"))
    assert title == f"{EVENT}, GSE: Wind shifted by \N{MINUS SIGN}32.0 min onto ACE"
    assert any(a.get_xlabel() == "Time at ACE (UTC)" for a in figure.axes)


def test_hodogram_projects_on_the_frame_of_the_file(results, drawn):
    figure = drawn["hodogram", "ace-wind"]
    axis = figure.axes[0]
    lines = next(c for c in axis.collections if isinstance(c, LineCollection))
    frame = results.diagnostic("hodogram", "ace").sel(interval="ejecta")
    ds = results.uniform("ace")
    row = cut.of(results.intervals, "ace").query("interval == 'ejecta'").iloc[0]
    b = ds["b"].values[cut.inside(ds["time"].values, row["start"], row["end"])]
    expected = b @ frame["e"].sel(axis=["int", "max"]).values.T
    np.testing.assert_allclose(lines.get_segments()[0][0], expected[0])
    marks = {line.get_gid(): (line.get_xdata()[0], line.get_ydata()[0]) for line in axis.get_lines() if line.get_gid()}
    np.testing.assert_allclose(marks["start"], expected[0])
    np.testing.assert_allclose(marks["end"], expected[-1])
    assert "int" in axis.get_xlabel()
    assert "max" in axis.get_ylabel()
    spans = [np.diff(a.get_xlim())[0] for a in figure.axes[:6]]
    assert np.ptp(spans) < 1e-9  # one scale for both spacecraft


def test_hodogram_from_just_before_the_interval_begins_where_it_is_asked_to(results):
    ds = results.uniform("ace")
    row = cut.of(results.intervals, "ace").query("interval == 'ejecta'").iloc[0]
    start = row["start"] - np.timedelta64(130, "s")  # less than a colour lasts
    figure = hodogram.draw(results, "ace", interval="ejecta", start=start)
    lines = next(c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    first = ds["b"].values[ds["time"].values >= start][0]
    frame = results.diagnostic("hodogram", "ace").sel(interval="ejecta")
    np.testing.assert_allclose(lines.get_segments()[0][0], frame["e"].sel(axis=["int", "max"]).values @ first)


def test_scalogram_shows_the_file_and_leaves_the_unknown_grey(results, drawn):
    waves = results.diagnostic("wavelet", "ace")
    panels = [a for a in drawn["scalogram", "ace"].axes if a.get_ylabel() == "Period (min)"]
    assert len(panels) == 4
    top = max(panels, key=lambda a: a.get_position().y0)
    (image,) = (c for c in top.collections if hasattr(c, "get_clim"))
    values = np.ma.filled(image.get_array().astype(float), np.nan)
    np.testing.assert_allclose(values, waves["sigma_c_wavelet"].values.T)
    assert image.get_clim() == (-1, 1)
    assert top.get_ylim()[0] > 5  # min: what the instruments blur, below 6 min, is left out
    bands = sorted(line.get_ydata()[0] for line in top.get_lines())
    assert bands == [10, 60]  # min: the band of the table
    lowest = min(panels, key=lambda a: a.get_position().y0)
    (image,) = (c for c in lowest.collections if hasattr(c, "get_clim"))
    shown = np.ma.filled(image.get_array().astype(float), np.nan)
    np.testing.assert_allclose(10**shown, (waves["e_v_wavelet"] + waves["e_b_wavelet"]).values.T, rtol=1e-5)


def test_plane_puts_every_interval_where_the_table_has_it(drawn):
    for axis in drawn["plane", "ace-wind"].axes:
        marks = [c.lines[0] for c in axis.containers if len(c.lines[0].get_xdata())]
        assert {(float(m.get_xdata()[0]), float(m.get_ydata()[0])) for m in marks} == {(-0.8, 0.1)}
        assert axis.get_aspect() == 1


def test_spectra_hatch_what_gaps_hide():
    from pipeline.figures.spectra import hidden

    minutes, there = np.array([2.0, 3, 4, 5, 6, 8, 9]), np.array([0, 1, 0, 0, 1, 1, 0], bool)
    assert hidden(minutes, there) == [(3.0, 6.0)]  # neither the shortest periods nor the longest are between others


def test_spectra_show_the_powers_of_the_file_and_the_ratios_that_follow(results, drawn):
    figure = drawn["spectra", None]
    file = results.diagnostic("spectra", "ace").sel(region="ejecta")
    column = figure.axes[::2][:4]
    lines = {line.get_gid(): line for axis in column[:2] for line in axis.get_lines() if line.get_gid()}
    for quantity in ("v", "b", "z_plus", "z_minus"):
        line = lines[f"{quantity} ejecta"]
        np.testing.assert_allclose(line.get_ydata(), file["power"].sel(quantity=quantity))
        np.testing.assert_allclose(line.get_xdata(), file["period"] / 60)
    # 1 : 7 of z_plus and z_minus, 1 : 3 of v and b
    for axis, value in zip(column[2:], (-0.75, -0.5), strict=True):
        series = [line for line in axis.get_lines() if len(line.get_xdata()) > 2]
        np.testing.assert_allclose(series[0].get_ydata(), value)


def test_walen_shows_fluctuations_about_their_means_and_the_slope_of_the_table(results, drawn):
    panel = drawn["walen", "ace-wind"].axes[0]
    points = [line for line in panel.get_lines() if line.get_gid() == "points"]
    assert len(points) == 3
    for line in points:
        assert abs(line.get_ydata().mean()) < 1e-9
        assert abs(line.get_xdata().mean()) < 1e-9
    (slope,) = [line for line in panel.get_lines() if line.get_gid() == "slope"]
    table = results.diagnostic("alfvenicity", "ace").isel(method=0).sel(interval="ejecta")
    assert slope.get_slope() == pytest.approx(float(table["walen_slope"]))
    assert "slope" in panel.get_title(loc="left")
    # Waves of v_x = -9 B_x + noise, and 21.8 / sqrt(5 * 1.16) = 9.06 km/s per nT; y and z turn with the rope as well.
    v, b = walen.fluctuations(results, "ace", "alfvenic_1")
    assert np.polyfit(b[:, 0], v[:, 0], 1)[0] == pytest.approx(-9 / 9.06, abs=0.03)


def test_hodogram_of_an_interval_that_is_not_there_says_so(results):
    with pytest.raises(LookupError, match="ace: no minimum variance frame of interval 'tail'"):
        hodogram.draw(results, "ace", interval="tail")


@pytest.fixture
def bare(tmp_path):
    """An event whose second spacecraft has no data, no boundaries and no lag, without any diagnostic."""
    event = EventResults(write_results(tmp_path))
    uniform = event.uniform("wind")
    for name in uniform.data_vars:
        uniform[name] = uniform[name] * np.nan
        uniform[name].attrs = event.uniform("wind")[name].attrs
    provenance.write(uniform, event.folder / "wind" / "uniform.nc", "resample", {})
    lag = event.pair("lag", "ace", "wind")
    lag["lag_s"], lag["r"] = np.nan, lag["r"] * np.nan
    provenance.write(lag, event.folder / "ace-wind" / "lag.nc", "lag", {})
    rows = event.intervals
    rows.loc[rows["spacecraft"] == "wind", ["start", "end"]] = np.datetime64("NaT")
    rows = rows[~((rows["spacecraft"] == "wind") & rows["interval"].str.startswith("alfvenic_"))]
    cut.write(rows, event.folder / "intervals.csv")
    (event.folder / "wind" / "alfvenicity.nc").unlink()
    (event.folder / "ace-wind" / "correlation.nc").unlink()
    return event


def test_no_data_is_drawn_as_no_data(bare):
    figures = [overview.draw(bare, "wind"), pair.draw(bare, "ace-wind"), hodogram.draw(bare, "ace-wind")]
    for figure in figures:
        FigureCanvasAgg(figure).draw()
    title = next(a.get_title(loc="left") for a in figures[1].axes if a.get_title(loc="left"))
    assert "Wind not shifted onto ACE, the lag is unknown" in title
    only = hodogram.draw(bare, "wind")
    assert "no minimum variance frame" in only.texts[0].get_text()


def test_an_event_without_plasma_is_drawn_with_its_field(tmp_path):
    """Axes of powers, densities and temperatures are logarithmic, and have nothing positive to show."""
    event = EventResults(write_results(tmp_path))
    for path, names in (("uniform", ("v", "n", "temperature", "b_matched")), ("spectra", ("power", "power_ci"))):
        for spacecraft in event.spacecraft:
            ds = provenance.read(event.folder / spacecraft / f"{path}.nc")
            for name in (name for name in names if name in ds):
                ds[name] = ds[name].copy(data=np.full(ds[name].shape, np.nan))
            provenance.write(ds, event.folder / spacecraft / f"{path}.nc", "test", {})
    event = EventResults(event.folder)
    figure = overview.draw(event, "ace")
    for each in (figure, import_module("pipeline.figures.spectra").draw(event, None)):
        FigureCanvasAgg(each).draw()
    assert np.isfinite(series(figure.axes[1])[0].get_ydata()).any()


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    for stem in ("one", "two"):
        save(overview.draw(results, "ace", start="2001-01-01T20:00", end="2001-01-02T00:00"), tmp_path / f"line_{stem}")
        save(hodogram.draw(results, "ace", interval="alfvenic_1"), tmp_path / f"colour_{stem}")
    for kind in ("line", "colour"):
        for suffix in ("png", "pdf"):
            one, two = ((tmp_path / f"{kind}_{stem}.{suffix}").read_bytes() for stem in ("one", "two"))
            assert one == two, f"{kind}, {suffix}"
    assert len(list(tmp_path.iterdir())) == 8  # no partial file is left


def test_a_pdf_holds_each_of_its_fonts_once_and_its_text_can_be_searched(results, tmp_path):
    _, pdf = save(overview.draw(results, "ace", start="2001-01-01T20:00", end="2001-01-02T00:00"), tmp_path / "figure")
    content = pdf.read_bytes()
    names = re.findall(rb"/FontName /\w+\+([\w-]+)", content)
    assert sorted(set(names)) == [b"DejaVuSans", b"DejaVuSans-Oblique"]  # the second for sigma, the first for its minus
    assert len(names) == 2
    assert content.count(b"/FontFile2") == content.count(b"/ToUnicode") == 2
    assert b"/Type3" not in content  # journals refuse it


def test_a_figure_that_was_saved_finds_its_places_anew(results, tmp_path):
    figure = walen.draw(results, "ace")
    layout = figure.get_layout_engine()
    save(figure, tmp_path / "figure")
    assert layout is not None
    assert figure.get_layout_engine() is layout


def test_the_callers_style_is_left_alone(results):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    overview.draw(results, "ace")
    assert dict(mpl.rcParams) == before
