"""Plane of cross helicity and residual energy: a dot per time of the ejecta, intervals with their 95 % intervals.

All values lie within the unit circle; pure Alfvén waves lie at its ends left and right.
"""

from typing import TYPE_CHECKING

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


MARKS = {"sheath": "^", "ejecta": "o", "alfvenic": "D", "quiet": "s"}


def draw(results: "EventResults", which: str | None = None) -> "Figure":
    """One panel per spacecraft: of `which` (a spacecraft or a pair), or of all spacecraft."""
    names = tuple(which.split("-")) if which else results.spacecraft
    with style.applied():
        figure = style.new_figure(style.DOUBLE, 3.9)
        axes = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for axis, name in zip(axes, names, strict=True):
            _plane(axis, results, name)
        axes[0].set_ylabel(r"$\sigma_r$")
        style.letter_panels(axes)
        style.legend_below(figure, axes)
        band = _band(results, names[0])
        title = f"{results.event}: wavelets, {band}; dots: moments of the ejecta, marks: whole regions, 95 % intervals"
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5)
    return figure


def _plane(axis, results, name):
    waves = results.diagnostic("wavelet", name)
    rows = style.known(cut.of(results.intervals, name))
    _circle(axis)
    for kind in ("ejecta", "alfvenic"):
        _dots(axis, waves, rows, kind)
    for kind in MARKS:
        _values(axis, waves, kind)
    axis.set_title(style.display(name))
    axis.set_xlabel(r"$\sigma_c$, $z^+ = v + b$")


def _circle(axis):
    from matplotlib.patches import Circle

    axis.add_patch(Circle((0, 0), 1, facecolor="none", edgecolor="0.45", linewidth=0.6))
    axis.axhline(0, color="0.45", linewidth=0.5, zorder=1)
    axis.axvline(0, color="0.45", linewidth=0.5, zorder=1)
    ticks = [-1, -0.5, 0, 0.5, 1]
    axis.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xticks=ticks, yticks=ticks, aspect="equal")


def _dots(axis, waves, rows, kind):
    """Band values at every time inside the intervals of one kind."""
    time = waves["time"].values
    inside = np.zeros(time.size, bool)
    for row in rows[rows["interval"].isin(style.names_of_kind(rows["interval"], kind))].itertuples():
        inside |= cut.inside(time, row.start, row.end)
    sigma = [style.along(waves, key).values[inside] for key in ("sigma_c", "sigma_r")]
    axis.plot(*sigma, ".", color=style.REGION[kind], alpha=0.35, markersize=3, markeredgewidth=0, gid=f"dots {kind}")


def _values(axis, waves, kind):
    """Value and 95 % interval of each interval of one kind, by the first method."""
    part = waves.isel(method=0)
    names = style.names_of_kind(part["interval"].values, kind)
    if not names:
        return
    label = {"alfvenic": "Alfvénic", "quiet": "rest of ejecta"}.get(kind, kind)
    sigma = {key: part[key].sel(interval=names).values for key in ("sigma_c", "sigma_r")}
    error = [np.abs(part[f"{key}_ci"].sel(interval=names).values - sigma[key][:, None]).T for key in sigma]
    axis.errorbar(
        sigma["sigma_c"], sigma["sigma_r"], xerr=error[0], yerr=error[1], fmt=MARKS[kind], color=style.REGION[kind],
        label=label, markersize=4.5, markeredgecolor="white", markeredgewidth=0.5, elinewidth=0.9, zorder=5,
    )  # fmt: skip


def _band(results, name) -> str:
    waves = results.diagnostic("wavelet", name)
    low, _, high = str(waves["method"].values[0]).split(":")[-1].partition("-")
    return f"periods of {float(low) / 60:g} to {float(high) / 60:g} min"
