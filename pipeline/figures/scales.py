"""Both spacecraft overlaid, the second shifted by the lag, split by scale: slow field and Alfvénic band, with r."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.figures.pair import r_text
from pipeline.figures.sliding import alfvenic_of_second

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


SHOWN = ("large", "band")
WORDS = {"large": "slow", "band": "band"}
COMPONENTS = ("b_x", "b_y", "b_z")
LINE = 120  # characters that fit below the lines of a panel
UNBROKEN = "\N{NO-BREAK SPACE}"


def draw(
    results: "EventResults", which: str, start: style.Moment | None = None, end: style.Moment | None = None
) -> "Figure":
    """Slow part and band of the three components of the pair `which` ("first-second"), UTC at the first."""
    first, second = which.split("-")
    if "scales" not in results.pair_results(first, second):
        return style.empty_figure("No agreement by scale was computed")
    ds = results.pair("scales", first, second)
    rows = cut.of(results.intervals, first)
    others = alfvenic_of_second(results, first, second)
    start, end = style.view(rows, ds["time"], start, end)
    with style.applied():
        boxes = style.strip_rows(rows) + [others] * bool(len(others))
        figure, strip, panels, _ = style.stack(6, strip=style.STRIP_ROW * len(boxes), panel=0.95)
        shown = [(component, scale) for component in COMPONENTS for scale in SHOWN]
        for panel, (component, scale) in zip(panels, shown, strict=True):
            _overlay(panel, results, ds, (first, second), component, scale)
        style.time_axis(panels[-1], start, end, spacecraft=first)
        style.shade_intervals(panels, pd.concat([rows, others]))
        style.interval_strip(strip, boxes)
        style.fit_limits(panels, start, end)
        for panel in panels:
            _make_room(panel)
        style.clear_edges(panels)
        style.letter_panels(panels)
        style.name_series(panels[0], {style.display(n): style.spacecraft_colour(results, n) for n in (first, second)})
        low, high = (seconds / 60 for seconds in ds.attrs["band_s"])
        strip.set_title(f"{results.event}: band of {low:g} to {high:g} min, slow: longer; r per interval")
    return figure


def _overlay(panel, results, ds, names, component, scale):
    for name, key in zip(names, ("first_part", "second_part"), strict=True):
        values = ds[key].sel(scale=scale, field=component)
        style.draw_series(panel, ds["time"], values, color=style.spacecraft_colour(results, name), linewidth=0.8)
    panel.set_ylabel(f"{style.symbol_text(component.replace('b_', 'B_'))} {WORDS[scale]} (nT)", fontsize=7.5)
    style.zero_line(panel)
    panel.text(0.01, 0.03, correlations(ds, component, scale), transform=panel.transAxes, gid="r", **_look())


def _make_room(panel):
    """A margin below the lines for the text."""
    low, high = panel.get_ylim()
    rows = max(text.get_text().count("\n") + 1 for text in panel.texts if text.get_gid() == "r")
    panel.set_ylim(low - 0.28 * rows * (high - low), high)


def _look():
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    return {"ha": "left", "va": "bottom", "fontsize": 7, "bbox": box}


def correlations(ds: "xr.Dataset", component: str, scale: str) -> str:
    """r of the ejecta, of every Alfvénic interval and of the rest, to print."""
    r = ds["r"].sel(quantity=component, scale=scale)
    names = ds["interval"].values
    found = [name for kind in ("ejecta", "alfvenic", "quiet") for name in style.names_of_kind(names, kind)]
    known = [name for name in found if np.isfinite(r.sel(interval=name))]
    each = [f"{style.display(name)}: {r_text(float(r.sel(interval=name)))}" for name in known]
    return textwrap.fill(";  ".join(text.replace(" ", UNBROKEN) for text in each), LINE).replace(UNBROKEN, " ")
