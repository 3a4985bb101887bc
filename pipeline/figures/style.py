"""What all figures share: sizes, colours, labels from attributes, time axes, gaps, intervals, panel letters.

Colours are the Okabe-Ito set for components and two further hues for spacecraft, told apart under the common
colour-vision deficiencies and, by lightness, in grey print.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from pipeline.results import EventResults


SINGLE, DOUBLE = 3.5, 7.1  # column widths, inches
PAGE = 9.0  # most height that leaves room for a caption, inches
SCREEN = 110  # dots per inch in a notebook

COMPONENT = {"x": "#0072B2", "y": "#D55E00", "z": "#00805C"}
MAGNITUDE = "#222222"
SPACECRAFT = {"wind": "#222222", "ace": "#C0307C"}
MORE_SPACECRAFT = ("#7A5C00", "#5B3A9B", "#3C7D3C")
SHADES = {"sheath": "#F3EADB", "ejecta": "#E3EDF6"}  # structures, side by side
FOUND = {"alfvenic": "#FCEDB5", "small_flux_rope": "#EADFF2"}  # found inside them, drawn over them
REGION = {"sheath": "#8C6D2F", "ejecta": "#1F5A96", "alfvenic": "#C77700", "quiet": "#555555"}  # lines and marks
SEQUENTIAL = "viridis"  # colour map of what has an order, such as time
DIVERGING = "RdBu_r"  # of what has a sign; white at zero
SHORT = {"ejecta_front": "front", "ejecta_middle": "middle", "ejecta_rear": "rear"}
DISPLAY = {"ace": "ACE", "wind": "Wind", "stereo_a": "STEREO-A", "stereo_b": "STEREO-B", "solo": "Solar Orbiter"}
DISPLAY |= {"quiet": "rest of the ejecta"}

CHARACTER = 0.068  # width of a character in the size of interval names, inches
HOURS = np.timedelta64(3600 * 10**9, "ns")
TICK_HOURS = (1, 2, 3, 6, 12, 24, 48, 120, 240)

Moment = str | datetime | np.datetime64  # a time (UTC) as a caller may give it


@contextmanager
def applied() -> Iterator[None]:
    """The style of the package for what is drawn inside, the caller's own settings afterwards."""
    import matplotlib as mpl

    with mpl.rc_context(fname=str(Path(__file__).with_name("pipeline.mplstyle"))):
        yield


def new_figure(width: float, height: float, layout: str | None = "constrained") -> "Figure":
    """Empty Figure (inches), free of any window system and of pyplot's list of open figures."""
    return _figure_class()(figsize=(width, height), layout=layout)


@cache
def _figure_class() -> "type[Figure]":
    from matplotlib.figure import Figure

    class Shown(Figure):
        """A Figure that a notebook shows by itself: without pyplot nobody else would tell it how."""

        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            with applied():
                self.savefig(buffer, format="png", dpi=SCREEN)
            return buffer.getvalue()

    return Shown


def empty_figure(words: str) -> "Figure":
    """Figure that says why there is nothing to see: an event without data still has all its figures."""
    figure = new_figure(DOUBLE, 1.0)
    figure.text(0.5, 0.5, words, ha="center", va="center")
    return figure


def stack(
    panels: int, strip: float, panel: float, below: float = 0.0
) -> "tuple[Figure, Axes, list[Axes], Axes | None]":
    """Figure with a strip for interval names over `panels` that share a time axis, and perhaps one more panel below.

    Heights in inches. Margins are fixed, so that panels of different figures and events line up.
    Returns figure, strip axes, panels, panel below (None without one).
    """
    gap, top, foot, left, right = 0.07, 0.24, 0.5, 0.7, 0.55
    height = top + strip + gap + panels * (panel + gap) + foot + (below and below + foot)
    figure = new_figure(DOUBLE, height, layout=None)

    def add(y, tall, **options):
        width = DOUBLE - left - right
        axis = figure.add_axes((left / DOUBLE, y / height, width / DOUBLE, tall / height), **options)
        axis.yaxis.set_label_coords(-0.5 / width, 0.5)
        return axis

    lowest = foot + (below and below + foot)
    axes = [add(lowest, panel)]
    axes += [add(lowest + k * (panel + gap), panel, sharex=axes[0]) for k in range(1, panels)]
    for axis in axes[1:]:
        axis.tick_params(labelbottom=False)
    over = add(lowest + panels * (panel + gap), strip, sharex=axes[0])
    return figure, over, axes[::-1], add(foot, below) if below else None


