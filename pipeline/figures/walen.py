"""Walén relation: velocity against field in Alfvén units, about their means, with the least-squares slope of the table.

A wave along the field has slope -1, against it +1; the grey diagonals show both. r_HT is the correlation of the
electric field with that of the de Hoffmann-Teller frame.
"""

import json
from typing import TYPE_CHECKING

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.fluctuations import alfven_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


OPTIONS = ("density", "density_window_s", "alphas", "assumed_alpha_ratio", "anisotropy")


def draw(results: "EventResults", which: str | None = None, interval: str | None = None) -> "Figure":
    """A row per interval (the ejecta and each spacecraft's longest Alfvénic interval, or `interval`), a column per
    spacecraft: of `which` (a spacecraft or a pair), or of all spacecraft."""
    names = tuple(which.split("-")) if which else results.spacecraft
    rows = [dict.fromkeys(names, interval)] if interval else [dict.fromkeys(names, "ejecta"), _longest(results, names)]
    rows = [row for row in rows if any(row.values())]
    with style.applied():
        figure = style.new_figure(style.DOUBLE, 0.3 + 3.2 * len(rows), layout="compressed")
        axes = figure.subplots(len(rows), len(names), squeeze=False)
        for line, row in zip(axes, rows, strict=True):
            for axis, name in zip(line, names, strict=True):
                _panel(axis, results, name, row[name])
        style.letter_panels(axes.ravel())
        style.name_series(axes[0, -1], style.COMPONENT)
        title = f"{results.event}: Walén relation, GSE components; black: least squares, grey: slopes of a pure wave"
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5)
    return figure


def _longest(results, names) -> dict[str, str | None]:
    """Longest Alfvénic interval of each spacecraft."""
    rows = style.known(results.intervals)
    rows = rows[rows["interval"].str.startswith("alfvenic_")]
    found = {}
    for name in names:
        own = cut.of(rows, name)
        found[name] = None if own.empty else own["interval"][(own["end"] - own["start"]).argmax()]
    return found


def fluctuations(results: "EventResults", name: str, interval: str) -> tuple[np.ndarray, np.ndarray]:
    """v and b (time, component) in km s-1 about their means over an interval, made as the table's were."""
    ds = results.uniform(name)
    settings = json.loads(results.diagnostic("alfvenicity", name).attrs.get("settings", "{}"))
    v, b, _ = alfven_units(ds, **{key: settings[key] for key in OPTIONS if key in settings})
    inside = cut.mask(ds["time"].values, cut.of(results.intervals, name), interval)
    inside &= np.isfinite(v).all(axis=1) & np.isfinite(b).all(axis=1)
    v, b = v[inside], b[inside]
    return (v - v.mean(axis=0), b - b.mean(axis=0)) if inside.any() else (v, b)


def _panel(axis, results, name, interval):
    if interval is None:
        axis.axis("off")
        axis.text(0.5, 0.5, f"{style.display(name)}:\nno Alfvénic interval", ha="center", va="center", gid="nothing")
        return
    v, b = fluctuations(results, name, interval)
    reach = 1.05 * max(1.0, np.abs(v).max(initial=0), np.abs(b).max(initial=0))
    look = {"markersize": 3, "markeredgewidth": 0, "alpha": 0.6, "rasterized": True}  # a cloud: no dot's outline shows
    for number, colour in enumerate(style.COMPONENT.values()):
        axis.plot(b[:, number], v[:, number], ".", color=colour, gid="points", **look)
    for slope in (-1, 1):
        axis.axline((0, 0), slope=slope, color="0.6", linewidth=0.6, zorder=1)
    row = results.diagnostic("alfvenicity", name).isel(method=0).sel(interval=interval)
    if np.isfinite(row["walen_slope"]):
        axis.axline((0, 0), slope=float(row["walen_slope"]), color="black", linewidth=1.0, gid="slope")
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axis.set_xlabel(r"$b - \langle b \rangle$ (km s$^{-1}$)", labelpad=1)
    axis.set_ylabel(r"$v - \langle v \rangle$ (km s$^{-1}$)", labelpad=1)
    axis.set_title(f"{style.display(name)}, {style.display(interval)}: {_numbers(row)}", fontsize=7.5)


def _numbers(row) -> str:
    def text(name):
        value = float(row[name])
        return f"{value:.2f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else "n/a"

    return (
        rf"slope {text('walen_slope')}, r = {text('walen_correlation')}, $r_\mathrm{{HT}}$ = {text('ht_correlation')}"
    )
