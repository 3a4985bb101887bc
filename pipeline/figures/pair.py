"""Two spacecraft overlaid after the lag shift; r of sheath and thirds above the lines, of Alfvénic intervals below."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


QUANTITIES = ("b_mag", "b_x", "b_y", "b_z")
LAGS = (("measured (solid)", "lag_s", "-"), ("convective (dashed)", "convective_lag_s", "--"))  # words, variable, line
MEASURES = {
    "vector": ("vector", "#222222", "-"),
    "component_mean": ("mean", "#B8860B", ":"),
    "b_mag": ("|B|", "#7F7F7F", "--"),
    "b_x": ("B_x", style.COMPONENT["x"], "-"),
    "b_y": ("B_y", style.COMPONENT["y"], "-"),
    "b_z": ("B_z", style.COMPONENT["z"], "-"),
}


def draw(
    results: "EventResults", which: str, start: style.Moment | None = None, end: style.Moment | None = None
) -> "Figure":
    """Overlay of the pair `which` ("first-second"); `start` and `end` (UTC at the first) limit the time axis."""
    first, second = which.split("-")
    data = {name: results.uniform(name) for name in (first, second)}
    lag = results.pair("lag", first, second)
    rows = cut.of(results.intervals, first)
    start, end = style.view(rows, data[first]["time"], start, end)
    with style.applied():
        boxes = style.strip_rows(rows, thirds=True)
        figure, strip, panels, below = style.stack(4, strip=style.STRIP_ROW * len(boxes), panel=1.15, below=1.2)
        for quantity, panel in zip(QUANTITIES, panels, strict=True):
            _overlay(panel, results, data, quantity, lag_s=float(lag["lag_s"]))
        style.time_axis(panels[-1], start, end, spacecraft=first)
        style.shade_intervals(panels, rows)
        style.interval_strip(strip, boxes)
        style.fit_limits(panels, start, end)
        if "correlation" in results.pair_results(first, second):
            _print_correlations(panels, results.pair("correlation", first, second), rows, (start, end))
        style.clear_edges(panels)
        _correlation_against_lag(below, lag, first, second)
        style.letter_panels([*panels, below])
        style.name_series(panels[0], {style.display(n): style.spacecraft_colour(results, n) for n in data})
        strip.set_title(_title(results, data, first, second, float(lag["lag_s"])))
    return figure


def _overlay(panel, results, data, quantity, lag_s):
    """Both spacecraft on the first one's clock: what the second sees at t + lag is drawn at t."""
    if not np.isfinite(lag_s):
        lag_s = 0.0  # nothing to shift by; the title says that the lag is unknown
    for number, (name, ds) in enumerate(data.items()):
        values, text = _values(ds, quantity)
        shift = np.timedelta64(round(lag_s * 1e9) * number, "ns")
        style.draw_series(panel, ds["time"].values - shift, values, color=style.spacecraft_colour(results, name))
    panel.set_ylabel(text)
    if quantity != "b_mag":
        style.zero_line(panel)


def _values(ds, quantity):
    if quantity == "b_mag":
        return ds["b_mag"], style.label(ds["b_mag"])
    component = quantity[-1]
    return ds["b"].sel(component=component), style.label(ds["b"], style.component_symbol(ds["b"], component))


def _print_correlations(panels, correlation, rows, limits):
    """r of sheath and thirds at the top of their stretch, of Alfvénic intervals at its foot, of the ejecta beside."""
    found = set(correlation["interval"].values)
    below = any(style.kind(name) == "alfvenic" for name in found & set(rows["interval"]))
    for quantity, panel in zip(QUANTITIES, panels, strict=True):
        low, high = panel.get_ylim()
        room = 0.2 * (high - low)  # for the numbers, clear of the lines
        panel.set_ylim(low - room * below, high + room)
        for row in style.known(rows).itertuples():
            if row.interval not in found:
                continue
            text = r_text(float(correlation["r"].sel(interval=row.interval, quantity=quantity)))
            if row.interval == "ejecta":
                style.beside(panel, f"ejecta\n{text}", 0.3, gid="r ejecta")
            elif row.interval == "sheath" or row.interval in style.SHORT:
                _over_stretch(panel, row, text, limits, top=True)
            elif style.kind(row.interval) == "alfvenic":
                _over_stretch(panel, row, text, limits, top=False)


