"""Difference of r and ratio of misfits of each region against the rest of the ejecta, each with its interval.

p: of no difference of r at all periods, corrected for three components. Left of 0: agreement is lower in the region;
right of 1: the fields differ more there. Both are of windows of one length, each about its own mean.
"""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures import style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


QUANTITIES = {"b_x": "B_x", "b_y": "B_y", "b_z": "B_z", "b_mag": "|B|", "vector": "vector"}
SCALES = {"all": ("all periods", "o", "#222222"), "band": ("Alfvénic band", "s", "#B5483A")}
TOGETHER = "alfvenic"  # all Alfvénic intervals of either spacecraft
ROW = 0.19  # inches per line


def draw(results: "EventResults", which: str, quantities: tuple[str, ...] = tuple(QUANTITIES)) -> "Figure":
    """One line per region and quantity of the pair `which` ("first-second"), both scales beside each other."""
    first, second = which.split("-")
    if "contrast" not in results.pair_results(first, second):
        return style.empty_figure("No differences between regions were computed")
    ds = results.pair("contrast", first, second)
    regions = compared(ds)
    if not regions:
        return style.empty_figure("No region to compare with another")
    lines = [(region, quantity) for region in regions for quantity in quantities]
    place = _places(lines)
    with style.applied():
        figure = style.new_figure(style.DOUBLE, 1.3 + ROW * (max(place) + 1))
        axes = figure.subplots(1, 2, sharey=True)
        for scale in SCALES:
            _points(axes[0], ds, lines, place, scale, "delta_r")
            _points(axes[1], ds, lines, place, scale, "misfit_ratio")
        _print_p(axes[0], ds, lines, place)
        _finish(axes, ds, lines, place)
        style.letter_panels(axes)
        title = f"{results.event}: {style.display(first)} and {style.display(second)}"
        title += "; regions against the rest of the ejecta, bars: 95 % intervals, p: of no difference at all periods"
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5)
        style.legend_below(figure, axes[:1])
    return figure


def compared(ds: "xr.Dataset") -> list[str]:
    """Regions to draw; of several Alfvénic intervals, which overlap where both spacecraft saw them, all together."""
    names = [str(name) for name in ds["interval"].values] if "interval" in ds.dims else []
    return [name for name in names if not (TOGETHER in names and name.startswith(f"{TOGETHER}_"))]


def _places(lines) -> np.ndarray:
    """Height of each line from the top, with room for a heading above the lines of a region."""
    regions = list(dict.fromkeys(region for region, _ in lines))
    return np.array([number + 1.2 * (regions.index(region) + 1) for number, (region, _) in enumerate(lines)])


def _points(axis, ds, lines, place, scale, name):
    text, marker, colour = SCALES[scale]
    part = ds.sel(scale=scale)
    found = [part.sel(interval=region, quantity=quantity) for region, quantity in lines]
    value = np.array([float(row[name]) for row in found])
    low, high = np.array([row[f"{name}_ci"].values for row in found]).T
    y = place + (0.17 if scale == "band" else -0.17)
    axis.hlines(y, low, high, color=colour, linewidth=1)
    axis.plot(value, y, marker, color=colour, markersize=3, linestyle="none", label=text, gid=f"{name} {scale}")


def _print_p(axis, ds, lines, place):
    """p of no difference (all periods) at the right of its line; of components corrected for testing three."""
    for (region, quantity), y in zip(lines, place, strict=True):
        p = float(ds["delta_r_p_holm"].sel(interval=region, quantity=quantity, scale="all"))
        if np.isfinite(p):
            text = "p < 0.001" if p < 1e-3 else f"p = {p:.2g}"
            axis.text(1.01, y, text, transform=axis.get_yaxis_transform(), va="center", fontsize=7, gid="p")


def _finish(axes, ds, lines, place):
    left, right = axes
    left.axvline(0, color="0.45", linewidth=0.5, zorder=1)
    right.axvline(1, color="0.45", linewidth=0.5, zorder=1)
    left.set_xlabel(r"$\Delta r$, region minus rest")
    right.set_xlabel("misfit of region / misfit of rest")
    style.plain_log_axis(right)
    left.set_yticks(place, [style.symbol_text(QUANTITIES[quantity]) for _, quantity in lines])
    left.set_ylim(place[-1] + 0.7, place[0] - 1.7)
    for axis in axes:
        axis.tick_params(axis="y", length=0)
    for region in dict.fromkeys(region for region, _ in lines):
        y = min(y for (name, _), y in zip(lines, place, strict=True) if name == region) - 0.85
        name = "All Alfvénic intervals" if region == TOGETHER else _sentence_case(style.display(region))
        words = f"{name}, windows of {float(ds['window_h'].sel(interval=region)):.1f} h"
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        look = {"va": "center", "fontsize": 7.5, "weight": "bold", "bbox": box}
        left.text(0.01, y, words, transform=left.get_yaxis_transform(), **look)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