def spacecraft_colour(results: "EventResults", name: str) -> str:
    """Colour of a spacecraft: fixed for known ones, else by its place in the event."""
    others = [s for s in results.spacecraft if s not in SPACECRAFT]
    return SPACECRAFT.get(name) or MORE_SPACECRAFT[others.index(name) % len(MORE_SPACECRAFT)]


def display(name: str) -> str:
    """Name as it is printed: ACE, Wind, ejecta front, Alfvénic 1, and Alfvénic 1 at Wind for what a second one saw."""
    seen = re.fullmatch(r"(\w+_\d+)_([a-z]\w*)", name)
    if seen:
        return f"{display(seen[1])} at {display(seen[2])}"
    return DISPLAY.get(name) or name.replace("alfvenic", "Alfvénic").replace("_", " ")


# --- labels ---------------------------------------------------------------------------------------------------------


def units_text(units: str) -> str:
    """UDUNITS spelling to print: "km s-1" to km s with a raised -1; "1" to nothing."""
    if units in ("", "1"):
        return ""
    return re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", units)


def symbol_text(symbol: str) -> str:
    """Symbol to print: what follows an underscore becomes a subscript."""
    if "_" not in symbol:
        return symbol
    return "$" + re.sub(r"_([^\W_]+)", r"_{\1}", symbol) + "$"


def label(variable: "xr.DataArray", symbol: str | None = None) -> str:
    """Axis label of a DataArray from its attributes: symbol and, if it has any, units in parentheses."""
    text = symbol_text(symbol or variable.attrs.get("label") or variable.name)
    units = units_text(variable.attrs.get("units", "1"))
    return f"{text} ({units})" if units else text


def component_symbol(variable: "xr.DataArray", component: str) -> str:
    """Symbol of one component: B and x to B_x."""
    return f"{variable.attrs.get('label', variable.name)}_{component}"


def alfvenicity(results: "EventResults", spacecraft: str) -> "xr.Dataset | None":
    """The result that holds sigma_c and sigma_r against time: of running windows, else of wavelets; None without."""
    found = [name for name in ("alfvenicity", "wavelet") if name in results.diagnostics(spacecraft)]
    return results.diagnostic(found[0], spacecraft) if found else None


def along(ds: "xr.Dataset", name: str, dims: tuple[str, ...] = ("time",)) -> "xr.DataArray":
    """The variable of ds that holds `name` along `dims` alone; its own name may say more, as sigma_c_band does."""
    found = [v for key, v in ds.data_vars.items() if v.dims == dims and (key == name or key.startswith(f"{name}_"))]
    if not found:
        raise LookupError(f"no {name} along {', '.join(dims)}, found {', '.join(map(str, ds.data_vars))}")
    return min(found, key=lambda variable: len(variable.name))  # sigma_c_window, not sigma_c_rectified_window


# --- panels ---------------------------------------------------------------------------------------------------------


def letter_panels(axes: "Iterable[Axes]") -> None:
    """Panel letters (a), (b), ... outside the upper right corner of each, where no data can lie under them."""
    for axis, number in zip(axes, count(), strict=False):
        beside(axis, f"({chr(ord('a') + number)})", 1.0, gid="letter")


