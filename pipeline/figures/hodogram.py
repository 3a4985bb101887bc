"""Hodograms: the field in the three planes of its minimum variance frame, coloured by time, spacecraft side by side.

p of roughness and tortuosity: share of fields of the same spectra with random phases that are at least as complex; p of
disparity (0 for one shape, 1 for none in common): share of them that are at least as like the first spacecraft's.
"""

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.stats.surrogates import at_floor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


METRICS = ("roughness", "tortuosity")
PLANES = (("int", "max"), ("min", "max"), ("min", "int"))  # abscissa, ordinate


def draw(
    results: "EventResults",
    which: str | None = None,
    interval: str | None = None,
    start: style.Moment | None = None,
    end: style.Moment | None = None,
) -> "Figure":
    """Hodograms of the ejecta and of the longest Alfvénic interval, one row per spacecraft and interval.

    `which`: a spacecraft, a pair or None for all spacecraft. `interval` draws that one alone. `start` and `end` (UTC)
    cut out a part of it; the frame stays that of the whole interval.
    """
    names = tuple(which.split("-")) if which else results.spacecraft
    parts = [p for key in _intervals(results, names, interval) for p in _parts(results, names, key, start, end)]
    if not parts and interval:
        raise LookupError(f"{results.event}: {', '.join(names)}: no minimum variance frame of interval {interval!r}")
    with style.applied():
        if not parts:
            return style.empty_figure(f"{results.event}: no minimum variance frame of the ejecta could be found")
        figure = style.new_figure(style.DOUBLE, 0.35 + 2.06 * len(parts), layout="compressed")
        axes = figure.subplots(len(parts), len(PLANES), squeeze=False)
        for key in dict.fromkeys(part["interval"] for part in parts):
            group = [n for n, part in enumerate(parts) if part["interval"] == key]
            _rows(figure, [(axes[n], parts[n]) for n in group])
        style.letter_panels(axes.ravel())
        title = f"{results.event}: field in each spacecraft's minimum variance frame; circle: start, square: end"
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5)
    return figure


def _intervals(results, names, interval):
    """The interval asked for, else the ejecta and the longest Alfvénic interval, each found at any spacecraft."""
    if interval:
        return [interval]
    rows = style.known(results.intervals)
    rows = rows[rows["spacecraft"].isin(names) & rows["interval"].str.startswith("alfvenic_")]
    length = (rows["end"] - rows["start"]).groupby(rows["interval"]).max()
    return ["ejecta", *length.nlargest(1).index]


def _parts(results, names, interval, start, end):
    """What one row of panels shows, for every spacecraft that has this interval and its frame."""
    for name in names:
        rows = style.known(cut.of(results.intervals, name))
        rows = rows[rows["interval"] == interval]
        frame = results.diagnostic("hodogram", name)
        if rows.empty or interval not in frame["interval"]:
            continue
        frame = frame.sel(interval=interval)
        ds = results.uniform(name)
        row = rows.iloc[0]
        inside = cut.inside(ds["time"].values, start or row["start"], end or row["end"])
        if not np.isfinite(frame["e"]).all() or not inside.any():
            continue
        yield {
            "spacecraft": name,
            "interval": interval,
            "hours": (ds["time"].values[inside] - np.datetime64(row["start"], "ns")) / style.HOURS,
            "b": {str(a): ds["b"].values[inside] @ frame["e"].sel(axis=a).values for a in frame["axis"].values},
            "eigenvalue": {str(a): float(frame["eigenvalue"].sel(axis=a)) for a in frame["axis"].values},
            "units": ds["b"].attrs["units"],
            "metrics": _metrics(results, name, interval),
            "likeness": _likeness(results, name, names, interval),
        }


def _metrics(results, name, interval) -> str:
    """Lines of metrics of one hodogram, each with its p; may be empty."""
    if "complexity" not in results.diagnostics(name):
        return ""
    ds = results.diagnostic("complexity", name)
    lines = [_with_p(ds, interval, metric, "value", "surrogate_p", {"quantity": metric}) for metric in METRICS]
    return "\n".join(line for line in lines if line)


def _likeness(results, name, names, interval) -> str:
    """At the second of a pair the disparity of both hodograms with its p; else nothing."""
    if tuple(names) not in results.pairs or name != names[1] or "hodograms" not in results.pair_results(*names):
        return ""
    ds = results.pair("hodograms", *names)
    return _with_p(ds, interval, f"disparity to {style.display(names[0])}", "disparity", "disparity_p", {})


