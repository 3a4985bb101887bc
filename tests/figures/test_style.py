"""Labels from attributes, ticks on whole hours, gaps as gaps, colours that can be told apart."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import to_rgb
from matplotlib.dates import num2date
from matplotlib.figure import Figure

from pipeline.figures import style


def test_a_notebook_shows_a_figure_without_pyplot():
    assert style.empty_figure("nothing")._repr_png_().startswith(b"\x89PNG")


# Linear-RGB matrices of full deuteranopia and protanopia (Machado, Oliveira & Fernandes 2009, IEEE TVCG 15, 1291).
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)


def lab(rgb):
    """CIE L*a*b* (D65) of linear RGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    f = np.cbrt(to_xyz @ rgb / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("matrix", [np.eye(3), DEUTERANOPIA, PROTANOPIA], ids=["normal", "deuteranopia", "protanopia"])
@pytest.mark.parametrize("colours", [style.COMPONENT, style.SPACECRAFT], ids=["components", "spacecraft"])
def test_colours_differ_for_every_reader(colours, matrix):
    seen = [lab(np.clip(matrix @ linear(c), 0, 1)) for c in colours.values()]
    for k, one in enumerate(seen):
        for other in seen[k + 1 :]:
            assert np.linalg.norm(one - other) > 15  # a difference of 2 to 3 is just visible in large areas


@pytest.mark.parametrize("colour", [*style.COMPONENT.values(), *style.SPACECRAFT.values(), *style.MORE_SPACECRAFT])
def test_lines_stand_out_from_paper_and_shades(colour):
    def luminance(c):
        return linear(c) @ np.array([0.2126, 0.7152, 0.0722])

    for ground in ("white", *style.SHADES.values(), *style.FOUND.values()):
        assert (luminance(ground) + 0.05) / (luminance(colour) + 0.05) >= 3.0  # WCAG 2.1, graphical objects


@pytest.mark.parametrize(
    ("units", "text"),
    [("km s-1", "km s$^{-1}$"), ("cm-3", "cm$^{-3}$"), ("nT", "nT"), ("1", ""), ("nT2", "nT$^{2}$"), ("", "")],
)
def test_units_are_set_as_powers(units, text):
    assert style.units_text(units) == text


def test_labels_come_from_attributes():
    speed = xr.DataArray([1.0], dims="time", attrs={"units": "km s-1", "label": "V"}, name="v")
    assert style.label(speed) == "V (km s$^{-1}$)"
    assert style.label(speed.assign_attrs(units="1", label="σ_c")) == "$σ_{c}$"
    assert style.label(speed, style.component_symbol(speed, "x")) == "$V_{x}$ (km s$^{-1}$)"


@pytest.mark.parametrize("hours", [0.2, 0.9, 3, 7, 18, 40, 90, 300, 900])
def test_ticks_fall_on_whole_times_and_are_few(hours):
    start = np.datetime64("2003-11-19T21:07:13", "ns")
    end = start + np.timedelta64(round(hours * 3600e9), "ns")
    major, minor = style.tick_times(start, end)
    assert 2 <= len(major) <= 9
    step = np.diff(major)
    assert (step == step[0]).all()
    midnight = major.astype("datetime64[D]").astype("datetime64[ns]")
    assert ((major - midnight) % min(step[0], np.timedelta64(86400 * 10**9, "ns")) == np.timedelta64(0, "ns")).all()
    assert not set(major) & set(minor)


def test_time_labels_have_hours_and_the_date_once_per_day():
    with style.applied():
        axis = Figure().add_subplot()
        style.time_axis(axis, "2003-12-31T10:00", "2004-01-01T14:00")
        labels = [axis.xaxis.get_major_formatter()(t, 0) for t in axis.get_xticks()]
    assert labels == ["12:00\n31 Dec 2003", "18:00", "00:00\n1 Jan", "06:00", "12:00"]
    assert num2date(axis.get_xlim()[0]).hour == 10


def test_gaps_break_the_line_and_lone_samples_are_dots():
    time = np.datetime64("2001-01-01", "ns") + np.arange(7) * np.timedelta64(64, "s")
    values = np.array([1.0, 2.0, np.nan, 3.0, np.nan, 4.0, 5.0])
    axis = Figure().add_subplot()
    style.draw_series(axis, time, values)
    line, dots = axis.get_lines()
    assert np.isnan(line.get_ydata()).sum() == 2
    assert dots.get_ydata().tolist() == [3.0]
    assert dots.get_marker() == "."


def test_view_covers_known_intervals_within_the_data():
    time = np.arange("2001-01-01", "2001-01-04", dtype="datetime64[h]").astype("datetime64[ns]")
    rows = pd.DataFrame({"start": ["2001-01-02T00:00", None], "end": ["2001-01-02T12:00", None]}).astype(
        "datetime64[ns]"
    )
    start, end = style.view(rows, time)
    assert (start, end) == (np.datetime64("2001-01-01T22:00"), np.datetime64("2001-01-02T14:00"))
    assert style.view(rows.iloc[1:], time) == (time[0], time[-1])
    assert style.view(rows, time, start="2001-01-02T03:00")[0] == np.datetime64("2001-01-02T03:00")


def test_no_tick_label_sits_on_an_edge_but_the_zero_of_a_floor():
    figure = Figure()
    free, floor = figure.add_subplot(211), figure.add_subplot(212)
    free.set_ylim(-10, 20)
    floor.set_ylim(0, 20)
    style.clear_edges([free, floor])
    for panel, lowest in ((free, -10), (floor, 0)):
        low, high = panel.get_ylim()
        ticks = panel.get_yticks()
        assert (min(ticks), max(ticks)) == (lowest, 20)
        assert high - 20 >= 0.04 * (high - low)
    assert free.get_ylim()[0] < -10
    assert floor.get_ylim()[0] == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alfvenic_1", "Alfvénic 1"),
        ("alfvenic_2_wind", "Alfvénic 2 at Wind"),
        ("ejecta_front", "ejecta front"),
        ("quiet", "rest of the ejecta"),
        ("stereo_a", "STEREO-A"),
    ],
)
def test_names_are_printed_for_people(name, text):
    assert style.display(name) == text


@pytest.mark.parametrize(
    ("limits", "ticks"),
    [((0.3, 3.2), ["0.5", "1", "2"]), ((0.03, 40), ["0.03", "0.1", "0.3", "1", "3", "10", "30"])],
)
def test_ratios_have_few_plain_ticks(limits, ticks):
    axis = Figure().add_subplot()
    axis.set_xlim(limits)
    style.plain_log_axis(axis)
    assert [text.get_text() for text in axis.get_xticklabels()] == ticks
    assert axis.get_xlim() == limits