def r_text(r: float) -> str:
    """A correlation to print: two digits, or n/a where there is none."""
    return f"r = {r:.2f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(r) else "r: n/a"


def _over_stretch(panel, row, text, limits, top: bool):
    start, end = max(np.datetime64(row.start, "ns"), limits[0]), min(np.datetime64(row.end, "ns"), limits[1])
    if (end - start) / (limits[1] - limits[0]) > 0.09:  # narrower than its text: leave it to the table
        place = {"y": 0.97, "va": "top"} if top else {"y": 0.03, "va": "bottom"}
        look = {"ha": "center", "fontsize": 7.5, "gid": f"r {row.interval}"}
        panel.text(start + (end - start) / 2, s=text, transform=panel.get_xaxis_transform(), **place, **look)


def _correlation_against_lag(panel, lag, first, second):
    names = {}
    for measure in lag["measure"].values:
        text, colour, dashes = MEASURES.get(str(measure), (str(measure), "0.6", ":"))
        width = 1.4 if measure == "vector" else 0.8
        panel.plot(lag["lag"] / 60, lag["r"].sel(measure=measure), color=colour, linestyle=dashes, linewidth=width)
        names[style.symbol_text(text)] = colour
    style.zero_line(panel)
    style.name_series(panel, names)
    panel.set_xlim(float(lag["lag"].min()) / 60, float(lag["lag"].max()) / 60)
    _mark_lags(panel, lag)
    low = min(0.0, float(lag["r"].min()))
    panel.set_ylim(low - 0.05, 1.5)
    panel.set_yticks([tick for tick in (-1, -0.5, 0, 0.5, 1) if tick >= low - 0.05])
    panel.set_ylabel("r, ejecta")
    panel.set_xlabel(f"Lag of {style.display(second)} behind {style.display(first)} (min)", labelpad=1)


def _mark_lags(panel, lag):
    """Vertical lines at the measured and the predicted lag, named on a line of text each, beside all of the lines."""
    low, high = panel.get_xlim()
    known = [(text, float(lag[name]) / 60, dashes) for text, name, dashes in LAGS if np.isfinite(lag.get(name, np.nan))]
    for _, minutes, dashes in known:
        panel.axvline(minutes, color="0.2", linewidth=0.7, linestyle=dashes)
    for height, (text, minutes, _) in zip((0.97, 0.84), known, strict=False):
        words = f"{text} {minutes:.1f} min".replace("-", "\N{MINUS SIGN}")
        near = [m for _, m, _ in known if abs(m - minutes) < (high - low) / 4]
        at, offset, side = (min(near), -4, "right") if minutes > (low + high) / 2 else (max(near), 4, "left")
        look = {"fontsize": 7.5, "gid": "lag", "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.4}}
        place = {"xycoords": panel.get_xaxis_transform(), "textcoords": "offset points", "ha": side, "va": "top"}
        panel.annotate(words, (at, height), xytext=(offset, 0), **place, **look)


def _title(results, data, first, second, lag_s) -> str:
    frame = data[first]["b"].attrs["frame"]
    first, second = style.display(first), style.display(second)
    if not np.isfinite(lag_s):
        return f"{results.event}, {frame}: {second} not shifted onto {first}, the lag is unknown"
    shift = f"{-lag_s / 60:+.1f} min".replace("-", "\N{MINUS SIGN}")
    return f"{results.event}, {frame}: {second} shifted by {shift} onto {first}"