def name_series(axis: "Axes", names: dict[str, str]) -> None:
    """Names of lines in their colours ({name: colour}), one under the other to the right of the panel."""
    tall = axis.get_position().height * axis.figure.get_figheight()
    for number, (name, colour) in enumerate(names.items(), start=1):
        beside(axis, name, 1.0 - 0.18 * number / tall, color=colour, gid="series name")


def beside(axis: "Axes", text: str, height: float, **options: Any) -> None:
    axis.text(1.008, height, text, transform=axis.transAxes, ha="left", va="top", **options)


def draw_series(axis: "Axes", time: ArrayLike, values: ArrayLike, **options: Any) -> "Line2D":
    """Line that breaks at missing values; a sample with no valid neighbour, invisible in a line, becomes a dot."""
    time, values = np.asarray(time), np.asarray(values, dtype=float)
    (line,) = axis.plot(time, values, gid="series", **options)
    valid = np.isfinite(values)
    neighbours = np.concatenate([[False], valid[:-1]]) | np.concatenate([valid[1:], [False]])
    alone = valid & ~neighbours
    if alone.any():
        options = {k: v for k, v in options.items() if k not in ("label", "linestyle", "ls", "marker")}
        axis.plot(
            time[alone], values[alone], **options | {"marker": ".", "linestyle": "none", "color": line.get_color()}
        )
    return line


def log_scale(axis: "Axes") -> None:
    """Logarithmic vertical axis of lines already drawn. One that shows nothing positive has no ticks: it could not."""
    lines = [np.asarray(line.get_ydata(), float) for line in axis.get_lines()]
    if not any((values > 0).any() for values in lines):
        axis.set(ylim=(1, 10), yticks=[])
        return
    axis.set_yscale("log")


