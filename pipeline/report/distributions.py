"""Distributions over events: how well the spacecraft agree in each region, and how Alfvénic each region is."""

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.figures import style
from pipeline.report.answer import QUANTITIES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


REGIONS = ("sheath", "ejecta", "ejecta_front", "ejecta_middle", "ejecta_rear")
FEWEST_EVENTS = 3  # below, a distribution says nothing that the table does not
COLOURS = {"b_x": style.COMPONENT["x"], "b_y": style.COMPONENT["y"], "b_z": style.COMPONENT["z"], "b_mag": "#222222"}


def draw(correlation: pd.DataFrame, alfvenicity: pd.DataFrame) -> "Figure":
    """Every event as a dot and the median as a bar: r by region and quantity, sigma_c and sigma_r by region.

    n is the number of events with a value, for the quantity that has most.
    """
    with style.applied():
        figure = style.new_figure(style.DOUBLE, 5.2)
        top, below = figure.subplots(2, 1)
        _columns(top, correlation, "r", "quantity", COLOURS, {k: style.symbol_text(v) for k, v in QUANTITIES.items()})
        top.set_ylabel("r at the lag of the event")
        waves = alfvenicity.melt("interval", ["sigma_c", "sigma_r"], "quantity", "value")
        symbols = {"sigma_c": r"$\sigma_c$", "sigma_r": r"$\sigma_r$"}
        colours = dict(zip(symbols, (style.COMPONENT["x"], style.COMPONENT["y"]), strict=True))
        _columns(below, waves, "value", "quantity", colours, symbols)
        below.set_ylabel(r"$\sigma_c$, $\sigma_r$")
        style.letter_panels([top, below])
    return figure


def _columns(axis, frame, value, by, colours, names):
    regions = [r for r in REGIONS if (frame["interval"] == r).any()]
    width = 0.8 / len(colours)
    for place, region in enumerate(regions):
        for number, (key, colour) in enumerate(colours.items()):
            found = frame.loc[(frame["interval"] == region) & (frame[by] == key), value].dropna().to_numpy(float)
            middle = place + (number - (len(colours) - 1) / 2) * width
            spread = np.linspace(-0.25, 0.25, len(found)) * width if len(found) > 1 else np.zeros(len(found))
            axis.plot(middle + spread, np.sort(found), ".", color=colour, alpha=0.6, markersize=4, markeredgewidth=0)
            if len(found):
                axis.hlines(np.median(found), middle - 0.4 * width, middle + 0.4 * width, color=colour, linewidth=1.6)
    most = [frame[(frame["interval"] == r) & frame[value].notna()].groupby(by).size().max() for r in regions]
    labels = [f"{style.display(r)}\n(n = {0 if np.isnan(n) else n:.0f})" for r, n in zip(regions, most, strict=True)]
    axis.set_xticks(range(len(regions)), labels)
    axis.set_xlim(-0.6, max(len(regions), 1) - 0.4)
    least = frame.loc[frame["interval"].isin(regions) & frame[by].isin(list(colours)), value].min()
    axis.set_ylim(-1.05 if least < -0.45 else -0.55 if least < 0 else -0.05, 1.05)
    axis.locator_params(axis="y", nbins=5)
    style.zero_line(axis)
    style.name_series(axis, {names[key]: colour for key, colour in colours.items()})


def picture(events: pd.DataFrame) -> bytes:
    """PNG of the distributions over `events`; empty where they are too few to have any."""
    from pipeline.report import answer

    if len(events) < FEWEST_EVENTS:
        return b""
    r = [answer.correlation_rows(e, *pair, region) for e in events for pair in e.pairs[:1] for region in REGIONS]
    waves = [answer.alfvenicity_rows(e, e.spacecraft[0]) for e in events]
    frames = [pd.concat(found, ignore_index=True) if found else pd.DataFrame() for found in (r, waves)]
    if any(frame.empty for frame in frames):
        return b""
    buffer = io.BytesIO()
    with style.applied():
        draw(*frames).savefig(buffer, format="png")
    return buffer.getvalue()