def _with_p(ds, interval, metric, value, p, place) -> str:
    """One number of an interval with its p, to print; nothing where it is missing."""
    if interval not in ds["interval"]:
        return ""
    row = ds.sel({"interval": interval} | place)
    number, chance = float(row[value]), float(row[p])
    tail = f" ({_chance(chance, ds)})" if np.isfinite(chance) else ""
    return f"{metric} {number:.3g}{tail}" if np.isfinite(number) else ""


def _chance(p, ds) -> str:
    """p, at most what so many surrogates can tell where none of them came near."""
    count = json.loads(ds.attrs.get("settings", "{}")).get("surrogates", np.inf)
    return f"p ≤ {p:.1g}" if at_floor(p, count) else f"p = {p:.2g}"


def _span(part) -> float:
    """Widest extent of the field along any axis, nT: all panels of an interval have it, so that shapes compare."""
    return 1.08 * max(float(np.nanmax(v) - np.nanmin(v)) for v in part["b"].values())


def _rows(figure, rows):
    """Rows of one interval, a spacecraft each: equal scales and one time scale, so that shapes compare."""
    from matplotlib.colors import Normalize

    span = max(_span(part) for _, part in rows)
    hours = Normalize(0, max(part["hours"][-1] for _, part in rows))
    for axes, part in rows:
        for axis, (across, up) in zip(axes, PLANES, strict=True):
            lines = _plane(axis, part, across, up, span, hours)
        axes[0].set_title(f"{style.display(part['spacecraft'])}, {style.display(part['interval'])}")
        ratios = _ratios(part["eigenvalue"])
        axes[1].set_title(f"{part['likeness']}\n{ratios}" if part["likeness"] else ratios, fontsize=7, linespacing=1.1)
        axes[2].set_title(part["metrics"], fontsize=7, linespacing=1.1)
    bar = figure.colorbar(lines, ax=[axis for axes, _ in rows for axis in axes], aspect=18 * len(rows), pad=0.02)
    bar.set_label(f"Hours since start of {style.display(rows[0][1]['interval'])}")


def _ratios(value) -> str:
    def text(upper, lower):
        return rf"$\lambda_\mathrm{{{upper}}}/\lambda_\mathrm{{{lower}}}$ = {value[upper] / value[lower]:.3g}"

    return f"{text('max', 'int')}, {text('int', 'min')}"


def _new_colours(shares: np.ndarray) -> np.ndarray:
    """Indices at which the colour of a line changes: a colour map has 256, and a line of one colour is drawn as one."""
    return np.flatnonzero(np.diff(np.floor(256 * shares), prepend=np.nan))


def _plane(axis, part, across, up, span, hours):
    from matplotlib.collections import LineCollection

    x, y = part["b"][across], part["b"][up]
    points = np.column_stack([x, y])
    starts = _new_colours(hours(part["hours"]))
    pieces = [points[a : b + 1] for a, b in pairwise([*starts, len(points)])]  # up to where the next begins
    lines = LineCollection(pieces, cmap=style.SEQUENTIAL, linewidth=0.7, array=part["hours"][starts], norm=hours)
    axis.add_collection(lines)
    valid = np.flatnonzero(np.isfinite(points).all(axis=1))
    for index, marker, text in ((valid[0], "o", "start"), (valid[-1], "s", "end")):
        axis.plot(
            x[index], y[index], marker, color="black", markerfacecolor="white", markersize=4.5, zorder=5, gid=text
        )
    for values, limit in ((x, axis.set_xlim), (y, axis.set_ylim)):
        middle = (np.nanmin(values) + np.nanmax(values)) / 2
        limit(middle - span / 2, middle + span / 2)
    style.zero_line(axis)
    axis.axvline(0, color="0.45", linewidth=0.5, zorder=1)
    axis.set_aspect("equal")
    axis.locator_params(nbins=5, steps=[1, 2, 5, 10])
    units = style.units_text(part["units"])
    axis.set_xlabel(rf"$B_\mathrm{{{across}}}$ ({units})", labelpad=1)
    axis.set_ylabel(rf"$B_\mathrm{{{up}}}$ ({units})", labelpad=1)
    return lines