def log_ticks(axis: "Axes") -> None:
    """Ticks of a logarithmic vertical axis whose limits are set; less than two decades get labels between decades."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

    if axis.get_yscale() != "log":
        return
    low, high = axis.get_ylim()
    if high / low < 100:
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 20 else (1, 3)))
        axis.yaxis.set_major_formatter(LogFormatterSciNotation(minor_thresholds=(np.inf, np.inf)))
    axis.yaxis.set_minor_formatter(NullFormatter())


def plain_log_axis(axis: "Axes") -> None:
    """Logarithmic horizontal axis of ratios with plain numbers, few enough to be read: 0.5, 1, 2."""
    axis.set_xscale("log")
    low, high = axis.get_xlim()
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**power for power in range(-6, 7) for step in steps if low <= step * 10.0**power <= high]
        if len(ticks) <= 7:
            break
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    axis.set_xlim(low, high)


def legend_below(figure: "Figure", axes: "Iterable[Axes]") -> None:
    """One legend under the panels with every name that occurs in any of `axes`."""
    pairs = {label: handle for a in axes for handle, label in zip(*a.get_legend_handles_labels(), strict=True)}
    figure.legend(pairs.values(), pairs.keys(), loc="outside lower center", ncols=max(1, len(pairs)))


def zero_line(axis: "Axes", value: float = 0.0) -> None:
    axis.axhline(value, color="0.45", linewidth=0.5, zorder=1)


def time_axis(axis: "Axes", start: np.datetime64, end: np.datetime64, spacecraft: str | None = None) -> None:
    """UTC axis from start to end: hours on every major tick, the date below at the first tick and at midnights.

    A spacecraft's name says at whose clock, where times of another one are shifted to it.
    """
    from matplotlib.dates import date2num, num2date
    from matplotlib.ticker import FixedLocator, FuncFormatter

    start, end = np.datetime64(start, "ns"), np.datetime64(end, "ns")
    major, minor = tick_times(start, end)
    first = date2num(major[0]) if len(major) else None

    def text(position, _):
        moment = num2date(position + 1e-9)  # a tick is a whole hour; the nudge undoes rounding below it
        day = moment.strftime("%d %b").lstrip("0")
        if position == first:
            return f"{moment:%H:%M}\n{day} {moment:%Y}"
        return f"{moment:%H:%M}\n{day}" if moment.hour == 0 else f"{moment:%H:%M}"

    axis.xaxis.set_major_locator(FixedLocator(date2num(major)))
    axis.xaxis.set_minor_locator(FixedLocator(date2num(minor)))
    axis.xaxis.set_major_formatter(FuncFormatter(text))
    axis.set_xlim(start, end)
    axis.set_xlabel(f"Time at {display(spacecraft)} (UTC)" if spacecraft else "Time (UTC)", labelpad=1)


def tick_times(start: np.datetime64, end: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    """Major and minor ticks on whole hours (datetime64), at most 9 major ones; a short axis has ticks on minutes."""
    steps = np.array([m / 60 for m in (1, 2, 5, 10, 15, 30)] + list(TICK_HOURS))
    hours = (end - start) / HOURS
    step = next((s for s in steps if hours / s <= 8), hours / 8)
    major = _multiples(start, end, step)
    return major, np.setdiff1d(_multiples(start, end, step / (4 if step in (2, 12, 24, 48) else 3)), major)


def _multiples(start, end, hours: float) -> np.ndarray:
    step = round(hours * 3600e9)
    origin = np.datetime64(start, "D").astype("datetime64[ns]").astype(np.int64)
    first, last = (np.int64(t.astype(np.int64)) - origin for t in (start, end))
    return (origin + np.arange(-(-first // step), last // step + 1) * step).astype("datetime64[ns]")


# --- intervals ------------------------------------------------------------------------------------------------------


def kind(interval: str) -> str:
    """What an interval is, without its number: alfvenic_2 is alfvenic."""
    return re.sub(r"_\d+.*$", "", interval)


def interval_shade(name: str) -> str | None:
    """Background colour of an interval; None for those without: parts of the ejecta, discontinuities, what is quiet."""
    return SHADES.get(name) or FOUND.get(kind(name))


def shade_intervals(axes: "Iterable[Axes]", intervals: pd.DataFrame) -> None:
    """Colour each interval's background, divide the ejecta into its thirds, dash discontinuities."""
    for row in known(intervals).itertuples():
        colour = interval_shade(row.interval)
        for axis in axes:
            if colour:
                axis.axvspan(
                    row.start, row.end, facecolor=colour, edgecolor="none", zorder=0 if row.interval in SHADES else 0.5
                )
            elif row.interval in SHORT and row.interval != "ejecta_front":
                axis.axvline(row.start, color="0.5", linewidth=0.5, linestyle=(0, (1, 2)), zorder=0.8)
            elif kind(row.interval) == "discontinuity":
                axis.axvline(row.start, color="0.3", linewidth=0.5, linestyle=(0, (5, 3)), zorder=0.8)


STRIP_ROW = 0.16  # inches


def strip_rows(intervals: pd.DataFrame, thirds: bool = False) -> list[pd.DataFrame]:
    """Rows of named boxes from below: thirds of the ejecta if wanted, sheath and ejecta, what was found in them."""
    intervals = known(intervals)
    name = intervals["interval"]
    rows = [intervals[name.isin(list(SHORT))]] if thirds else []
    rows += [intervals[name.isin(list(SHADES))], intervals[name.map(kind).isin(list(FOUND))]]
    return [row for row in rows if len(row)]


def interval_strip(axis: "Axes", rows: list[pd.DataFrame]) -> None:
    """Named boxes over the panels. Where a name does not fit its number stands, or nothing."""
    axis.set_ylim(0, max(1, len(rows)))
    for height, row in enumerate(rows):
        for item in row.itertuples():
            _named_box(axis, item, height)
    axis.axis("off")


def _named_box(axis, item, height: int) -> None:
    from matplotlib.dates import date2num
    from matplotlib.patches import Rectangle

    low, high = axis.get_xlim()
    start, end = np.clip(date2num([item.start, item.end]), low, high)
    if end <= start:
        return
    face = interval_shade(item.interval) or SHADES["ejecta"]
    axis.add_patch(Rectangle((start, height), end - start, 0.94, facecolor=face, edgecolor="0.4", linewidth=0.5))
    room = (end - start) / (high - low) * axis.get_position().width * axis.figure.get_figwidth()
    name = SHORT.get(item.interval) or display(item.interval)
    number = re.search(r"\d+", name)
    shorter = name.split(" ", 1)[-1], number[0] if number else ""  # "1 at Wind", "1"
    fitting = [text for text in (name, *shorter) if len(text) * CHARACTER < room]
    if fitting:
        axis.text((start + end) / 2, height + 0.44, fitting[0], ha="center", va="center", gid="interval", fontsize=7)


def known(intervals: pd.DataFrame) -> pd.DataFrame:
    """Rows whose boundaries are both known."""
    return intervals[intervals["start"].notna() & intervals["end"].notna()]


def names_of_kind(names: Iterable[str], kinds: str) -> list[str]:
    """Those of the interval names that are of one kind, in their order, without repetition.

    What is "quiet" is the rest of the ejecta: without Alfvénic intervals it is the ejecta, and is left out.
    """
    names = list(dict.fromkeys(map(str, names)))
    if kinds == "quiet" and not any(kind(name) == "alfvenic" for name in names):
        return []
    return [name for name in names if kind(name) == kinds]


def view(
    intervals: pd.DataFrame, time: ArrayLike, start: Moment | None = None, end: Moment | None = None
) -> tuple[np.datetime64, np.datetime64]:
    """Limits of the time axis: those given, else all intervals and a sixth of their length on either side.

    The axis does not reach beyond the data.
    """
    intervals, time = known(intervals), np.asarray(time, dtype="datetime64[ns]")
    first, last = time[0], time[-1]
    if len(intervals):
        lower, upper = np.datetime64(intervals["start"].min(), "ns"), np.datetime64(intervals["end"].max(), "ns")
        margin = max((upper - lower) / 6, HOURS)
        first, last = max(first, lower - margin), min(last, upper + margin)
        if first >= last:  # the intervals lie outside the data: show them all the same, empty
            first, last = lower - margin, upper + margin
    return np.datetime64(start or first, "ns"), np.datetime64(end or last, "ns")


def fit_limits(panels: "Iterable[Axes]", start: np.datetime64, end: np.datetime64) -> None:
    """Vertical limits from what the series have between start and end, so that a zoomed figure fills its panels."""
    for panel in panels:
        visible = np.concatenate(
            [_visible(line, start, end) for line in panel.get_lines() if line.get_gid() == "series"]
        )
        if panel.get_yscale() == "log":
            visible = np.log10(visible[visible > 0])
        if visible.size:
            low, high = visible.min(), visible.max()
            pad = 0.06 * (high - low) or 0.5
            limits = np.array([low - pad, high + pad])
            panel.set_ylim(10**limits if panel.get_yscale() == "log" else limits)


def clear_edges(panels: "Iterable[Axes]") -> None:
    """Widen linear panels whose outermost tick sits on an edge, where its label would touch that of the next panel."""
    for panel in panels:
        low, high = panel.get_ylim()
        edge = 0.05 * (high - low)
        ticks = [tick for tick in panel.get_yticks() if low <= tick <= high]
        if panel.get_yscale() != "linear" or not ticks:
            continue
        on_floor = low == 0  # a panel that starts at zero keeps its zero on the edge
        panel.set_yticks(ticks)  # the ticks stay; a locator might put new ones on the new edges
        panel.set_ylim(low if on_floor else min(low, min(ticks) - edge), max(high, max(ticks) + edge))


def _visible(line, start, end) -> np.ndarray:
    time, values = np.asarray(line.get_xdata(orig=True), "datetime64[ns]"), np.asarray(line.get_ydata(orig=True), float)
    return values[(time >= start) & (time <= end) & np.isfinite(values)]
